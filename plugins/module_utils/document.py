# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents that people write: YAML read without surprises, every value checked, every error naming its place."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

from .engine.errors import EngineError, LibraryMissing
from .engine.query import checked_uuid

try:
    import yaml
except ImportError as exc:
    _YAML_MISSING: ImportError | None = exc
else:
    _YAML_MISSING = None

_MERGE = "tag:yaml.org,2002:merge"
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")


def parse(text: str, name: str) -> Node:
    """Return the root of a YAML document; EngineError invalid names the line where it is none, or has a key twice.

    name: what errors call the document, a path for example.
    """
    if _YAML_MISSING is not None:
        raise LibraryMissing("PyYAML", str(_YAML_MISSING))
    try:
        return Node(yaml.load(text, Loader=_strict_loader()), "", name)
    except yaml.MarkedYAMLError as exc:
        line = f"line {exc.problem_mark.line + 1}" if exc.problem_mark else "somewhere"
        raise EngineError("invalid", f"{name}, {line}: {exc.problem}") from None
    except yaml.YAMLError as exc:
        raise EngineError("invalid", f"{name} is no YAML: {exc}") from None


def dump(value: Any) -> str:
    """Return plain data as YAML in block style, with the keys in their order."""
    if _YAML_MISSING is not None:
        raise LibraryMissing("PyYAML", str(_YAML_MISSING))
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=1000, default_flow_style=False)
    return text


def _strict_loader() -> type[Any]:
    """Return a safe loader that refuses a key that stands twice: the later one would win without a word."""

    class Strict(yaml.SafeLoader):
        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
            seen: set[Any] = set()
            for key_node, _value in node.value:
                if key_node.tag == _MERGE:
                    continue
                key = self.construct_object(key_node, deep=True)
                if not isinstance(key, Hashable) or key in seen:
                    problem = f"the key {key} stands twice" if isinstance(key, Hashable) else "this is no key"
                    raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
                seen.add(key)
            made: dict[Hashable, Any] = super().construct_mapping(node, deep)
            return made

    return Strict


@dataclass(frozen=True)
class Node:
    """A value and its place in a document; each reader raises EngineError invalid for a value of another kind."""

    value: Any
    path: str
    document: str

    def wrong(self, what: str, remedy: str | None = None) -> EngineError:
        """Return the error for this place; what continues the path ("has to be ...")."""
        return EngineError("invalid", f"{self.document}: {self.path or 'the document'} {what}", remedy=remedy)

    def keys(self, *known: str, required: tuple[str, ...] = ()) -> Fields:
        """Return the entries of a mapping with known keys."""
        entries = self.entries()
        for key, node in entries.items():
            if key not in known:
                raise node.wrong("is not known", f"known here are {', '.join(sorted(known))}")
        fields = Fields(self, entries)
        for key in required:
            if key not in fields:
                raise fields.missing(key)
        return fields

    def entries(self) -> dict[str, Node]:
        """Return the entries of a mapping with any text keys."""
        if not isinstance(self.value, dict):
            raise self.wrong(f"has to be a mapping, not {_kind(self.value)}")
        return {self._text_key(key): self._below(str(key), value) for key, value in self.value.items()}

    def items(self) -> list[Node]:
        """Return the items of a list."""
        if not isinstance(self.value, list):
            raise self.wrong(f"has to be a list, not {_kind(self.value)}")
        return [Node(value, f"{self.path}[{index}]", self.document) for index, value in enumerate(self.value)]

    def text(self) -> str:
        """Return a text that is not empty."""
        if not isinstance(self.value, str):
            raise self.wrong(f"has to be a text, not {_kind(self.value)}", "put it into quotes if it is one")
        if not self.value.strip():
            raise self.wrong("is empty")
        return self.value

    def texts(self) -> tuple[str, ...]:
        """Return a list of texts, none of them twice."""
        found: dict[str, None] = {}
        for item in self.items():
            value = item.text()
            if value in found:
                raise item.wrong(f"names {value} a second time")
            found[value] = None
        return tuple(found)

    def choice(self, *words: str) -> str:
        """Return one of some words."""
        if self.value not in words:
            raise self.wrong(f"has to be one of {', '.join(words)}, not {self.value!r}")
        return str(self.value)

    def flag(self) -> bool:
        """Return a boolean."""
        if not isinstance(self.value, bool):
            raise self.wrong(f"has to be true or false, not {_kind(self.value)}")
        return self.value

    def whole(self, least: int = 0, most: int | None = None) -> int:
        """Return a whole number within bounds."""
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self.wrong(f"has to be a whole number, not {_kind(self.value)}")
        if self.value < least or (most is not None and self.value > most):
            bounds = f"at least {least}" if most is None else f"from {least} to {most}"
            raise self.wrong(f"has to be {bounds}, not {self.value}")
        return self.value

    def uuid(self) -> str:
        """Return a UUID."""
        try:
            return checked_uuid(self.text(), "identifier")
        except EngineError:
            raise self.wrong(f"has to be a UUID, not {self.value!r}") from None

    def _text_key(self, key: object) -> str:
        if not isinstance(key, str):
            raise self._below(str(key), None).wrong("is no text", "put the key into quotes")
        return key

    def _below(self, key: str, value: Any) -> Node:
        shown = key if _PLAIN_KEY.match(key) else f'"{key}"'
        return Node(value, f"{self.path}.{shown}" if self.path else shown, self.document)


@dataclass(frozen=True)
class Fields:
    """The entries of a mapping whose keys are known; a key without a value counts as left out."""

    owner: Node
    entries: dict[str, Node]

    def __contains__(self, key: str) -> bool:
        return key in self.entries and self.entries[key].value is not None

    def __iter__(self) -> Iterator[str]:
        return (key for key in self.entries if key in self)

    def __getitem__(self, key: str) -> Node:
        if key not in self:
            raise self.missing(key)
        return self.entries[key]

    def get(self, key: str) -> Node | None:
        """Return an entry, None where it is left out."""
        return self.entries[key] if key in self else None

    def missing(self, key: str) -> EngineError:
        """Return the error for a key that is needed and left out."""
        return self.owner.wrong(f"lacks the key {key}")


def _kind(value: object) -> str:
    names = {
        dict: "a mapping",
        list: "a list",
        str: "a text",
        bool: "true or false",
        int: "a number",
        float: "a number",
    }
    return "nothing" if value is None else names.get(type(value), type(value).__name__)
