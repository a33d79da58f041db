# SPDX-License-Identifier: GPL-3.0-or-later
"""Engine objects as plain data, and back: the border that no SDK type crosses."""

from __future__ import annotations

import enum
import io
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from .sdk import ovirtsdk4, readers, types, xml


class Record:
    """A read-only view of one engine object; attributes have the names of the API (storage_domain.data_centers).

    A value is text, bool, int, float, datetime, Record, or a tuple of these; None where the engine sent nothing. An
    enum is its text in the API. A list that the engine only linked to, because the request did not follow it, is None
    too: "not read" must not look like "empty". An attribute that the type does not have is an AttributeError.
    Python keywords have an underscore at the end (import_). Values are converted when they are asked for.
    """

    __slots__ = ("_struct",)

    def __init__(self, struct: Any) -> None:
        self._struct = struct

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return _plain(getattr(self._struct, name))

    def at(self, *names: str) -> Any:
        """Return the value below: at("storage", "volume_group", "id"); None as soon as one on the way is None."""
        value: Any = self
        for name in names:
            if value is None:
                return None
            value = getattr(value, name)
        return value

    def __repr__(self) -> str:
        shown = [f"{name}={getattr(self._struct, f'_{name}', None)!r}" for name in ("id", "name")]
        return f"<Record {type(self._struct).__name__} {' '.join(shown)}>"


def _plain(value: Any) -> Any:
    if isinstance(value, ovirtsdk4.Struct):
        return Record(value)
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, list):
        if not value and getattr(value, "href", None) is not None:
            return None
        return tuple(_plain(item) for item in value)
    return value


def records(structs: list[Any]) -> list[Record]:
    """Return the answer to a list request as Records."""
    return [Record(struct) for struct in structs]


def to_struct(kind: str, values: Mapping[str, Any]) -> Any:
    """Return the SDK object of a kind ("storage_domain", "action") with the given values, ready to be written.

    values: names of the API; nested mappings for objects, lists for lists, text for enums; None is left out, an empty
    list is sent. A name that the kind does not have, or a value of another type, is a bug of the caller: TypeError.
    """
    type_name = "".join(word.capitalize() for word in kind.split("_"))
    struct = getattr(types, type_name, None)
    if not (isinstance(struct, type) and issubclass(struct, ovirtsdk4.Struct)):
        raise TypeError(f"the API has no type {kind!r}")
    return _build(struct, values, kind)


def _build(struct: type, values: Mapping[str, Any], where: str) -> Any:
    built = struct()
    for key, value in values.items():
        name = key if hasattr(struct, key) else f"{key}_"
        if not isinstance(getattr(struct, name, None), property):
            raise TypeError(f"{where} has no attribute {key!r}")
        if value is not None:
            setattr(built, name, _converted(*_attribute_type(struct, name), value, f"{where}.{key}"))
    return built


def _converted(expected: type | None, many: bool, value: Any, where: str) -> Any:
    if expected is None:
        raise TypeError(f"{where} cannot be sent")
    if many:
        if not isinstance(value, (list, tuple)):
            raise TypeError(f"{where} has to be a list, not {value!r}")
        return [_converted(expected, False, item, f"{where}[{index}]") for index, item in enumerate(value)]
    if issubclass(expected, ovirtsdk4.Struct):
        if not isinstance(value, Mapping):
            raise TypeError(f"{where} has to be a mapping, not {type(value).__name__}")
        return _build(expected, value, where)
    if issubclass(expected, enum.Enum):
        known = [member.value for member in expected]
        if value not in known:
            raise TypeError(f"{where} has to be one of {', '.join(known)}, not {value!r}")
        return expected(value)
    # bool is an int to isinstance, but not to the engine.
    whole = isinstance(value, int) and not isinstance(value, bool)
    if expected is float and whole:
        return float(value)
    if not isinstance(value, expected) or (expected is int and not whole):
        raise TypeError(f"{where} has to be of type {expected.__name__}, not {type(value).__name__}")
    return value


@cache
def _attribute_type(struct: type, name: str) -> tuple[type | None, bool]:
    """Return the type of an attribute, or of its items, and whether it is a list; None where the SDK does not tell.

    The SDK has no description of its types. A setter of an object or an enum checks against the type, so its code
    names it; of everything else the reader knows the type, and tells it by what it makes of a tiny document.
    """
    if name in ("id", "href"):
        return str, False
    setter = getattr(struct, name).fset
    for used in setter.__code__.co_names:
        found = setter.__globals__.get(used)
        if isinstance(found, type) and found is not ovirtsdk4.Struct:
            return found, False
    try:
        value = _read_probe(struct, name)
    except ValueError:
        # Everything but a date can be read from the text of the probe.
        return datetime, False
    many = isinstance(value, list)
    sample = value[0] if many else value
    return (None if sample is None else type(sample)), many


def _read_probe(struct: type, name: str) -> Any:
    """Read an attribute whose element holds an element that holds "1": an item of a list, or else simply the text."""
    tag = name.rstrip("_")
    reader = getattr(readers, f"{struct.__name__}Reader")
    cursor = xml.XmlReader(io.BytesIO(f"<probe><{tag}><item>1</item></{tag}></probe>".encode()))
    try:
        return getattr(reader.read_one(cursor), name)
    finally:
        cursor.close()
