# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests and answers, between HTTP and handlers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote

API = "/ovirt-engine/api"

_TRUE = frozenset({"", "t", "true", "y", "yes", "1"})  # given without a value counts as true
_FALSE = frozenset({"f", "false", "n", "no", "0"})
_HEADER_PARAMETERS = {"filter": "filter", "all_content": "all-content"}


@dataclass(frozen=True)
class Request:
    """An HTTP request; `headers` has lower-case names."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""
    correlation_id: str = ""

    @cached_property
    def prefix(self) -> str:
        """Return what hrefs begin with: the version is in it when the request had it there."""
        version = re.match(rf"{API}/v\d+(?=/|$)", self.path)
        return version[0] if version else API

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """Return the parts of the path below the API's root, without matrix parameters."""
        parts = self.path[len(self.prefix) :].split("/")
        return tuple(unquote(part.partition(";")[0]) for part in parts if part)

    @property
    def below(self) -> str:
        """Return the path below the API's root as hrefs write it."""
        return "".join(f"/{segment}" for segment in self.segments)

    @cached_property
    def parameters(self) -> dict[str, str]:
        """Return the parameters of the query and of the last path segment; the query's win."""
        _unused, *matrix = self.path.rpartition("/")[2].split(";")
        pairs = [part.partition("=") for part in matrix]
        found = {unquote(name): unquote(value) for name, _unused, value in pairs if name}
        found.update(parse_qsl(self.query, keep_blank_values=True))
        return found

    def parameter(self, name: str) -> str | None:
        """Return a parameter, from the two places and the header that can hold it."""
        value = self.parameters.get(name)
        if value is None and name in _HEADER_PARAMETERS:
            value = self.headers.get(_HEADER_PARAMETERS[name])
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a yes-or-no parameter; what is neither counts as not given."""
        given = self.parameter(name)
        text = given.strip().lower() if given is not None else "-"
        return True if text in _TRUE else False if text in _FALSE else default

    def number(self, name: str) -> int | None:
        """Return a numeric parameter, None without one."""
        text = self.parameter(name) or ""
        return int(text) if re.fullmatch(r"-?\d+", text) else None

    @property
    def wants_no_wait(self) -> bool:
        """Tell whether the caller asks for an answer before the work."""
        expectations = (self.headers.get("expect", ""), self.headers.get("x-ovirt-expect", ""))
        return self.flag("async") or any("202-accepted" in text for text in expectations)


def correlation_id(headers: Mapping[str, str], query: str, fallback: str) -> str:
    """Return the request's correlation id as the engine keeps it."""
    given = headers.get("correlation-id") or dict(parse_qsl(query)).get("correlation_id", "")
    return re.sub(r"[^0-9A-Za-z_-]", "", given)[:36] or fallback


@dataclass(frozen=True)
class Answer:
    """What a handler answers: an object of the SDK or a list of them, and where its entities live.

    `base` is the address of the collection that holds the entities, where that is not the one that was asked;
    `view` names the row of the decoration table, where that does not follow from the base; `places` does the same
    for references, by their tag; None there means that they live nowhere in the API.
    """

    body: Any = None
    status: int = 200
    root: str = ""
    base: str | None = None
    view: str | None = None
    places: Mapping[str, str | None] = field(default_factory=dict)
    location: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    text: bytes | None = None  # the body's XML, if it is written already


@dataclass(frozen=True)
class Response:
    """What goes out."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
