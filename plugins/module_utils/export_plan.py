# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to come from an export domain to a backup domain, in which order, and what cannot; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from .engine.errors import EngineError
from .model.site import Cluster, Domain, Site, Template, Vm
from .results import EntityResult

LOCKED = frozenset({"image_locked", "locked"})
_GIB = 1 << 30
_KINDS = {"vm": "VM", "template": "template"}


@dataclass(frozen=True)
class ExportedDisk:
    """A disk as the export domain shows it; size is the most that its active volume can take."""

    id: str
    name: str
    size: int


@dataclass(frozen=True)
class Exported:
    """A VM or template on an export domain; version is that of a template, template_id what a thin VM stands on.

    Only a thin VM has a template_id: the blank template does not count.
    """

    kind: str
    id: str
    name: str
    template_id: str | None = None
    version: int = 1


@dataclass(frozen=True)
class Task:
    """What is wanted: everything of source but the excluded to target, in a cluster, some of it under new names."""

    source: Domain
    target: Domain
    cluster: Cluster
    names: Mapping[str, str]
    exclude: frozenset[str]
    collapse: bool


@dataclass(frozen=True)
class Step:
    """An import that is still to be done or, under way, only to be awaited; name is the one that it gets.

    clone: it gets identifiers of its own, since the engine has those that it came with elsewhere.
    """

    one: Exported
    name: str
    under_way: bool = False
    clone: bool = False

    @property
    def label(self) -> str:
        """Return kind and name for a sentence."""
        return called(self.one)


@dataclass(frozen=True)
class Plan:
    """The imports, templates and their base versions first, and what became of everything else already."""

    steps: tuple[Step, ...]
    settled: tuple[EntityResult, ...]


def called(one: Exported) -> str:
    """Return kind and name of what lies on the export domain for a sentence."""
    return f"{_KINDS[one.kind]} {one.name}"


def plan(site: Site, task: Task, found: Sequence[Exported], waiting: Iterable[str]) -> Plan:
    """Sort out what is to come: nothing that is there already, and nothing that the engine would surely refuse.

    waiting: ids of what lies on the target without being registered. EngineError invalid for a name in the task that
    nothing on the export domain has.
    """
    _check_names(task, found)
    planner = _Planner(site, task, found, frozenset(waiting))
    steps = [planner.judge(one) for one in sorted(found, key=_order)]
    return Plan(
        tuple(step for step in steps if isinstance(step, Step)),
        tuple(step for step in steps if isinstance(step, EntityResult)),
    )


def without_taken_disks(
    task: Task, planned: Plan, disks: Mapping[str, Sequence[ExportedDisk]], taken: Collection[str]
) -> Plan:
    """Return the plan without the imports whose disks are in the engine, or on the target, without their owner.

    disks: by owner's id. taken: ids of the engine's disks, and of the unregistered ones on the target.
    """
    kept: list[Step] = []
    failed: list[EntityResult] = []
    for step in planned.steps:
        own = () if step.under_way or step.clone else disks.get(step.one.id, ())
        left = sorted(disk.name for disk in own if disk.id in taken)
        if left:
            reason = f"disks of the same id are there already, without their {step.label}: {', '.join(left)}"
            remedy = "an earlier import left them behind: see whether they are needed, remove them, then run again"
            failed.append(EntityResult(step.one.id, step.one.name, "failed", reason, remedy))
        elif step.one.template_id in {one.id for one in failed} and not (task.collapse or step.clone):
            reason, remedy = "its template cannot come", "clear what keeps the template out, then run again"
            failed.append(EntityResult(step.one.id, step.one.name, "failed", reason, remedy))
        else:
            kept.append(step)
    return Plan(tuple(kept), (*planned.settled, *failed))


def check_space(task: Task, planned: Plan, disks: Mapping[str, Sequence[ExportedDisk]]) -> None:
    """Raise EngineError rejected unless the target has room for all imports that have not begun.

    The export domain does not tell what snapshots take, and what a thin disk takes only as an upper bound; all of it
    together is no more than is used there.
    """
    sizes = [disk.size for step in planned.steps if not step.under_way for disk in disks.get(step.one.id, ())]
    needed = sum(sizes)
    if task.source.used is not None:
        needed = min(needed, task.source.used)
    target = task.target
    if target.available is not None and sizes and needed > target.available - target.critical_space:
        kept = f", {target.critical_space // _GIB} GiB of which have to stay free" if target.critical_space else ""
        raise EngineError(
            "rejected",
            f"storage domain {target.name} has {target.available // _GIB} GiB free{kept}; "
            f"up to {-(-needed // _GIB)} GiB are needed for what comes from {task.source.name}",
            remedy="extend the target, or put what need not come into exclude; nothing was imported",
        )


def _order(one: Exported) -> tuple[bool, int, str, str]:
    return one.kind == "vm", one.version, one.name, one.id


def _check_names(task: Task, found: Sequence[Exported]) -> None:
    known = {text for one in found for text in (one.id, one.name)}
    for option, given in (("names", task.names), ("exclude", task.exclude)):
        unknown = sorted(set(given) - known)
        if unknown:
            raise EngineError(
                "invalid",
                f"{option}: nothing on export domain {task.source.name} is called {', '.join(unknown)}",
                remedy="use the names or ids that the export domain shows",
            )


class _Planner:
    def __init__(self, site: Site, task: Task, found: Sequence[Exported], waiting: frozenset[str]) -> None:
        self._site = site
        self._task = task
        self._waiting = waiting
        self._exported = {one.id: one for one in found}
        self._templates = {template.id: template for template in site.templates}
        self._coming: set[str] = set()
        near: dict[tuple[str, str], Vm | Template] = {("vm", vm.name): vm for vm in site.vms if self._is_near(vm)}
        near |= {("template", template.name): template for template in site.templates if self._is_near(template)}
        self._near = near
        self._names = set(near)

    def _is_near(self, owner: Vm | Template) -> bool:
        cluster = self._site.cluster_by_id.get(owner.cluster_id or "")
        return cluster is None or cluster.data_center_id == self._task.target.data_center_id

    def _new_name(self, one: Exported) -> str | None:
        return self._task.names.get(one.id) or self._task.names.get(one.name)

    def judge(self, one: Exported) -> Step | EntityResult:
        """Return the import that brings one in, or why there is none."""
        skipped = self._left_alone(one)
        if skipped is not None:
            return EntityResult(one.id, one.name, "skipped", skipped)
        verdict = self._known(one) or self._new(one)
        if isinstance(verdict, Step):
            self._names.add((one.kind, verdict.name))
            if not verdict.clone:
                self._coming.add(one.id)
        return verdict

    def _left_alone(self, one: Exported) -> str | None:
        if {one.id, one.name} & self._task.exclude:
            return "excluded"
        if one.id in self._waiting:
            return f"on {self._task.target.name} already, where it is not registered"
        return None

    def _known(self, one: Exported) -> Step | EntityResult | None:
        """Return what follows from what the engine has under the same id, None if it has nothing."""
        vm, template = self._site.vm_by_id.get(one.id), self._templates.get(one.id)
        owner: Vm | Template | None = vm if one.kind == "vm" else template
        if owner is None:
            other = vm or template
            return None if other is None else self._failed(one, f"{other.name} has its id", "exclude it")
        if owner.status in LOCKED:
            return Step(one, owner.name, under_way=True)
        disks = self._site.image_disks(owner)
        broken = sorted(disk.name for disk in disks if disk.status != "ok")
        if broken or owner.status in ("illegal", "image_illegal"):
            return self._failed(
                one,
                f"half an import is there: it is {owner.status}, its broken disks: {', '.join(broken) or 'none'}",
                "remove it from the engine and run again",
            )
        away = self._elsewhere(owner)
        if not away:
            return EntityResult(one.id, one.name, "skipped", f"already on {self._task.target.name}")
        name = self._new_name(one)
        if name is not None:
            return self._clone(one, name)
        return self._failed(
            one,
            f"it exists already, with disks on {', '.join(away)}",
            "give the export copy another name in names, or exclude it if the existing one is enough",
        )

    def _elsewhere(self, owner: Vm | Template) -> list[str]:
        """Return the domains of the disks that are not on the target."""
        names = {domain.id: domain.name for domain in self._site.domains}
        disks = [disk for disk in self._site.image_disks(owner) if self._task.target.id not in disk.domain_ids]
        return sorted({names.get(id_, id_) for disk in disks for id_ in disk.domain_ids})

    def _clone(self, one: Exported, name: str) -> Step | EntityResult:
        """Return what becomes of the copy of something that lives on elsewhere: a clone that stands on nothing."""
        there = self._near.get((one.kind, name))
        if there is not None and there.id != one.id:
            if there.status in LOCKED:
                return Step(one, name, under_way=True, clone=True)
            if not self._elsewhere(there):
                return EntityResult(one.id, one.name, "skipped", f"already on {self._task.target.name}, as {name}")
        if (one.kind, name) in self._names:
            return self._name_taken(one, name)
        return self._collapses(one) or Step(one, name, clone=True)

    def _name_taken(self, one: Exported, name: str) -> EntityResult:
        reason = f"the data center has a {_KINDS[one.kind]} of the name {name}"
        return self._failed(one, reason, "give it another name in names")

    def _new(self, one: Exported) -> Step | EntityResult:
        name = self._new_name(one) or one.name
        # The engine demands a name of their own of base templates only.
        if (one.kind, name) in self._names and one.version == 1:
            return self._name_taken(one, name)
        return self._stands(one) or Step(one, name)

    def _stands(self, one: Exported) -> EntityResult | None:
        """Return why a thin VM cannot come: for want of its template. None if nothing is wanting."""
        template_id = one.template_id
        if template_id is None or template_id in self._coming:
            return None
        if self._task.collapse:
            return self._collapses(one)
        exported, template = self._exported.get(template_id), self._templates.get(template_id)
        if template is None:
            shown = called(exported) if exported is not None else f"template {template_id}"
            return self._failed(one, f"its {shown} is not in the engine", self._want_of(exported))
        if any(self._task.target.id not in disk.domain_ids for disk in self._site.image_disks(template)):
            return self._failed(
                one,
                f"its template {template.name} has no copy on {self._task.target.name}",
                "bring the template there with backup_transfer, then run again",
            )
        return None

    def _collapses(self, one: Exported) -> EntityResult | None:
        """Return why the disks of a thin VM cannot be made to stand on nothing."""
        if one.template_id is None or one.template_id in self._exported:
            return None
        reason = f"its template {one.template_id}, which collapsing needs, is not on {self._task.source.name}"
        return self._failed(one, reason, "export the template, too, or exclude this VM")

    def _want_of(self, exported: Exported | None) -> str:
        if exported is None:
            return "export the template, too, then run again"
        if exported.id in self._waiting:
            return "register the template with entity_registration, then run again"
        return "clear what keeps the template out, or set collapse_snapshots: true"

    @staticmethod
    def _failed(one: Exported, reason: str, remedy: str) -> EntityResult:
        return EntityResult(one.id, one.name, "failed", reason, remedy)
