# SPDX-License-Identifier: GPL-3.0-or-later
"""A session with one engine: everything that the use cases read from it and do to it, in plain data."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import cached_property
from types import TracebackType
from typing import Any, NoReturn

from .credentials import Credentials
from .errors import EngineError, Entity, LibraryMissing
from .once import Intent, Once
from .parts import Part
from .query import QueryValue, clean_path, wire_query
from .records import Record, records, to_struct
from .sdk import IMPORT_TRACE, LIBRARY, types
from .transport import Request, Transport

__all__ = ["Credentials", "Intent", "Session", "WriteInCheckMode"]

Records = list[Record]
Parts = list[Part]

_CHANGE_TIMEOUT = 180.0


class WriteInCheckMode(AssertionError):
    """A change was about to be sent in check mode: a bug of the caller."""


class Session:
    """Context manager; logs in at the first request, and out at the end if it logged in. Usable from many threads.

    A path is that of the API below /api: "storagedomains/<id>/vms". Query arguments are the API's (search, follow, max,
    all_content, unregistered...), with booleans as bool; None is left out. Everything raises EngineError.
    doing: what a read is for, continuing the word "cannot". A 404 is kind "not_found", and nothing else is.
    read_only: check mode; a change raises WriteInCheckMode.
    clock, sleep: monotonic seconds, and how to let them pass.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        read_only: bool = False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if IMPORT_TRACE is not None:
            raise LibraryMissing(LIBRARY, IMPORT_TRACE)
        self.clock = clock
        self.sleep = sleep
        self.read_only = read_only
        self.host = credentials.host
        self.ca_file = credentials.ca_file
        self.insecure = credentials.insecure
        self._transport = Transport(credentials)
        self._once = Once(self, clock, sleep)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections and log out where that is ours to do."""
        self._transport.close()

    @cached_property
    def product_version(self) -> tuple[int, int]:
        """Major and minor version of the engine."""
        version = self.get("", doing="read the version of the engine").at("product_info", "version")
        return int(version.major), int(version.minor)

    def get(self, path: str, *, doing: str | None = None, entity: Entity | None = None, **query: QueryValue) -> Record:
        """Return one object."""
        return Record(self._read("GET", path, doing, entity, query))

    def find(self, path: str, *, doing: str | None = None, **query: QueryValue) -> Record | None:
        """Return one object, None if the engine answers that there is none."""
        try:
            return Record(self._read("GET", path, doing, None, query))
        except EngineError as exc:
            if exc.kind == "not_found":
                return None
            raise

    def list(
        self, path: str, *, doing: str | None = None, entity: Entity | None = None, **query: QueryValue
    ) -> Records:
        """Return all objects of a collection: the engine has no pages unless max asks for them."""
        return records(self._read("GET", path, doing, entity, query))

    def parts(self, path: str, *, doing: str | None = None, **query: QueryValue) -> Parts:
        """Return all objects of a collection that may be a very long one, at a third of the cost."""
        found: Parts = self._read("GET", path, doing, None, query, in_parts=True)
        return found

    def query_action(
        self,
        path: str,
        action: str,
        body: Mapping[str, Any] | None = None,
        *,
        doing: str | None = None,
        entity: Entity | None = None,
    ) -> Record:
        """POST an action that changes nothing (iscsidiscover, discoveriscsi, isattached) and return it, as answered."""
        return Record(self._read("POST", f"{path}/{action}", doing, entity, {}, to_struct("action", body or {})))

    def add(
        self,
        path: str,
        kind: str,
        body: Mapping[str, Any],
        intent: Intent,
        *,
        timeout: float = _CHANGE_TIMEOUT,
        **query: QueryValue,
    ) -> Record:
        """POST a new object of a kind (see to_struct) to a collection and return it.

        timeout: seconds for the answer, for the end of a lock, and for finding out what became of a lost request.
        After a lost answer it is the Record that intent.landed returned, or what was sent, if that had an id.
        """
        sent = to_struct(kind, body)
        made = self._change("POST", path, intent, timeout, query, sent)
        if made is None and sent.id is None:
            _not_shown(intent)
        return made or Record(sent)

    def update(
        self,
        path: str,
        kind: str,
        body: Mapping[str, Any],
        intent: Intent,
        *,
        timeout: float = _CHANGE_TIMEOUT,
        **query: QueryValue,
    ) -> Record:
        """PUT the given attributes of an object and return the object as it is then."""
        changed = self._change("PUT", path, intent, timeout, query, to_struct(kind, body))
        return self.get(path) if changed is None else changed

    def remove(self, path: str, intent: Intent, *, timeout: float = _CHANGE_TIMEOUT, **query: QueryValue) -> None:
        """DELETE an object."""
        self._change("DELETE", path, intent, timeout, query)

    def act(
        self,
        path: str,
        action: str,
        body: Mapping[str, Any] | None,
        intent: Intent,
        *,
        timeout: float = _CHANGE_TIMEOUT,
        **query: QueryValue,
    ) -> Record:
        """POST an action to an object and return it as answered (with job, if the engine tells); work may go on.

        After a lost answer it is the Record that intent.landed returned, or an action with nothing but its status.
        """
        done = self._change("POST", f"{path}/{action}", intent, timeout, query, to_struct("action", body or {}))
        return Record(types.Action(status="complete")) if done is None else done

    def _read(
        self,
        method: str,
        path: str,
        doing: str | None,
        entity: Entity | None,
        query: Mapping[str, QueryValue],
        body: Any = None,
        in_parts: bool = False,
    ) -> Any:
        purpose = doing or f"read {path or 'the API'}"
        request = Request(method, clean_path(path), purpose, entity, wire_query(dict(query)), body, in_parts)
        answer = self._transport.read(request)
        if answer is None:
            raise EngineError("server_error", f"cannot {purpose}: the engine sent an empty answer", entity=entity)
        return answer

    def _change(
        self,
        method: str,
        path: str,
        intent: Intent,
        timeout: float,
        query: Mapping[str, QueryValue],
        body: Any = None,
    ) -> Record | None:
        if self.read_only:
            raise WriteInCheckMode(f"{method} {path} in check mode: {intent.doing}")
        request = Request(method, clean_path(path), intent.doing, intent.entity, wire_query(dict(query)), body)

        def send(correlation_id: str, seconds: float) -> Record | None:
            answer = self._transport.change(request, correlation_id, seconds)
            return None if answer is None else Record(answer)

        return self._once.carry_out(intent, send, timeout)


def _not_shown(intent: Intent) -> NoReturn:
    raise EngineError(
        "unreachable",
        f"the engine did this, but its answer was lost: {intent.doing}",
        remedy="run again: what is there now will be found",
        entity=intent.entity,
        unknown=True,
    )
