# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the rules allow what somebody is about to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .backup import plan, with_flags
from .engine.errors import EngineError
from .model.loader import load_site
from .model.site import Disk, Domain, Site, Vm
from .rules.acting import Move
from .rules.catalogue import ACTIONS, CATALOGUE, judge
from .rules.rule import Violation, blocking, enforce, soften

if TYPE_CHECKING:
    from .engine.session import Session

SUBJECTS = ("storage_domains", "vms", "disks", "data_center")


@dataclass(frozen=True)
class Intended:
    """One action on one subject, and the site by which it is judged."""

    action: str
    subject: Any
    label: str
    site: Site


@dataclass(frozen=True)
class _Kind:
    """How the subjects of an action are given: all of `needs`, and any of `takes` but at least one."""

    read: Callable[[Site, str, Mapping[str, Any]], Iterator[Intended]]
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()


def _domains(site: Site, action: str, item: Mapping[str, Any]) -> Iterator[Intended]:
    for name in item["storage_domains"]:
        domain = site.domain(name)
        yield Intended(action, domain, _called(domain), site)


def _configured(site: Site, action: str, item: Mapping[str, Any]) -> Iterator[Intended]:
    planned = plan(site, item["storage_domains"], True)
    future = with_flags(site, planned.changes)
    for domain in planned.named:
        yield Intended(action, future.domain(domain.id), _called(domain), future)


def _attached(site: Site, action: str, item: Mapping[str, Any]) -> Iterator[Intended]:
    data_center = site.data_center(item["data_center"])
    for name in item["storage_domains"]:
        domain = replace(site.domain(name), data_center_id=data_center.id)
        yield Intended(action, domain, f"{_called(domain)} to data center {data_center.name}", site)


def _vms(site: Site, action: str, item: Mapping[str, Any]) -> Iterator[Intended]:
    for name in item["vms"]:
        vm = site.vm(name)
        yield Intended(action, vm, _called(vm), site)


def _disks(site: Site, action: str, item: Mapping[str, Any]) -> Iterator[Intended]:
    for name in item["disks"]:
        disk = site.disk(name)
        yield Intended(action, disk, _called(disk), site)


def _moves(site: Site, action: str, item: Mapping[str, Any]) -> Iterator[Intended]:
    for name in item["disks"]:
        disk = site.disk(name)
        for target in map(site.domain, item["storage_domains"]):
            yield Intended(action, Move(disk, target), f"{_called(disk)} to {_called(target)}", site)


def _changed(site: Site, action: str, item: Mapping[str, Any]) -> Iterator[Intended]:
    yield from _disks(site, action, {"disks": item.get("disks") or ()})
    for vm in map(site.vm, item.get("vms") or ()):
        for disk in site.image_disks(vm):
            yield Intended(action, disk, f"{_called(disk)} of {_called(vm)}", site)


def _called(one: Domain | Vm | Disk) -> str:
    kinds: dict[type, str] = {Domain: "storage domain", Vm: "VM", Disk: "disk"}
    return f"{kinds[type(one)]} {one.name}"


_ON_DOMAINS = _Kind(_domains, needs=("storage_domains",))
_OF_VMS = _Kind(_vms, needs=("vms",))
_OF_DISKS = _Kind(_disks, needs=("disks",))

KINDS: dict[str, _Kind] = {
    "configure_backup": _Kind(_configured, needs=("storage_domains",)),
    "start_vm": _OF_VMS,
    "preview_snapshot": _OF_VMS,
    "live_move_disk": _Kind(_moves, needs=("disks", "storage_domains")),
    "switch_master": _ON_DOMAINS,
    "memory_snapshot": _OF_VMS,
    "suspend_vm": _OF_VMS,
    "attach_disk": _OF_DISKS,
    "hot_plug_disk": _OF_DISKS,
    "create_lease": _ON_DOMAINS,
    "move_lease": _ON_DOMAINS,
    "create_vm": _ON_DOMAINS,
    "create_disk": _ON_DOMAINS,
    "create_vm_pool": _ON_DOMAINS,
    "change_data": _Kind(_changed, takes=("disks", "vms")),
    "attach_domain": _Kind(_attached, needs=("storage_domains", "data_center")),
}


def read_intended(site: Site, actions: Sequence[Mapping[str, Any]]) -> list[Intended]:
    """Return every action on every subject; EngineError for one that is unknown, missing, or not of that action."""
    if not actions:
        raise EngineError("invalid", "actions is empty", remedy="name at least one action")
    return [one for number, item in enumerate(actions) for one in _read_one(site, f"actions[{number}]", item)]


def _read_one(site: Site, where: str, item: Mapping[str, Any]) -> Iterator[Intended]:
    action = item["action"]
    kind = KINDS.get(action)
    if kind is None:
        raise EngineError("invalid", f"{where}: there is no action {action}", remedy=f"use {', '.join(ACTIONS)}")
    given = {name for name in SUBJECTS if item.get(name)}
    missing = [name for name in kind.needs if name not in given]
    if missing or (kind.takes and not given & set(kind.takes)):
        wanted = " and ".join(missing) or " or ".join(kind.takes)
        raise EngineError("invalid", f"{where}: {action} needs {wanted}", remedy=f"give {wanted}")
    needless = sorted(given - {*kind.needs, *kind.takes})
    if needless:
        told = ", ".join(needless)
        raise EngineError("invalid", f"{where}: {action} takes no {told}", remedy=f"leave {told} out")
    return kind.read(site, action, item)


def check(
    engine: Session,
    *,
    actions: Sequence[Mapping[str, Any]],
    rules: Sequence[Mapping[str, str]] | None,
    report_only: bool,
) -> dict[str, Any]:
    """Return what the rules say of each intended action; EngineError rule for a forbidden one, unless report_only."""
    soften(CATALOGUE, rules)
    intended = read_intended(load_site(engine), actions)
    judged = [(one, judge(one.site, one.action, one.subject, one.label, rules)) for one in intended]
    found: list[Violation] = [violation for _one, violations in judged for violation in violations]
    result = {
        "changed": False,
        "allowed": not blocking(found),
        "actions": [
            {
                "action": one.action,
                "subject": one.label,
                "allowed": not blocking(violations),
                "violations": [violation.as_data() for violation in violations],
            }
            for one, violations in judged
        ],
        "violations": [violation.as_data() for violation in found],
        "lines": [violation.line for violation in found],
    }
    if not report_only:
        try:
            enforce(found)
        except EngineError as exc:
            exc.details = {**result, **exc.details}
            raise
    return result
