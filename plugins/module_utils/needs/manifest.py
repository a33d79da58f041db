# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documents of a site said while it lived, kept for the day when it is gone. Pure.

A manifest (version 1) is a YAML or JSON document that holds no secret:

    version: 1
    written: "2031-05-04T03:00:00+00:00"
    entities:
      - kind: vm
        id: 3599b113-6b12-40e6-849f-e994f936648e
        name: web
        cluster_name: east-cl1
        disks: [...]
    searches:
      shop: [db, web]

An entity has the fields of `ovf.document.Document`; what is left out has its default, which says nothing. What searches
holds is what the search of each protection group of a recovery plan has found.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ..document import Node, dump
from ..ovf import document
from ..ovf.document import Document

VERSION = 1

_PAIR = "has to be a list of two texts"


@dataclasses.dataclass(frozen=True)
class Manifest:
    """A manifest: when it was written, the documents by the ids of their entities, and the VMs that searches found."""

    written: datetime | None
    documents: Mapping[str, Document]
    searches: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)


def write_manifest(
    documents: Iterable[Document], written: str, searches: Mapping[str, Sequence[str]] | None = None
) -> str:
    """Return the documents as the text of a manifest, in an order that does not change; written: UTC, as ISO text.

    searches: the names of the VMs that the searches of protection groups have found.
    """
    ordered = sorted(documents, key=lambda one: (one.kind, one.name, one.id))
    found = {"searches": {group: list(names) for group, names in searches.items()}} if searches else {}
    return dump({"version": VERSION, "written": written, "entities": [_plain(one) for one in ordered], **found})


def read_manifest(node: Node) -> Manifest:
    """Return what a manifest says; EngineError invalid names the place that is wrong."""
    found = node.keys("version", "written", "entities", "searches", required=("version", "entities"))
    found["version"].whole(VERSION, VERSION)
    documents: dict[str, Document] = {}
    for item in found["entities"].items():
        one = _read_object(item, Document)
        if one.id in documents:
            raise item.wrong(f"is a second entry for {one.id}")
        documents[one.id] = one
    searches = found["searches"].entries() if "searches" in found else {}
    written = _moment(found["written"]) if "written" in found else None
    return Manifest(written, documents, {group: names.texts() for group, names in searches.items()})


def _plain(value: Any) -> Any:
    """Return a value as plain data, without what has its default."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            one.name: _plain(getattr(value, one.name))
            for one in dataclasses.fields(value)
            if getattr(value, one.name) != one.default
        }
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _read_object(node: Node, wanted: type[Any]) -> Any:
    hints = typing.get_type_hints(wanted, vars(document))
    declared = dataclasses.fields(wanted)
    bare = [one.name for one in declared if one.default is dataclasses.MISSING]
    optional = {name: None for name in bare if typing.get_origin(hints[name]) is types.UnionType}
    required = tuple(name for name in bare if name not in optional)
    found = node.keys(*(one.name for one in declared), required=required)
    return wanted(**{**optional, **{name: _read(found[name], hints[name]) for name in found}})


def _read(node: Node, hint: Any) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType:
        return _read(node, arguments[0])
    if origin is typing.Literal:
        return node.choice(*arguments)
    if origin is tuple and arguments[-1] is not Ellipsis:
        return _read_pair(node)
    if origin is tuple:
        return tuple(_read(item, arguments[0]) for item in node.items())
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _read_object(node, hint)
    return _READERS[hint](node)


def _read_pair(node: Node) -> tuple[str, ...]:
    items = node.items()
    if len(items) != 2:
        raise node.wrong(_PAIR)
    return tuple(_text(item) for item in items)


def _text(node: Node) -> str:
    return node.value if isinstance(node.value, str) else node.text()


def _moment(node: Node) -> datetime:
    try:
        found = datetime.fromisoformat(node.text())
    except ValueError:
        raise node.wrong(f"has to be a time such as 2031-05-04T03:00:00+00:00, not {node.value!r}") from None
    if found.tzinfo is None:
        raise node.wrong("needs a time zone")
    return found


_READERS: Mapping[Any, Callable[[Node], Any]] = {bool: Node.flag, int: Node.whole, str: _text, datetime: _moment}
