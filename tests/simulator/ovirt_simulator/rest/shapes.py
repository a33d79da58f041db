# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing many entities that look alike.

Two VMs mostly differ in texts and numbers. An entity's *shape* is what is left without those; its XML is written once,
with marks where texts and numbers go, and then only filled in.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Hashable
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

_MARK = re.compile(r"~(\d+)~")
_UNUSUAL = re.compile(r"[^ -}]|[&<>\"]")  # what XML writes in another way, and what marks begin with
_ENOUGH = 1000


class Shapes:
    """Remembers the XML of shapes; what writes an entity is given each time, with all that it depends on."""

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[list[str], list[int]]] = {}

    def write(self, item: Any, key: Hashable, write: Callable[[Any], str]) -> str:
        """Return the XML of an entity, as `write` would write it; the key names that way of writing."""
        texts: list[str] = []
        shape = (key, _shape(item, texts))
        if _UNUSUAL.search("".join(texts)):
            return write(item)
        found = self._known.get(shape)
        if found is None:
            if len(self._known) >= _ENOUGH:
                self._known.clear()
            stand_ins = _Marks()
            parts = _MARK.split(stand_ins.put_into(write(_marked(item, stand_ins))))
            found = self._known[shape] = (parts, [int(mark) for mark in parts[1::2]])
        parts, marks = list(found[0]), found[1]
        parts[1::2] = [texts[mark] for mark in marks]
        return "".join(parts)


def _shape(value: Any, texts: list[str]) -> Hashable:
    """Return what a value looks like without its texts and numbers, which are collected."""
    if isinstance(value, str):
        texts.append(value)
        return str
    if isinstance(value, bool | Enum):
        return value
    if isinstance(value, int):
        texts.append(str(value))
        return int
    if isinstance(value, datetime):
        texts.append(value.isoformat())
        return datetime
    if isinstance(value, list):
        return tuple([_shape(one, texts) for one in value])
    if isinstance(value, float):
        return (float, value)
    members = [(name, _shape(one, texts)) for name, one in vars(value).items() if one is not None]
    return (type(value), *members)


class _Marks:
    """Stand-ins for texts, numbers and times, and the marks that take their place in the XML.

    A number or a time stands in as a value that no entity has: writers accept nothing but plain ones.
    """

    _NUMBER = 7_700_000_000_000_000_000
    _TIME = datetime(7700, 1, 1, tzinfo=UTC)

    def __init__(self) -> None:
        self._count = 0
        self._written: list[tuple[str, str]] = []

    def text(self) -> str:
        """Return the next mark itself."""
        mark = f"~{self._count}~"
        self._count += 1
        return mark

    def number(self) -> int:
        """Return a number that stands for the next mark."""
        value = self._NUMBER + self._count
        self._written.append((str(value), self.text()))
        return value

    def time(self) -> datetime:
        """Return a time that stands for the next mark."""
        value = self._TIME + timedelta(seconds=self._count)
        self._written.append((value.isoformat(), self.text()))
        return value

    def put_into(self, xml: str) -> str:
        """Return the XML with marks in the places of all stand-ins."""
        for value, mark in self._written:
            xml = xml.replace(value, mark)
        return xml


def _marked(value: Any, marks: _Marks) -> Any:
    """Return a copy of a value with marks for its texts and numbers, in the order in which `_shape` collects them."""
    if isinstance(value, str):
        return marks.text()
    if value is None or isinstance(value, bool | Enum | float):
        return value
    if isinstance(value, int):
        return marks.number()
    if isinstance(value, datetime):
        return marks.time()
    marked = copy.copy(value)
    if isinstance(value, list):
        marked[:] = [_marked(one, marks) for one in value]
    else:
        vars(marked).update({name: _marked(one, marks) for name, one in vars(value).items()})
    return marked
