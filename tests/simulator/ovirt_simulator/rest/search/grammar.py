# SPDX-License-Identifier: GPL-3.0-or-later
"""Search text to conditions.

There are no parentheses. `and` binds tighter than `or`; two conditions without either belong together. A condition
on a field that does not exist is no error: the token as it stands is then looked for in all text fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_TOKEN = re.compile(r'\s*(?:(!=|<=|>=|=|<|>)|"([^"]*)"|([^\s"=!<>]+))')
_FORBIDDEN = re.compile(r"['();]")
_OPERATORS = frozenset({"=", "!=", "<", ">", "<=", ">="})


class InvalidSearch(Exception):
    """The engine answers such a search with nothing."""


@dataclass(frozen=True)
class Condition:
    """A comparison; without a field it is a free text, without an operator as well."""

    field: str
    operator: str
    value: str


@dataclass(frozen=True)
class Query:
    """Conditions in groups, of which one must be met completely; how to sort; which page."""

    groups: tuple[tuple[Condition, ...], ...] = ()
    sort: str | None = None
    descending: bool = False
    page: int | None = None


@dataclass(frozen=True)
class _Token:
    text: str
    quoted: bool = False
    glued: bool = False  # no blank before it

    @property
    def word(self) -> str:
        return "" if self.quoted else self.text.lower()


def parse(text: str, known: Callable[[str], bool]) -> Query:
    """Return the query; known tells whether a (lower-case) field exists."""
    return _Parser(_tokens(text), known).query()


def _tokens(text: str) -> list[_Token]:
    tokens, position, text = [], 0, text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise InvalidSearch(text)
        operator, quoted, word = match.groups()
        if _FORBIDDEN.search(word or "") or "'" in (quoted or ""):
            raise InvalidSearch(text)
        glued = match.start() > 0 and not text[match.start()].isspace()
        tokens.append(_Token(operator or word or quoted or "", quoted is not None, glued))
        position = match.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[_Token], known: Callable[[str], bool]) -> None:
        self._tokens = tokens
        self._known = known
        self._position = 0

    def query(self) -> Query:
        """Read everything."""
        groups: list[list[Condition]] = [[]]
        while (word := self._peek().word) not in ("", "sortby", "page") or self._peek().quoted:
            if word in ("and", "or"):
                self._take()
                if not groups[-1]:
                    raise InvalidSearch(word)
                if word == "or":
                    groups.append([])
                if self._peek().word in ("", "and", "or") and not self._peek().quoted:
                    raise InvalidSearch(word)
                continue
            groups[-1].append(self._condition())
        if sum(not condition.field for group in groups for condition in group) > 1:
            raise InvalidSearch("a second free text")
        sort, descending = self._sort()
        page = self._page()
        if self._position < len(self._tokens):
            raise InvalidSearch(self._peek().text)
        return Query(tuple(tuple(group) for group in groups if group), sort, descending, page)

    def _peek(self, ahead: int = 0) -> _Token:
        position = self._position + ahead
        return self._tokens[position] if position < len(self._tokens) else _Token("")

    def _take(self) -> _Token:
        token = self._peek()
        self._position += 1
        return token

    def _condition(self) -> Condition:
        first = self._take()
        if first.text in _OPERATORS and not first.quoted:
            raise InvalidSearch(first.text)
        if first.quoted or self._peek().quoted or self._peek().text not in _OPERATORS:
            return Condition("", "=", first.text)
        glued = self._peek().glued and self._peek(1).glued
        operator, value = self._take().text, self._take()
        if value.text == "" and not value.quoted or value.text in _OPERATORS and not value.quoted:
            raise InvalidSearch(operator)
        if self._known(first.word):
            return Condition(first.word, operator, value.text)
        if not glued:
            raise InvalidSearch(first.text)
        quotes = '"' if value.quoted else ""
        return Condition("", "=", f"{first.text}{operator}{quotes}{value.text}{quotes}")

    def _sort(self) -> tuple[str | None, bool]:
        if self._peek().word != "sortby":
            return None, False
        self._take()
        field = self._take().word
        if not self._known(field):
            raise InvalidSearch(field)
        descending = self._peek().word == "desc"
        if self._peek().word in ("asc", "desc"):
            self._take()
        return field, descending

    def _page(self) -> int | None:
        if self._peek().word != "page":
            return None
        self._take()
        number = self._take().word
        if not number.isdigit() or int(number) < 1:
            raise InvalidSearch(number)
        return int(number)
