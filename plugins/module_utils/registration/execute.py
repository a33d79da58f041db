# SPDX-License-Identifier: GPL-3.0-or-later
"""Sending the registrations: one request for each entity, as many side by side as its locks allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..engine.bulk import each
from ..engine.errors import EngineError
from ..engine.session import Intent
from ..progress import Progress
from .plan import BASE_VERSION, Unregistered, renamed
from .targets import Targets

if TYPE_CHECKING:
    from ..engine.session import Session

Outcomes = dict[Unregistered, Any]

_COLLECTIONS = {"template": "templates", "vm": "vms"}


@dataclass(frozen=True)
class Settings:
    """How entities are registered. cluster_id: for everything, before any mapping. centers: names by id."""

    targets: Targets
    centers: Mapping[str, str]
    cluster_id: str | None
    allow_partial: bool
    reassign_bad_macs: bool
    pattern: str
    concurrency: int
    timeout: float


@dataclass(frozen=True)
class Registrar:
    """Registers entities; every method returns what became of each: None, or the EngineError.

    requests: for the correlation id of each request, whom it was for.
    """

    engine: Session
    settings: Settings
    requests: dict[str, str] = field(default_factory=dict)
    progress: Progress = field(default_factory=Progress.from_environment)
    _bodies: dict[str | None, dict[str, Any]] = field(default_factory=dict)

    def templates(self, chains: Sequence[Sequence[Unregistered]]) -> Outcomes:
        """Register templates: base versions first, then the others, those of one base one after the other."""
        bases = [one for chain in chains for one in chain if one.version == BASE_VERSION]
        outcomes = self._side_by_side(bases, self._register)

        def follow(chain: Sequence[Unregistered]) -> Outcomes:
            return self._versions(chain, outcomes)

        found = each(self.engine, chains, follow, concurrency=self.settings.concurrency)
        return {one: outcome for answers in found if isinstance(answers, dict) for one, outcome in answers.items()}

    def vms(self, vms: Sequence[Unregistered]) -> Outcomes:
        """Register VMs: their locks are their own ids and names, so all of them may go side by side."""
        return self._side_by_side(vms, self._register)

    def disks(self, disks: Sequence[Unregistered]) -> Outcomes:
        """Register floating disks under the aliases that they have on storage."""
        return self._side_by_side(disks, self._register_disk)

    def _side_by_side(self, work: Sequence[Unregistered], call: Any) -> Outcomes:
        return dict(zip(work, each(self.engine, work, call, concurrency=self.settings.concurrency), strict=True))

    def _versions(self, chain: Sequence[Unregistered], bases: Outcomes) -> Outcomes:
        outcomes = {one: bases[one] for one in chain if one in bases}
        for one in (one for one in chain if one not in bases):
            failed = next((before for before, found in outcomes.items() if isinstance(found, EngineError)), None)
            outcomes[one] = _not_tried(one, failed) if failed else self._outcome(one)
        return outcomes

    def _outcome(self, one: Unregistered) -> EngineError | None:
        try:
            self._register(one)
        except EngineError as exc:
            return exc
        return None

    def _register(self, one: Unregistered) -> None:
        path = f"{_COLLECTIONS[one.kind]}/{one.id}"
        address = f"storagedomains/{one.domain.id}/{path}"
        with self._told(one):
            body = self._body(one)
            self.engine.act(address, "register", body, self._intent(one, path), timeout=self.settings.timeout)

    def _register_disk(self, one: Unregistered) -> None:
        # The newer request, an action, has no way to name the disk (workloads contract 2.4).
        address, body = f"storagedomains/{one.domain.id}/disks", {"id": one.id, "alias": one.name}
        intent = self._intent(one, f"disks/{one.id}")
        with self._told(one):
            self.engine.add(address, "disk", body, intent, timeout=self.settings.timeout, unregistered=True)

    def _intent(self, one: Unregistered, path: str) -> Intent:
        def asked(correlation_id: str) -> None:
            self.requests[correlation_id] = one.id

        return Intent(
            doing=f"register {one.kind} {one.name}",
            entity=one.entity,
            landed=lambda: self.engine.find(path),
            busy=lambda: self._is_locked(path),
            asked=asked,
        )

    @contextmanager
    def _told(self, one: Unregistered) -> Iterator[None]:
        """Let whoever watches know how far an entity has got."""
        name = f"{'VM' if one.kind == 'vm' else one.kind} {one.name}"
        self.progress.report(name, "registering")
        state = "failed"
        try:
            yield
            state = "registered"
        finally:
            self.progress.report(name, state, 1, 1)

    def _body(self, one: Unregistered) -> dict[str, Any]:
        settings = self.settings
        body: dict[str, Any] = {"allow_partial_import": settings.allow_partial}
        if one.kind == "vm":
            body["reassign_bad_macs"] = settings.reassign_bad_macs
        if settings.cluster_id:
            body["cluster"] = {"id": settings.cluster_id}
        name = renamed(settings.pattern, one.name)
        if name != one.name:
            body["name"] = name
        configuration = self._configuration(one.domain.data_center_id)
        if configuration:
            body["registration_configuration"] = configuration
        return body

    def _configuration(self, center_id: str | None) -> dict[str, Any]:
        if center_id not in self._bodies:
            center = self.settings.centers.get(center_id) if center_id else None
            self._bodies[center_id] = self.settings.targets.request(center)
        return self._bodies[center_id]

    def _is_locked(self, path: str) -> bool:
        found = self.engine.find(path)
        return found is not None and found.status in ("image_locked", "locked")


def _not_tried(one: Unregistered, failed: Unregistered) -> EngineError:
    return EngineError(
        "rejected",
        f"version {one.version} of template {one.name} was not tried: version {failed.version} failed",
        remedy="clear the failure of the other version, and run again",
        entity=one.entity,
    )
