# SPDX-License-Identifier: GPL-3.0-or-later
"""Importing a storage domain from a path, where the engine has no word for "import only".

Sent with a name, the request would make a new domain where the path holds none (storage contract 3.2). Sent without one
it can only import. The engine takes any domain that lies there, so what came is compared with what was wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .domain_request import Wanted
from .domain_state import remove
from .engine.errors import EngineError, Entity
from .engine.session import Intent
from .model.loader import added_domain
from .model.site import Domain, Host

if TYPE_CHECKING:
    from .engine.records import Record
    from .engine.session import Session

_REFUSED_INPUT = 400


def place_of(record: Record) -> str | None:
    """Return where a storage connection, or the storage of a domain, lies, in the form of `Domain.place`."""
    return ":".join(filter(None, (record.address, record.path))) or None


def unused_connections(engine: Session) -> dict[tuple[str, str | None], str]:
    """Return the connections to paths that no domain uses, as ids by type and place: earlier failures leave them."""
    used = {(one.storage.type, place_of(one.storage)) for one in engine.list("storagedomains")}
    every = {(one.type, place_of(one)): one.id for one in engine.list("storageconnections") if one.path}
    return {place: id_ for place, id_ in every.items() if place not in used}


@dataclass(frozen=True)
class FileImport:
    """Imports domains from paths. leftovers: the connections that no domain used when the call began."""

    engine: Session
    leftovers: Mapping[tuple[str, str | None], str]
    timeout: float

    def bring(self, wanted: Wanted, host: Host) -> Domain:
        """Import what lies on a path; EngineError where it is not what is wanted, and nothing of it stays behind."""
        try:
            found = self._import(wanted, host)
        except EngineError as exc:
            raise self._failed(wanted, host, exc) from exc
        if wanted.id and found.id != wanted.id:
            message = f"the path of storage domain {wanted.label} holds domain {found.id} instead of {wanted.id}"
            raise self._let_go(wanted, found, host, message, "correct the path or the id")
        return found

    def refuse_occupied(self, wanted: Wanted, host: Host) -> None:
        """Raise EngineError where a path holds a domain; it is imported for that look, and let go again."""
        try:
            found = self._import(wanted, host)
        except EngineError as exc:
            if exc.code != _REFUSED_INPUT:
                raise
            return
        raise self._let_go(
            wanted,
            found,
            host,
            f"{wanted.place} holds storage domain {found.name} ({found.id}); nothing was made there",
            "give another path, or bring that domain in with storage_domain_import",
        )

    def _import(self, wanted: Wanted, host: Host) -> Domain:
        leftover = self.leftovers.get((wanted.storage_type, wanted.place))
        if leftover is not None:
            try:
                return self._send(wanted, host, {"id": leftover})
            except EngineError as exc:
                if exc.code != _REFUSED_INPUT:
                    raise
            # Over a connection the engine does not mount; a host that has not mounted the path sees nothing there.
            self._forget_connection(leftover, wanted, host)
        return self._send(wanted, host, wanted.body(host)["storage"])

    def _send(self, wanted: Wanted, host: Host, storage: Mapping[str, Any]) -> Domain:
        intent = Intent(
            doing=f"import storage domain {wanted.label}",
            entity=Entity("storage_domain", wanted.id, wanted.label),
            landed=lambda: self._arrived(wanted),
        )
        body = {**wanted.body(host), "storage": storage}
        answer = self.engine.add("storagedomains", "storage_domain", body, intent, timeout=self.timeout)
        return added_domain(answer)

    def _arrived(self, wanted: Wanted) -> Record | None:
        place = (wanted.storage_type, wanted.place)
        every = self.engine.list("storagedomains")
        return next((one for one in every if (one.storage.type, place_of(one.storage)) == place), None)

    def _failed(self, wanted: Wanted, host: Host, exc: EngineError) -> EngineError:
        """Return what to tell of an import that failed, after clearing away the connection that it may have left."""
        left = "" if exc.unknown else self.clear(wanted, host)
        hint, remedy = "", "clear what the engine objects to, then run again"
        if exc.code == _REFUSED_INPUT:
            hint = f"; either host {host.name} cannot mount the path, or it holds no data domain; nothing was created"
            remedy = "check the path, and that the file server exports it to the hosts"
        return exc.retold(f"{exc}{hint}{left}", remedy=remedy)

    def _let_go(self, wanted: Wanted, found: Domain, host: Host, message: str, remedy: str) -> EngineError:
        """Return what to tell of a domain that must not be in the engine, after undoing its import."""
        try:
            remove(self.engine, found, host.name)
            undone = "its import was undone and nothing was formatted" + self.clear(wanted, host)
        except EngineError as exc:
            undone = f"it stays behind imported and unattached as {found.name}, since it cannot be removed: {exc}"
        entity = Entity("storage_domain", wanted.id, wanted.label)
        return EngineError("rejected", f"{message}; {undone}", remedy=remedy, entity=entity)

    def clear(self, wanted: Wanted, host: Host) -> str:
        """Remove the connection that was left behind, if there is one; return what the operator has to know of it."""
        try:
            left = unused_connections(self.engine).get((wanted.storage_type, wanted.place))
            if left is not None:
                self._forget_connection(left, wanted, host)
        except EngineError as exc:
            return f"; its storage connection may stay behind: {exc}"
        return ""

    def _forget_connection(self, connection_id: str, wanted: Wanted, host: Host) -> None:
        path = f"storageconnections/{connection_id}"
        intent = Intent(
            doing=f"remove the unused storage connection {connection_id} to {wanted.place}",
            entity=Entity("storage_connection", connection_id, wanted.place),
            landed=lambda: self.engine.find(path) is None,
        )
        self.engine.remove(path, intent, host=host.id)
