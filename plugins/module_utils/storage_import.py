# SPDX-License-Identifier: GPL-3.0-or-later
"""Importing existing storage domains into an engine, attached, active and with the wanted backup flag.

Nothing is ever formatted or created by an import: the engine would create an empty domain where a path holds none, so
file imports are sent in a form that it cannot create from, and what came back is compared with what was wanted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .domain_state import activate, attach, is_busy
from .engine.errors import EngineError, Entity
from .engine.query import checked_uuid
from .engine.session import Intent
from .host_storage import view
from .model.loader import load_domain, load_storage
from .model.site import DataCenter, Domain, Host, Site
from .results import EntityResult, raise_if_failed, report
from .rules.catalogue import judge
from .rules.rule import enforce

if TYPE_CHECKING:
    from .engine.session import Session

BLOCK_TYPES = frozenset({"iscsi", "fcp"})
FILE_TYPES = frozenset({"nfs", "glusterfs", "posixfs"})
_STORAGE_KEYS = ("address", "path", "vfs_type", "mount_options", "nfs_version", "nfs_timeo", "nfs_retrans")
_SETTING_KEYS = (
    "wipe_after_delete",
    "discard_after_delete",
    "warning_low_space_indicator",
    "critical_space_action_blocker",
)


@dataclass(frozen=True)
class Wanted:
    """A storage domain to import; `id` is None only for a file domain whose identity the caller does not care about."""

    id: str | None
    name: str | None
    storage_type: str
    backup: bool
    storage: Mapping[str, Any]
    settings: Mapping[str, Any]

    @property
    def place(self) -> str:
        """Return where a file domain lies."""
        return ":".join(str(self.storage[key]) for key in ("address", "path") if key in self.storage)

    @property
    def label(self) -> str:
        """Return how results name it."""
        return self.name or self.id or self.place

    def is_known_as(self, domain: Domain) -> bool:
        """Return whether the engine knows it as this domain."""
        if self.id is not None:
            return domain.id == self.id
        return (domain.storage_type, domain.place) == (self.storage_type, self.place)


@dataclass(frozen=True)
class Step:
    """What one wanted domain still lacks: `import`, `attach`, `activate`, `rename`, in this order."""

    wanted: Wanted
    known: Domain | None
    actions: tuple[str, ...]


def read_wanted(items: Sequence[Mapping[str, Any]]) -> list[Wanted]:
    """Return the caller's list, checked by itself: EngineError invalid names the entry and the key."""
    if not items:
        raise EngineError("invalid", "storage_domains is empty", remedy="name at least one storage domain to import")
    wanted = [_read_one(f"storage_domains[{index}]", item) for index, item in enumerate(items)]
    ids = [one.id for one in wanted if one.id]
    twice = sorted({id_ for id_ in ids if ids.count(id_) > 1})
    if twice:
        raise EngineError("invalid", f"storage_domains names {', '.join(twice)} more than once")
    return wanted


def _read_one(where: str, item: Mapping[str, Any]) -> Wanted:
    storage_type, id_ = item["storage_type"], item.get("id") or None
    if id_ is not None:
        id_ = checked_uuid(id_, f"storage domain ({where}.id)")
    if storage_type in BLOCK_TYPES and id_ is None:
        raise EngineError("invalid", f"{where}: an import of type {storage_type} needs the id of the domain")
    if storage_type in FILE_TYPES:
        if id_ is None and item.get("identity") != "any":
            raise EngineError(
                "invalid",
                f"{where}: neither id nor identity is given",
                remedy="give the UUID of the domain on this path, or identity: any to take whatever domain is there",
            )
        _require(where, item, ("path", "address") if storage_type == "nfs" else ("path", "vfs_type"))
    given = {key: item[key] for key in _STORAGE_KEYS if item.get(key) not in (None, "")}
    settings = {key: item[key] for key in _SETTING_KEYS if item.get(key) is not None}
    return Wanted(id_, item.get("name") or None, storage_type, bool(item.get("backup")), given, settings)


def _require(where: str, item: Mapping[str, Any], keys: Sequence[str]) -> None:
    missing = [key for key in keys if not item.get(key)]
    if missing:
        raise EngineError("invalid", f"{where}: {item['storage_type']} needs {' and '.join(missing)}")


def plan(site: Site, wanted: Sequence[Wanted], data_center: DataCenter, visible: frozenset[str]) -> list[Step]:
    """Return what each domain lacks; EngineError when one of them cannot be brought in.

    visible: ids of the domains whose logical units the host sees. All obstacles of all domains are told at once.
    """
    obstacles: list[str] = []
    steps = []
    master_follows = data_center.status != "uninitialized" or any(not one.backup for one in wanted)
    for one in wanted:
        known = next(filter(one.is_known_as, site.domains), None)
        obstacles += _obstacles(site, one, known, data_center, visible)
        if one.backup and not master_follows:
            candidate = Domain(one.id or "", one.label, "data", one.storage_type, "", False, True, data_center.id)
            enforce(judge(site, "attach_domain", candidate, f"storage domain {one.label}"))
        steps.append(Step(one, known, _lacking(one, known)))
    if obstacles:
        raise EngineError("rejected", "; ".join(obstacles), remedy="clear these obstacles; nothing was changed")
    # Where the data center has no master yet, the first domain becomes it: that must not be a backup domain.
    return sorted(steps, key=lambda step: step.wanted.backup)


def _obstacles(
    site: Site, one: Wanted, known: Domain | None, data_center: DataCenter, visible: frozenset[str]
) -> list[str]:
    found = []
    namesake = next((domain for domain in site.domains if domain.name == one.name and domain.id != one.id), None)
    if namesake is not None and one.id is not None:
        found.append(f"the name {one.name} belongs to another storage domain ({namesake.id})")
    if known is None and one.storage_type in BLOCK_TYPES and one.id not in visible:
        found.append(f"the host sees no logical unit of storage domain {one.label} ({one.id})")
    if known is not None and known.data_center_id not in (None, data_center.id):
        found.append(f"storage domain {known.name} is attached to another data center")
    if known is not None and known.in_process:
        found.append(f"storage domain {known.name} is {known.status}")
    if known is not None and known.backup != one.backup:
        wanted = "set" if one.backup else "clear"
        found.append(f"storage domain {known.name} is known already: {wanted} its backup flag with backup_domain")
    return found


def _lacking(one: Wanted, known: Domain | None) -> tuple[str, ...]:
    lacking = []
    if known is None:
        lacking.append("import")
    if known is None or known.data_center_id is None:
        lacking.append("attach")
    if known is not None and known.data_center_id is not None and known.status != "active":
        lacking.append("activate")
    if known is not None and one.name and known.name != one.name:
        lacking.append("rename")
    return tuple(lacking)


def bring_in(
    engine: Session,
    *,
    storage_domains: Sequence[Mapping[str, Any]],
    data_center: str,
    host: str | None,
    take_over: bool,
    timeout: float,
    poll_interval: float,
    check_mode: bool,
) -> dict[str, Any]:
    """Import, attach and activate what is wanted and not yet there; return what was done per domain.

    One domain that fails does not stop the others; EngineError partial then names it.
    """
    wanted = read_wanted(storage_domains)
    site = load_storage(engine)
    place = site.data_center(data_center)
    via = site.host(host) if host else site.up_host(place)
    if via.status != "up":
        raise EngineError("rejected", f"host {via.name} is {via.status}", remedy="activate it, or name another host")
    steps = plan(site, wanted, place, _visible(engine, site, wanted, via))
    importer = _Importer(engine, place, via, take_over, timeout, poll_interval)
    results = [_result(step, importer, check_mode) for step in steps]
    result = report(
        results,
        before={step.wanted.label: step.known.status if step.known else "unknown to the engine" for step in steps},
        after={step.wanted.label: "active" for step in steps},
    )
    raise_if_failed("import", results, result)
    return result


def _visible(engine: Session, site: Site, wanted: Sequence[Wanted], host: Host) -> frozenset[str]:
    known = {domain.id for domain in site.domains}
    if not any(one.storage_type in BLOCK_TYPES and one.id not in known for one in wanted):
        return frozenset()
    return frozenset(unit.storage_domain_id for unit in view(engine, host) if unit.storage_domain_id)


def _result(step: Step, importer: _Importer, check_mode: bool) -> EntityResult:
    if not step.actions:
        return EntityResult(step.known.id if step.known else "", step.wanted.label, "skipped", "already there")
    outcome: Domain | EngineError | None = None
    if not check_mode:
        try:
            outcome = importer.carry_out(step)
        except EngineError as exc:
            outcome = exc
    id_ = outcome.id if isinstance(outcome, Domain) else step.wanted.id or ""
    return EntityResult.of(id_, step.wanted.label, outcome, ", ".join(step.actions))


@dataclass(frozen=True)
class _Importer:
    engine: Session
    data_center: DataCenter
    host: Host
    take_over: bool
    timeout: float
    poll_interval: float

    def carry_out(self, step: Step) -> Domain:
        """Do what one domain lacks; return it as it is then."""
        wanted, domain = step.wanted, step.known
        if domain is None:
            domain = self._import(wanted)
            self._refuse_foreign(domain)
        if "attach" in step.actions:
            attach(self.engine, domain, self.data_center, self.timeout, self.poll_interval)
        if "activate" in step.actions:
            activate(self.engine, domain, self.timeout, self.poll_interval)
        if wanted.name and domain.name != wanted.name:
            self._rename(domain, wanted.name)
        return replace(domain, name=wanted.name or domain.name, data_center_id=self.data_center.id, status="active")

    def _import(self, wanted: Wanted) -> Domain:
        intent = Intent(
            doing=f"import storage domain {wanted.label}",
            entity=Entity("storage_domain", wanted.id or "", wanted.label),
            landed=(lambda: self.engine.find(f"storagedomains/{wanted.id}")) if wanted.id else None,
        )
        answer = self.engine.add("storagedomains", "storage_domain", self._body(wanted), intent, timeout=self.timeout)
        imported = load_domain(self.engine, answer.id)
        if wanted.id and imported.id != wanted.id:
            self._forget(imported)
            raise EngineError(
                "rejected",
                f"the path of storage domain {wanted.label} holds domain {imported.id} instead of {wanted.id}; "
                "the import was undone and nothing was formatted",
                remedy="correct the path or the id",
                entity=intent.entity,
            )
        return imported

    def _body(self, wanted: Wanted) -> dict[str, Any]:
        body: dict[str, Any] = {
            "type": "data",
            "backup": wanted.backup,
            "host": {"id": self.host.id},
            "storage": {"type": wanted.storage_type, **wanted.storage},
            **wanted.settings,
        }
        if wanted.storage_type in BLOCK_TYPES:
            body |= {"id": wanted.id, "import": True}
        # A file import carries no name: without one the engine can import what is there but not create.
        return body

    def _refuse_foreign(self, domain: Domain) -> None:
        body = {"host": {"id": self.host.id}}
        answer = self.engine.query_action(f"storagedomains/{domain.id}", "isattached", body)
        if answer.is_attached and not self.take_over:
            self._forget(domain)
            raise EngineError(
                "rejected",
                f"storage domain {domain.name} still belongs to a data center of another engine; the import was undone",
                remedy="detach it there, or, once its hosts are fenced for certain, run again with take_over: true",
                entity=Entity("storage_domain", domain.id, domain.name),
            )

    def _forget(self, domain: Domain) -> None:
        intent = Intent(
            doing=f"undo the import of storage domain {domain.name}",
            entity=Entity("storage_domain", domain.id, domain.name),
            landed=lambda: self.engine.find(f"storagedomains/{domain.id}") is None,
        )
        self.engine.remove(f"storagedomains/{domain.id}", intent, host=self.host.name)

    def _rename(self, domain: Domain, name: str) -> None:
        intent = Intent(
            doing=f"rename storage domain {domain.name} to {name}",
            entity=Entity("storage_domain", domain.id, domain.name),
            landed=lambda: load_domain(self.engine, domain.id).name == name,
            busy=lambda: is_busy(self.engine, domain),
        )
        self.engine.update(f"storagedomains/{domain.id}", "storage_domain", {"name": name}, intent)
