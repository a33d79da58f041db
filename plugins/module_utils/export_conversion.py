# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing everything on an export domain to a backup domain, so that the export domain can be retired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from .engine.bulk import each
from .engine.errors import EngineError, Entity
from .engine.query import search_equals
from .engine.session import Intent
from .engine.waiting import wait_until
from .export_plan import (
    LOCKED,
    Exported,
    ExportedDisk,
    Plan,
    Step,
    Task,
    check_space,
    plan,
    without_taken_disks,
)
from .model.loader import load_site
from .model.site import Cluster, Domain, Site
from .ovf_update import update_ovf_stores
from .progress import Progress
from .results import EntityResult, named, raise_if_failed, report
from .transfer.planning import checked_targets

if TYPE_CHECKING:
    from .engine.records import Record
    from .engine.session import Session

_BLANK = "00000000-0000-0000-0000-000000000000"
_COLLECTIONS = {"template": "templates", "vm": "vms"}
_REFUSED = (
    "clear what the engine names, then run again; a MAC address in use has to change at the VM that has it, unless the "
    "MAC pool allows duplicates"
)


def convert(
    engine: Session,
    *,
    export_domain: str,
    storage_domain: str,
    cluster: str | None,
    names: Mapping[str, str],
    exclude: Sequence[str],
    collapse_snapshots: bool,
    allow_non_backup: bool,
    concurrency: int,
    timeout: float,
    poll_interval: float,
    check_mode: bool,
) -> dict[str, Any]:
    """Import every VM and template of the export domain into the target, then write the target's OVF stores.

    What is there already is left alone, and what an interrupted run has begun is awaited, so that running again goes on
    where the last run ended. Nothing on the export domain changes, and nothing is started.
    EngineError partial names what could not come; everything else has come.
    """
    _check_names(names)
    site = load_site(engine)
    source, target = _places(site, export_domain, storage_domain, allow_non_backup)
    task = Task(source, target, _cluster(site, target, cluster), dict(names), frozenset(exclude), collapse_snapshots)
    reader = _Reader(engine, task)
    planned = reader.plan(site, concurrency)
    outcomes: list[Any] = [None] * len(planned.steps)
    if not check_mode:
        outcomes = _Importer(engine, task, timeout, poll_interval).run(planned.steps, concurrency)
    results = [
        EntityResult.of(step.one.id, step.one.name, outcome, step.one.kind)
        for step, outcome in zip(planned.steps, outcomes, strict=True)
    ]
    results += planned.settled
    came = named(results, "succeeded")
    there = [one.name or "" for one in results if one.outcome == "skipped" and one.reason != "excluded"]
    # Also where nothing was left to import: nobody can see whether a run that broke got so far.
    if (came or there) and not check_mode:
        results += _written(engine, target, timeout, poll_interval)
    result = report(results, before={target.name: sorted(there)}, after={target.name: sorted({*there, *came})})
    result["retirable"] = len(there) + len(came) == len(results)
    result["warnings"] = [] if check_mode else _with_memory(engine, planned.steps, outcomes)
    raise_if_failed("convert", results, result)
    return result


def _check_names(names: Mapping[str, Any]) -> None:
    for old, new in names.items():
        if not isinstance(new, str):
            raise EngineError("invalid", f"names: the new name of {old} is not a text", remedy="quote it")
        search_equals("name", new)


def _places(site: Site, export_domain: str, storage_domain: str, allow_non_backup: bool) -> tuple[Domain, Domain]:
    source = site.domain(export_domain)
    [target] = checked_targets(site, [storage_domain], allow_non_backup)
    if source.type != "export":
        raise EngineError(
            "invalid",
            f"export_domain: storage domain {source.name} is of type {source.type}",
            remedy="name an export domain",
        )
    if source.status != "active":
        raise EngineError(
            "rejected",
            f"export domain {source.name} is {source.status}",
            remedy="attach it to the data center of the target and activate it, for example with storage_domain_state",
        )
    if source.data_center_id != target.data_center_id:
        raise EngineError(
            "rejected",
            f"export domain {source.name} and storage domain {target.name} are in different data centers",
            remedy="detach the export domain and attach it to the data center of the target",
        )
    return source, target


def _cluster(site: Site, target: Domain, reference: str | None) -> Cluster:
    here = [one for one in site.clusters if one.data_center_id == target.data_center_id]
    if reference is None:
        if len(here) != 1:
            shown = ", ".join(sorted(one.name for one in here)) or "none"
            message = f"cluster: the data center of {target.name} has not exactly one cluster ({shown})"
            raise EngineError("invalid", message, remedy="name the cluster")
        return here[0]
    cluster = site.cluster(reference)
    if cluster not in here:
        message = f"cluster: {cluster.name} is not in the data center of storage domain {target.name}"
        raise EngineError("invalid", message, remedy="name a cluster of that data center")
    return cluster


@dataclass(frozen=True)
class _Reader:
    """Reads what the plan needs beyond the site."""

    engine: Session
    task: Task

    def plan(self, site: Site, concurrency: int) -> Plan:
        """Return what is to be done; EngineError where nothing can be done at all, for want of space for instance."""
        planned = plan(site, self.task, self._exported(), self._waiting())
        new = [step for step in planned.steps if not step.under_way]
        disks: dict[str, list[ExportedDisk]] = {}
        # The engine reads all configurations of the domain for each of these, but shows disks in no other way.
        for step, found in zip(new, each(self.engine, new, self._disks, concurrency=concurrency), strict=True):
            if isinstance(found, EngineError):
                raise found
            disks[step.one.id] = found
        taken = {*site.disk_by_id, *(self._stray() if new else ())}
        planned = without_taken_disks(self.task, planned, disks, taken)
        check_space(self.task, planned, disks)
        return planned

    def _exported(self) -> list[Exported]:
        return [
            Exported(kind, record.id, record.name, _template_of(kind, record), _version_of(kind, record))
            for kind, collection in _COLLECTIONS.items()
            for record in self.engine.list(
                f"storagedomains/{self.task.source.id}/{collection}",
                doing=f"list what is on export domain {self.task.source.name}",
            )
        ]

    def _waiting(self) -> list[str]:
        path = f"storagedomains/{self.task.target.id}"
        return [
            one.id for name in _COLLECTIONS.values() for one in self.engine.list(f"{path}/{name}", unregistered=True)
        ]

    def _stray(self) -> list[str]:
        found = self.engine.list(f"storagedomains/{self.task.target.id}/disks", unregistered=True)
        return [disk.id for disk in found]

    def _disks(self, step: Step) -> list[ExportedDisk]:
        path = f"storagedomains/{self.task.source.id}/{_COLLECTIONS[step.one.kind]}/{step.one.id}/disks"
        found = self.engine.list(path, doing=f"list the disks of {step.label}")
        images = [disk for disk in found if disk.storage_type != "lun"]
        return [
            ExportedDisk(disk.id, disk.name or disk.id, disk.actual_size or disk.provisioned_size or 0)
            for disk in images
        ]


def _template_of(kind: str, record: Record) -> str | None:
    template_id = record.template.id if kind == "vm" and record.template else None
    return None if template_id == _BLANK else template_id


def _version_of(kind: str, record: Record) -> int:
    return (record.at("version", "version_number") or 1) if kind == "template" else 1


@dataclass(frozen=True)
class _Importer:
    engine: Session
    task: Task
    timeout: float
    poll_interval: float

    def run(self, steps: Sequence[Step], concurrency: int) -> list[Any]:
        """Carry out the imports, each base version before the next and templates before VMs; return their outcomes."""
        outcomes: dict[str, Any] = {}
        progress = Progress.from_environment()
        silent: list[EngineError] = []

        def bring(step: Step) -> None:
            if silent:
                reason = f"not begun, since the engine has not answered before ({silent[0]})"
                raise EngineError("unreachable", reason, remedy="run again when it answers", entity=_entity(step))
            failed = outcomes.get(step.one.template_id or "")
            if isinstance(failed, EngineError) and not self._is_flat(step):
                raise EngineError(
                    "rejected",
                    f"not tried: its template could not come ({failed})",
                    remedy="clear what keeps the template out, then run again",
                    entity=_entity(step),
                )
            progress.report(step.label, "copying")
            try:
                self._bring(step)
            except EngineError as exc:
                if exc.kind == "unreachable":
                    silent.append(exc)
                raise
            progress.report(step.label, "copied", 1, 1)

        for _key, wave in groupby(steps, key=lambda step: (step.one.kind, step.one.version)):
            batch = list(wave)
            found = each(self.engine, batch, bring, concurrency=concurrency)
            outcomes |= {step.one.id: outcome for step, outcome in zip(batch, found, strict=True)}
        return [outcomes[step.one.id] for step in steps]

    def _bring(self, step: Step) -> None:
        """Import one and wait for its copy; one that is under way is awaited, and imported if that came to nothing."""
        begun = self._settled(step) if step.under_way else None
        if begun is not None:
            self._expect_on_target(step, begun)
            return
        self._send(step)
        if self._settled(step) is None:
            raise EngineError(
                "rejected",
                f"the copy of {step.label} to {self.task.target.name} failed, and the engine has removed it again",
                remedy="see the events of the engine for the reason, then run again",
                entity=_entity(step),
            )

    def _is_flat(self, step: Step) -> bool:
        """Return whether a VM comes without snapshots and template: a clone can come in no other way."""
        return step.one.kind == "vm" and (self.task.collapse or step.clone)

    def _send(self, step: Step) -> None:
        intent = Intent(
            doing=f"import {step.label} from export domain {self.task.source.name}",
            entity=_entity(step),
            landed=lambda: self._find(step),
            busy=lambda: (found := self._find(step)) is not None and found.status in LOCKED,
        )
        path = f"storagedomains/{self.task.source.id}/{_COLLECTIONS[step.one.kind]}/{step.one.id}"
        # The engine takes this from the address only, whatever its model says (export-domain contract 4.1).
        flat = True if self._is_flat(step) else None
        try:
            self.engine.act(path, "import", self._body(step), intent, collapse_snapshots=flat)
        except EngineError as exc:
            exc.remedy = exc.remedy or _REFUSED
            raise

    def _body(self, step: Step) -> dict[str, Any]:
        body: dict[str, Any] = {
            "storage_domain": {"id": self.task.target.id},
            "cluster": {"id": self.task.cluster.id},
        }
        if step.name != step.one.name:
            # A name counts only beside this element, even where that keeps the identifiers.
            body |= {"clone": step.clone, step.one.kind: {"name": step.name}}
        return body

    def _find(self, step: Step) -> Record | None:
        collection = _COLLECTIONS[step.one.kind]
        if not step.clone:
            return self.engine.find(f"{collection}/{step.one.id}")
        # The engine tells the identifier of a clone nowhere.
        found = self.engine.list(collection, search=search_equals("name", step.name))
        here = [one for one in found if one.name == step.name and one.at("cluster", "id") == self.task.cluster.id]
        return here[0] if here else None

    def _settled(self, step: Step) -> Record | None:
        """Return what is there when nothing is copied any more: a copy that fails takes it away again."""
        return wait_until(
            lambda: self._find(step),
            lambda seen: seen is None or seen.status not in LOCKED,
            what=f"{step.label} to be imported",
            timeout=self.timeout,
            poll_interval=self.poll_interval,
            entity=_entity(step),
            clock=self.engine.clock,
            sleep=self.engine.sleep,
        )

    def _expect_on_target(self, step: Step, found: Record) -> None:
        """Raise EngineError unless what somebody else may have begun to import went to the target."""
        path = f"{_COLLECTIONS[step.one.kind]}/{found.id}/diskattachments"
        disks = [one.disk for one in self.engine.list(path, follow="disk")]
        images = [disk for disk in disks if disk.storage_type == "image"]
        away = [
            disk.name for disk in images if self.task.target.id not in [one.id for one in disk.storage_domains or ()]
        ]
        if away:
            raise EngineError(
                "rejected",
                f"{step.label} is there, but not on {self.task.target.name}: {', '.join(away)}",
                remedy="move it there with backup_transfer",
                entity=_entity(step),
            )


def _entity(step: Step) -> Entity:
    return Entity(step.one.kind, step.one.id, step.one.name)


def _written(engine: Session, target: Domain, timeout: float, poll_interval: float) -> list[EntityResult]:
    """Write the target's OVF stores; return a result where that failed, for what came has come all the same."""
    try:
        update_ovf_stores(engine, target, timeout=timeout, poll_interval=poll_interval)
    except EngineError as exc:
        return [EntityResult.of(target.id, target.name, exc)]
    return []


def _with_memory(engine: Session, steps: Sequence[Step], outcomes: Sequence[Any]) -> list[str]:
    """Return a warning for each VM that came with the memory of snapshots: the engine puts that where it likes."""
    came = {
        step.one.id
        for step, outcome in zip(steps, outcomes, strict=True)
        if step.one.kind == "vm" and not step.clone and not isinstance(outcome, EngineError)
    }
    if not came:
        return []
    return [
        f"VM {vm.name} came with the memory of snapshots, for which the engine has chosen a storage domain: "
        "delete these snapshots, or the VM may not be registered elsewhere"
        for vm in engine.list("vms", follow="snapshots")
        if vm.id in came and any(snapshot.persist_memorystate for snapshot in vm.snapshots or ())
    ]
