# SPDX-License-Identifier: GPL-3.0-or-later
"""The first, rough look at a document out of a store: enough to list it, not to register it."""

from __future__ import annotations

import html
from dataclasses import dataclass
from xml.etree import ElementTree

from .codes import OVF
from .values import OvfError

_EXTERNAL = "4"


@dataclass(frozen=True)
class Entity:
    """A VM or template as the table of unregistered entities knows it."""

    kind: str
    name: str
    disk_ids: frozenset[str]


def load(text: str) -> Entity | None:
    """Return what a document is about; None for an external VM, OvfError for what the loader skips."""
    try:
        root = ElementTree.fromstring(text.encode())
    except ElementTree.ParseError as exc:
        raise OvfError("not XML") from exc
    references = root.find("References")
    if references is None:
        raise OvfError("no References")
    hrefs = [file.get(f"{{{OVF}}}href") or "" for file in references.findall("File")]
    memories = [element.text or "" for element in root.iter("Memory")]
    if any(len(href) < 36 for href in hrefs) or any(memory.count(",") < 4 for memory in memories):
        raise OvfError("an incomplete reference to a disk")
    if root.findtext("Content/Origin") == _EXTERNAL:
        return None
    disks = {href.partition("/")[0] for href in hrefs}
    for memory in memories:
        disks.update(memory.split(",")[2:5:2])
    _unused, _unused, rest = text.partition("<Name>")
    name = rest.partition("</Name>")[0]
    return Entity("template" if "<TemplateType>" in text else "vm", html.unescape(name), frozenset(disks))
