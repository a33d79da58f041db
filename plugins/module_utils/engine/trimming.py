# SPDX-License-Identifier: GPL-3.0-or-later
"""Leaving out of a long answer what nobody will ask for, before the SDK spends most of its time on it."""

from __future__ import annotations

from functools import cache
from typing import Any

try:
    # The same for what is done here, in half the time.
    from lxml import etree as ElementTree
except ImportError:
    from xml.etree import ElementTree  # type: ignore[no-redef]


def trimmed(document: bytes | str, only: tuple[str, ...]) -> bytes:
    """Return an XML list whose items have nothing left but the given elements.

    only: elements below an item, "status" or "disk_attachments.disk_attachment.active". One is kept with all that is in
    it, unless deeper ones of it are given. Attributes, and with them ids, always stay.
    """
    root = ElementTree.fromstring(document)
    wanted = _tree(only)
    for item in root:
        _prune(item, wanted)
    return bytes(ElementTree.tostring(root))


def _prune(element: Any, wanted: dict[str, Any]) -> None:
    element[:] = [child for child in element if child.tag in wanted]
    for child in element:
        if deeper := wanted[child.tag]:
            _prune(child, deeper)


@cache
def _tree(only: tuple[str, ...]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path in only:
        branch = tree
        for name in path.split("."):
            branch = branch.setdefault(name, {})
    return tree
