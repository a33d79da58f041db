# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain values in the SDK's types."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from functools import cache, lru_cache
from typing import Any, TypeVar

Choice = TypeVar("Choice", bound=Enum)


def moment(seconds: float | None) -> datetime | None:
    """Return a time, to the millisecond."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(int(seconds * 1000) / 1000, UTC)


@cache
def _members(kind: type[Choice]) -> dict[str, Choice]:
    return {member.value: member for member in kind}


def choice(kind: type[Choice], text: str | None) -> Choice | None:
    """Return the member of an enum that has this text; a text that the API does not know is not shown."""
    return _members(kind).get(text) if text is not None else None


def made(kind: Any, **members: Any) -> Any:
    """Return an object of the SDK, as its slow constructor would that checks the type of each member."""
    shape = kind.__new__(kind)
    shape.__dict__.update(_blank(kind).__dict__)
    shape.__dict__.update({f"_{name}": value for name, value in members.items()})
    return shape


@lru_cache(maxsize=4096)
def reference(kind: Any, identifier: str) -> Any:
    """Return an object of the SDK that only has an id; it is shared."""
    return made(kind, id=identifier)


@cache
def _blank(kind: Any) -> Any:
    return kind()
