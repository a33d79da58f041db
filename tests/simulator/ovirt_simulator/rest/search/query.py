# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out a search."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, select

from ...engine.runtime import Context
from ..wire import Request
from .fields import OBJECTS, Field, Link, Searchable
from .grammar import Condition, InvalidSearch, parse

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_BOOLEANS = {"true": True, "false": False}
_DATE_FORMS = ("%m/%d/%Y", "%m/%d/%y", "%b %d, %Y")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = 86400.0


def search(context: Context, name: str, request: Request) -> list[Any]:
    """Return the rows that a request for a collection asks for; none for a search that makes no sense."""
    searchable = OBJECTS[name]
    try:
        query = parse(request.parameter("search") or "", lambda text: _resolve(searchable, text) is not None)
        compiler = _Compiler(searchable, request.flag("case_sensitive"), context.now)
        where = [compiler.group(group) for group in query.groups]
    except InvalidSearch:
        return []
    statement = select(searchable.row)
    if searchable.scope is not None:
        statement = statement.where(searchable.scope)
    if where:
        statement = statement.where(or_(*where))
    if query.sort:
        resolved = _resolve(searchable, query.sort)
        assert resolved is not None
        by = resolved[1].expression
        statement = statement.order_by(by.desc() if query.descending else by)
    statement = statement.order_by(*searchable.order)
    limit = request.number("max")
    if limit is not None and limit >= 0:
        statement = statement.limit(limit).offset(((query.page or 1) - 1) * limit)
    return list(context.db.scalars(statement))


def _resolve(searchable: Searchable, name: str) -> tuple[Link | None, Field] | None:
    """Return a field, and the link that leads to it where it is another object's; None for an unknown one."""
    if name in searchable.fields:
        own = searchable.fields[name]
        return own.through, own
    other, dot, rest = name.partition(".")
    target = searchable.links.get(other) or searchable.links.get(other.removesuffix("s"))
    if target is None:
        return None
    linked, link = target
    if not dot:
        return link, Field(tuple(_texts(OBJECTS[linked])))
    found = OBJECTS[linked].fields.get(rest)
    return (link, found) if found is not None else None


def _texts(searchable: Searchable) -> list[Any]:
    fields = searchable.fields.values()
    return [field.expression for field in fields if field.kind == "text" and field.through is None]


class _Compiler:
    """Turns conditions into SQL."""

    def __init__(self, searchable: Searchable, case_sensitive: bool, now: float) -> None:
        self._searchable = searchable
        self._case_sensitive = case_sensitive
        self._now = now

    def group(self, conditions: tuple[Condition, ...]) -> ColumnElement[bool]:
        """Return what a row must meet that meets all conditions."""
        return and_(*(self._condition(condition) for condition in conditions))

    def _condition(self, condition: Condition) -> ColumnElement[bool]:
        if not condition.field:
            return self._contains(_texts(self._searchable), condition.value)
        resolved = _resolve(self._searchable, condition.field)
        assert resolved is not None, "the parser knows all fields"
        link, field = resolved
        if field.through is not None and condition.operator == "!=":
            return not_(self._condition(Condition(condition.field, "=", condition.value)))
        if isinstance(field.expression, tuple):
            assert link is not None
            return self._negated(condition, link(self._contains(field.expression, condition.value)))
        comparison = self._compared(field, condition)
        return link(comparison) if link is not None else comparison

    def _negated(self, condition: Condition, found: ColumnElement[bool]) -> ColumnElement[bool]:
        if condition.operator not in ("=", "!="):
            raise InvalidSearch(condition.operator)
        return found if condition.operator == "=" else not_(found)

    def _contains(self, expressions: Any, value: str) -> ColumnElement[bool]:
        return or_(false(), *(self._like(expression, f"*{value}*") for expression in expressions))

    def _compared(self, field: Field, condition: Condition) -> ColumnElement[bool]:
        if field.kind == "text" and condition.operator in ("=", "!="):
            matches = self._like(field.expression, condition.value)
            return matches if condition.operator == "=" else or_(not_(matches), field.expression.is_(None))
        compare = _COMPARE[condition.operator]
        if field.kind == "date":
            return self._on_day(field.expression, condition)
        value = _value(field, condition)
        result: ColumnElement[bool] = compare(field.expression, value)
        return or_(result, field.expression.is_(None)) if condition.operator == "!=" else result

    def _like(self, expression: Any, pattern: str) -> ColumnElement[bool]:
        if self._case_sensitive:
            escaped = re.sub(r"[\[?]", r"[\g<0>]", pattern)
            result: ColumnElement[bool] = expression.op("GLOB")(escaped)
            return result
        escaped = re.sub(r"[\\%_]", r"\\\g<0>", pattern).replace("*", "%")
        matches: ColumnElement[bool] = func.lower(expression).like(escaped.lower(), escape="\\")
        return matches

    def _on_day(self, expression: Any, condition: Condition) -> ColumnElement[bool]:
        start = _day(condition.value, self._now)
        if condition.operator == "=":
            return and_(expression >= start, expression < start + _DAY)
        if condition.operator == "!=":
            return or_(expression < start, expression >= start + _DAY, expression.is_(None))
        result: ColumnElement[bool] = _COMPARE[condition.operator](expression, start)
        return result


def _value(field: Field, condition: Condition) -> Any:
    text = condition.value.lower()
    if field.kind == "word":
        if text not in field.words or condition.operator not in ("=", "!="):
            raise InvalidSearch(text)
        return text
    if field.kind == "boolean":
        if text not in _BOOLEANS:
            raise InvalidSearch(text)
        return _BOOLEANS[text]
    if field.kind == "number":
        if not re.fullmatch(r"-?\d+", text):
            raise InvalidSearch(text)
        return int(text)
    return condition.value


def _day(text: str, now: float) -> float:
    """Return when a day begins that is written as an American date or as a word."""
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    word = text.lower()
    if word in ("today", "yesterday"):
        return (today - timedelta(days=word == "yesterday")).timestamp()
    if word in _DAYS:
        return (today - timedelta(days=(today.weekday() - _DAYS.index(word)) % 7)).timestamp()
    for form in _DATE_FORMS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    raise InvalidSearch(text)
