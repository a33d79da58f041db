# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes into the address of a request: paths, ids, search text."""

from __future__ import annotations

import uuid
from typing import TypeAlias
from urllib.parse import quote

from .errors import EngineError

QueryValue: TypeAlias = "str | int | bool | None"

# No quoting protects these inside a value, and the star would match more than was meant (workloads contract 1.8).
_INEXPRESSIBLE = frozenset("\"';*\\")


def search_equals(field: str, value: str) -> str:
    """Return the search text for objects whose field is value; conditions may be joined with " and ".

    The engine compares without regard to case, so the caller still has to compare exactly.
    Raises EngineError "invalid" for a value that the search language cannot express (it would find nothing, silently).
    """
    if not value or not value.isprintable() or _INEXPRESSIBLE & set(value):
        raise EngineError("invalid", f"the engine cannot search for the {field} {value!r}", remedy="use the id instead")
    return f'{field}="{value}"'


def is_uuid(value: str) -> bool:
    """Return whether a text is an id as the engine writes them, and so no name."""
    try:
        return str(uuid.UUID(value)) == value.lower()
    except ValueError:
        return False


def checked_uuid(value: str, what: str) -> str:
    """Return value as the engine writes ids (lower case); raise EngineError "invalid" if it is no UUID.

    what: whose id it is, such as "storage domain".
    """
    if not is_uuid(value):
        remedy = "give the id as the engine shows it"
        raise EngineError("invalid", f"{value!r} is not the id of a {what}: it is not a UUID", remedy=remedy)
    return value.lower()


def clean_path(path: str) -> str:
    """Return the path of a resource below the API as it goes on the wire, "" for the API itself."""
    segments = path.strip("/").split("/")
    if segments == [""]:
        return ""
    if not set(segments).isdisjoint({"", ".", ".."}):
        raise ValueError(f"{path!r} has a segment that is empty or dots")
    return "/" + "/".join(quote(segment, safe="") for segment in segments)


def wire_query(query: dict[str, QueryValue]) -> dict[str, str]:
    """Return query parameters as text: true and false for booleans; None is left out."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in query.items()
        if value is not None
    }
