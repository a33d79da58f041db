# SPDX-License-Identifier: GPL-3.0-or-later
"""From untrusted text to elements, and from their texts to values; whatever is wrong is an OvfError."""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from ..engine.errors import LibraryMissing

try:
    from lxml import etree
except ImportError:
    etree = None  # type: ignore[assignment]
    IMPORT_TRACE: str | None = traceback.format_exc()
else:
    IMPORT_TRACE = None
    # Without huge_tree it refuses elements nested deeper than 256. Threads may share it: it is locked while it works.
    _PARSER = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )

OVF = "{http://schemas.dmtf.org/ovf/envelope/1/}"
RASD = "{http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData}"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"

# A VM with 30 disks and 30 snapshots stays below both; every tag and attribute costs far more memory than its text.
MOST_BYTES = 32 << 20
MOST_NODES = 500_000
# Of one tag: older releases of libxml2 compare each attribute with all before it.
MOST_ATTRIBUTES = 1000
_SHORT = 20_000

# Nothing but the XML declaration before the root element, so that nothing can be declared there.
_PLAIN_BEGIN = re.compile(rb"(?:<\?xml [^<>]*\?>\s*)?<\w")
_MOST_DIGITS = 18
_ZERO = "00000000-0000-0000-0000-000000000000"
_is_uuid = re.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}").fullmatch
_DATE = re.compile("[0-9]{4}([/.])[0-9]{2}\\1[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_Word = TypeVar("_Word")


class OvfError(Exception):
    """This is no OVF document of oVirt, or a damaged one. str() is one sentence without a full stop."""


def parse(document: bytes | str) -> Any:
    """Return the root element of a document.

    No entity is ever expanded and nothing is fetched: a document with a type declaration is refused before it is
    parsed, and it is read as UTF-8 whatever its declaration says, so that the declaration cannot hide there.
    """
    if IMPORT_TRACE is not None:
        raise LibraryMissing("lxml", IMPORT_TRACE)
    data = document.encode("utf-8", "surrogatepass") if isinstance(document, str) else document
    if len(data) > MOST_BYTES or _is_overgrown(data):
        raise OvfError(f"it is too big ({len(data)} bytes)")
    if not _PLAIN_BEGIN.match(data) and b"<!DOCTYPE" in data:
        raise OvfError("it has a document type declaration, which no OVF document of oVirt has")
    try:
        return etree.fromstring(data, _PARSER)
    except etree.XMLSyntaxError as exc:
        raise OvfError(f"it is not well-formed XML: {exc.msg}") from exc


def _is_overgrown(data: bytes) -> bool:
    """Return whether there are too many tags and attributes, about counted; a short document is let through."""
    if len(data) < _SHORT:
        return False
    many = data.count(b"<") + data.count(b"=") > MOST_NODES
    return many or any(tag.count(b"=") > MOST_ATTRIBUTES for tag in data.split(b"<"))


def texts(element: Any) -> dict[str, str]:
    """Return the texts of an element's children by their names; of several with one name the first counts."""
    return {child.tag: child.text or "" for child in reversed(element)}


def identifier(text: str | None, where: str) -> str:
    """Return an id; an empty one is the zero id, a missing or malformed one an error."""
    if text is None:
        raise OvfError(f"{where} has no id")
    if not text:
        return _ZERO
    if not _is_uuid(text):
        raise OvfError(f"the id of {where} is no UUID: {_shown(text)}")
    return text.lower()


def optional_id(text: str | None, where: str) -> str | None:
    """Return an id, None for a missing, empty or zero one."""
    if not text or text == _ZERO:
        return None
    if not _is_uuid(text):
        raise OvfError(f"the id of {where} is no UUID: {_shown(text)}")
    return text.lower()


def number(text: str | None, default: int, where: str) -> int:
    """Return an integer, the default for a missing or empty one."""
    if not text:
        return default
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS):
        raise OvfError(f"{where} is no number: {_shown(text)}")
    return int(text)


def truth(text: str | None, default: bool = False) -> bool:
    """Return a boolean: the word true in any case, or anything else."""
    return default if text is None else text == "true" or text.lower() == "true"


def known(words: Mapping[str, _Word], text: str | None, default: _Word, where: str) -> _Word:
    """Return the meaning of a word; words are case-sensitive, and an unknown one is an error."""
    if not text:
        return default
    if text not in words:
        raise OvfError(f"{where} is unknown: {_shown(text)}")
    return words[text]


def moment(text: str | None) -> datetime | None:
    """Return a time; None for an unreadable one, which the engine takes for missing, too."""
    if not text or not _DATE.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.replace(text[4], "-", 2)).replace(tzinfo=UTC)
    except ValueError:
        return None


def properties(text: str | None, where: str | None) -> tuple[tuple[str, str], ...]:
    """Return `key=value;key=value` as pairs; a part without value is an error, or is left out if where is None."""
    if not text:
        return ()
    pairs = [part.partition("=") for part in text.split(";") if part]
    if where is not None and not all(sign for _key, sign, _value in pairs):
        raise OvfError(f"{where} hold one without a value")
    return tuple((key, value) for key, sign, value in pairs if sign)


def _shown(text: str) -> str:
    return repr(text[:40])
