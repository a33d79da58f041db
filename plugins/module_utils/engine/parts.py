# SPDX-License-Identifier: GPL-3.0-or-later
"""Long lists, read only as far as somebody asks: of ten thousand VMs the SDK would make everything they have."""

from __future__ import annotations

from typing import Any

try:
    # The same for what is done here, in half the time.
    from lxml import etree as ElementTree
except ImportError:
    from xml.etree import ElementTree  # type: ignore[no-redef]


class Part:
    """An object in an answer; names are those of the elements in the API, None stands for what is not there."""

    __slots__ = ("_element",)

    def __init__(self, element: Any) -> None:
        self._element = element

    @property
    def id(self) -> str:
        """Return its identifier."""
        return str(self._element.attrib["id"])

    def text(self, name: str) -> str | None:
        """Return a text, an enum, or whatever else as text; None for an empty one, too."""
        return self._element.findtext(name) or None

    def flag(self, name: str) -> bool:
        """Return a boolean, False where it is not there."""
        return bool(self._element.findtext(name) == "true")

    def number(self, name: str) -> int | None:
        """Return a whole number."""
        text = self._element.findtext(name)
        return int(text) if text else None

    def part(self, name: str) -> Part | None:
        """Return an object in it."""
        found = self._element.find(name)
        return None if found is None else Part(found)

    def reference(self, name: str) -> str | None:
        """Return the identifier of an object that it refers to."""
        found = self.part(name)
        return found.id if found and "id" in found._element.attrib else None

    def parts(self, name: str) -> list[Part]:
        """Return the objects of a list in it; a list that was not followed has none."""
        found = self._element.find(name)
        return [] if found is None else [Part(item) for item in found]


def parts_of(document: bytes | str) -> list[Part] | None:
    """Return the objects of a list; None for a document that is no list but a fault. SyntaxError if it is no XML."""
    root = ElementTree.fromstring(document)
    return None if root.tag in ("fault", "action") else [Part(item) for item in root]
