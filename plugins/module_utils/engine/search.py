# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator may write as a search: only what the engine reads in the way it is meant. Pure.

The engine never calls a search wrong. A field that it does not know becomes a text to look for, and what it cannot read
at all finds nothing (workloads contract 1.8). Both would leave VMs out of a backup in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn

from .errors import EngineError

_TOKEN = re.compile(r'\s*(?:(?P<operator>!=|<=|>=|=|<|>)|"(?P<quoted>[^"]*)"|(?P<word>[^\s"=!<>]+))')
_CONNECTORS = frozenset({"and", "or"})
_KEYWORDS = _CONNECTORS | {"sortby", "asc", "desc", "page"}
_EQUALITY = frozenset({"=", "!="})
_ORDER = _EQUALITY | {"<", ">", "<=", ">="}
_DATE = re.compile(r"\d{1,2}/\d{1,2}/(?:\d{4}|\d\d)|[A-Z][a-z]{2} \d{1,2}, \d{4}")
_DAYS = frozenset({"today", "yesterday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"})


@dataclass(frozen=True)
class _Kind:
    """What a field holds: the operators that it takes, which values it has, and how to describe them."""

    operators: frozenset[str]
    accepts: Callable[[str], bool]
    values: str


def _one_of(*words: str) -> _Kind:
    return _Kind(_EQUALITY, lambda text: text.lower() in words, f"one of {', '.join(words)}")


_TEXT = _Kind(_EQUALITY, bool, "a text")
_FLAG = _one_of("true", "false")
_DAY = _Kind(
    _ORDER,
    lambda text: _DATE.fullmatch(text) is not None or text.lower() in _DAYS,
    'a day as in "3/25/2026", "Mar 25, 2026", today or monday',
)
_NUMBER = _Kind(_ORDER, lambda text: re.fullmatch(r"\d+", text) is not None, "a whole number")
_VM_STATUS = _one_of(
    "up",
    "down",
    "imagelocked",
    "poweringup",
    "poweringdown",
    "suspended",
    "paused",
    "notresponding",
    "waitforlaunch",
    "savingstate",
    "restoringstate",
    "migrating",
    "unknown",
)
_DOMAIN = {
    "name": _TEXT,
    "description": _TEXT,
    "comment": _TEXT,
    "backup": _FLAG,
    "type": _one_of("nfs", "iscsi", "fcp", "localfs", "posixfs", "glusterfs"),
    "size": _NUMBER,
    "free_size": _NUMBER,
    "used_size": _NUMBER,
}
_HOST = {"name": _TEXT, "cluster": _TEXT, "datacenter": _TEXT, "address": _TEXT}


def _below(name: str, fields: Mapping[str, _Kind]) -> dict[str, _Kind]:
    return {f"{prefix}.{field}": kind for prefix in (name, f"{name}s") for field, kind in fields.items()}


FIELDS: Mapping[str, Mapping[str, _Kind]] = {
    "vms": {
        "name": _TEXT,
        "id": _TEXT,
        "status": _VM_STATUS,
        "host": _TEXT,
        "cluster": _TEXT,
        "datacenter": _TEXT,
        "description": _TEXT,
        "tag": _TEXT,
        "pool": _TEXT,
        "os": _TEXT,
        "quota": _TEXT,
        "creationdate": _DAY,
        "has_illegal_images": _FLAG,
        "next_run_config_exists": _FLAG,
        "template.name": _TEXT,
        **_below("storage", _DOMAIN),
        **_below("host", _HOST),
    },
    "templates": {
        "name": _TEXT,
        "status": _one_of("ok", "locked", "illegal"),
        "cluster": _TEXT,
        "datacenter": _TEXT,
        "creationdate": _DAY,
        **_below("storage", _DOMAIN),
    },
}


@dataclass(frozen=True)
class _Token:
    text: str
    operator: bool = False
    quoted: bool = False

    @property
    def keyword(self) -> str:
        """Return the keyword that it is, in lower case, else nothing."""
        word = self.text.lower()
        return word if word in _KEYWORDS and not self.quoted else ""


def checked_search(collection: str, text: str, option: str) -> str:
    """Return a search for `vms` or `templates` that the engine reads as it is written.

    EngineError invalid names what it would misread. option: where the text comes from, for the message.
    """
    _Reader(FIELDS[collection], text, f"{option}: {text!r}").read()
    return text.strip()


class _Reader:
    """Reads one search: conditions with `and`, `or` or nothing between them."""

    def __init__(self, fields: Mapping[str, _Kind], text: str, where: str) -> None:
        self._fields = fields
        self._where = where
        self._tokens = list(self._split(text))

    def read(self) -> None:
        """Take in everything; raise EngineError at the first thing that is not to be understood."""
        if not self._tokens:
            self._refuse("it is empty", f"give a condition, such as {next(iter(self._fields))}=<value>")
        self._condition()
        while self._tokens:
            if self._tokens[0].keyword in _CONNECTORS:
                word = self._tokens.pop(0).text
                if not self._tokens:
                    self._refuse(f"nothing follows {word}")
            self._condition()

    def _split(self, text: str) -> Iterator[_Token]:
        position, text = 0, text.rstrip()
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None:
                self._refuse("a double quote is not closed, or stands where none may be")
            value = found["quoted"] if found["quoted"] is not None else found["word"] or ""
            bad = sorted(set("';") & set(value) or set("()\\") & set(found["word"] or ""))
            if bad or not value.isprintable():
                told = f"the engine finds nothing where {bad[0]} stands" if bad else "it has a control character"
                self._refuse(told, "there are no parentheses in a search, and values are quoted with double quotes")
            yield _Token(found["operator"] or value, found["operator"] is not None, found["quoted"] is not None)
            position = found.end()

    def _condition(self) -> None:
        field = self._tokens.pop(0)
        if field.keyword:
            self._refuse(f"{field.text} cannot stand here", "give conditions only, each as <field>=<value>")
        if field.operator or field.quoted or not self._tokens or not self._tokens[0].operator:
            self._refuse(
                f"{field.text!r} is no condition, and the engine would look for it in all texts",
                "give each condition as <field>=<value>, and quote a value that has blanks",
            )
        operator = self._tokens.pop(0).text
        kind = self._fields.get(field.text.lower())
        if kind is None:
            self._refuse(
                f"{field.text} is no field, and the engine would look for that text instead",
                f"use one of {', '.join(self._fields)}",
            )
        if operator not in kind.operators:
            self._refuse(f"{field.text} cannot be compared by {operator}", f"use {' or '.join(sorted(kind.operators))}")
        if not self._tokens or self._tokens[0].operator or self._tokens[0].keyword:
            self._refuse(f"no value follows {field.text}{operator}", "quote a value that is a word of the language")
        value = self._tokens.pop(0).text
        if not kind.accepts(value):
            self._refuse(f"{value!r} is no value of {field.text}", f"it takes {kind.values}")

    def _refuse(self, why: str, remedy: str | None = None) -> NoReturn:
        raise EngineError("invalid", f"{self._where} cannot be used: {why}", remedy=remedy or "correct the search")
