# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading single values of a document."""

from __future__ import annotations

from uuid import UUID
from xml.etree import ElementTree

from .codes import RASD, ZERO


class OvfError(Exception):
    """The engine could not read this document."""


def identifier(text: str | None, where: str) -> str:
    """Return an id in lower case; an empty one is the zero id, a missing or malformed one an error."""
    if text is None:
        raise OvfError(f"no id: {where}")
    try:
        return str(UUID(text)) if text else ZERO
    except ValueError as exc:
        raise OvfError(f"no UUID: {where}") from exc


def optional_id(text: str | None, where: str) -> str | None:
    """Return an id, None for a missing, empty or zero one."""
    id_ = identifier(text, where) if text else ZERO
    return None if id_ == ZERO else id_


def number(text: str | None, default: int) -> int:
    """Return an integer, the default for a missing or empty one."""
    if not text:
        return default
    try:
        return int(text)
    except ValueError as exc:
        raise OvfError(f"not a number: {text}") from exc


def truth(text: str | None, default: bool = False) -> bool:
    """Return a boolean: the word true in any case, or anything else."""
    return text.lower() == "true" if text else default


def rasd(item: ElementTree.Element, name: str) -> str | None:
    """Return the text of a hardware element, None if it is missing."""
    return item.findtext(f"{{{RASD}}}{name}")
