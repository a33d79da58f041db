# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading request bodies: the SDK's readers, made as strict as the engine's.

The SDK's readers skip what they do not know and turn an unknown enum text into nothing. The engine refuses both, so a
body is first held against the elements that its reader knows; those are taken from the reader itself.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, TypeVar

from lxml import etree
from ovirtsdk4 import readers, types
from ovirtsdk4.reader import Reader

from .errors import Fault, invalid_value, syntactically_incorrect

Body = TypeVar("Body")

_BRANCH = re.compile(r"tag == '(\w+)':\s+obj\.\w+ = (\w+)\.(\w+)\((?:types\.(\w+), )?reader\)")
_EVERYWHERE = frozenset({"link", "actions"})  # a client may send back what it got
# The engine's own published example of a discovery has these; there they do no harm, and where they stand in for
# the list of targets that list is missing.
_IGNORED = {("action", "iscsi_target")}
# Elements that older releases do not know, by the first one that does.
_SINCE = {
    ("action", "discard_snapshots"): "4.4",
    ("action", "use_ignition"): "4.4",
    ("action", "use_initialization"): "4.4",
    ("vm", "cpu_pinning_policy"): "4.5",
    ("vm", "tpm_enabled"): "4.4",
    ("vm", "virtio_scsi_multi_queues_enabled"): "4.4",
}
_SCALARS = {
    "read_boolean": (Reader.parse_boolean, "boolean"),
    "read_integer": (Reader.parse_integer, "integer"),
    "read_decimal": (Reader.parse_decimal, "decimal"),
    "read_date": (Reader.parse_date, "date"),
}


@dataclass(frozen=True)
class Member:
    """How a reader reads one child element: with which reader's method, into which enum."""

    reader: str
    method: str
    enum: str


@cache
def members(reader: str) -> dict[str, Member]:
    """Return what the SDK's reader of that name reads, by tag."""
    source = inspect.getsource(getattr(readers, reader).read_one)
    return {tag: Member(*how) for tag, *how in _BRANCH.findall(source)}


def read_body(data: bytes, expected: type[Body], usage: str, version: str = "4.5") -> Body:
    """Return the body as the expected type of the SDK, as an engine of that version reads it.

    usage: the address that a refusal points to.
    """
    result: Any = Reader.read(_sound(data, expected.__name__, usage, version))
    assert isinstance(result, expected)
    return result


@lru_cache(maxsize=64)
def _sound(data: bytes, expected: str, usage: str, version: str) -> bytes:
    """Return a body that the SDK's reader can be trusted with, or refuse it; many requests have the same one."""
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, remove_comments=True, remove_pis=True))
    except etree.XMLSyntaxError as exc:
        raise syntactically_incorrect(usage) from exc
    if root.tag != _tag(expected) or b"<!DOCTYPE" in data:
        raise syntactically_incorrect(usage)
    _check(root, f"{expected}Reader", _Reading(syntactically_incorrect(usage), version))
    text: bytes = etree.tostring(root)
    return text


def _tag(expected: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", expected).lower()


@dataclass(frozen=True)
class _Reading:
    refusal: Fault
    version: str

    def knows(self, parent: str, tag: str) -> bool:
        return _SINCE.get((parent, tag), self.version) <= self.version


def _check(element: etree._Element, reader: str, reading: _Reading) -> None:
    known = members(reader)
    for child in element:
        if child.tag in _EVERYWHERE or (element.tag, child.tag) in _IGNORED:
            continue
        member = known.get(child.tag)
        if member is None or not reading.knows(str(element.tag), str(child.tag)):
            raise reading.refusal
        if member.reader == "Reader":
            _check_text(child, member)
        elif member.method == "read_one":
            _check(child, member.reader, reading)
        else:
            for item in child:
                _check(item, member.reader, reading)


def _check_text(element: etree._Element, member: Member) -> None:
    text = element.text
    if member.method == "read_enum":
        if text is not None and Reader.parse_enum(getattr(types, member.enum), text) is None:
            raise invalid_value(text, "enum")
    elif member.method in _SCALARS:
        parse, kind = _SCALARS[member.method]
        try:
            parse(text)
        except ValueError as exc:
            raise invalid_value(text, kind) from exc
