# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding storage from a host: iSCSI targets, logins, and storage domains that the engine does not know yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .engine.bulk import each
from .engine.errors import EngineError, Entity
from .engine.session import Intent
from .model.loader import load_storage
from .model.site import Host, Site
from .results import EntityResult, named, raise_if_failed, report

if TYPE_CHECKING:
    from .engine.records import Record
    from .engine.session import Session

ISCSI_PORT = 3260


@dataclass(frozen=True)
class Portal:
    """Where targets are asked for, and the CHAP credentials to ask with."""

    address: str
    port: int = ISCSI_PORT
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def as_iscsi(self) -> dict[str, Any]:
        """Return it as the `iscsi` element of a request."""
        given = {"username": self.username, "password": self.password}
        return {"address": self.address, "port": self.port, **{key: text for key, text in given.items() if text}}


@dataclass(frozen=True)
class Target:
    """A target behind one portal."""

    target: str
    portal: Portal
    portal_name: str | None = None

    @property
    def label(self) -> str:
        """Return how results name it."""
        return f"{self.target} at {self.portal.address}:{self.portal.port}"


@dataclass(frozen=True)
class Seen:
    """A logical unit as a host sees it; over iSCSI with the target it was found behind."""

    id: str
    storage_type: str
    target: str | None
    volume_group_id: str | None
    storage_domain_id: str | None


def choose_hosts(site: Site, host: str | None, data_center: str | None) -> list[Host]:
    """Return the named host, or every host of the data center that is up; EngineError without any."""
    if host:
        chosen = site.host(host)
        if chosen.status != "up":
            raise EngineError(
                "rejected", f"host {chosen.name} is {chosen.status}", remedy="activate it, or name another"
            )
        return [chosen]
    if not data_center:
        raise EngineError("invalid", "neither host nor data_center is given", remedy="give one of them")
    place = site.data_center(data_center)
    site.up_host(place)
    return [one for one in site.hosts_of(place) if one.status == "up"]


def host_devices(engine: Session, host: Host) -> list[Seen]:
    """Return the logical units that a host sees, without their (slow) usage status."""
    found = []
    for record in engine.list(f"hosts/{host.id}/storage", report_status=False):
        for unit in record.logical_units or ():
            seen = Seen(unit.id, record.type, unit.target, unit.volume_group_id, unit.storage_domain_id)
            found.append(seen)
    return found


def discover_targets(
    engine: Session, *, host: str | None, data_center: str | None, portals: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the targets behind the portals, each with whether the host is logged in to it.

    The engine tells logins per target, by the logical units behind it, not per portal.
    """
    if not portals:
        raise EngineError("invalid", "portals is empty", remedy="give at least one address to discover targets at")
    chosen = choose_hosts(load_storage(engine), host, data_center)[0]
    connected = {device.target for device in host_devices(engine, chosen) if device.target}
    targets = [
        {
            "target": detail.target,
            "address": detail.address,
            "port": detail.port,
            "portal": detail.portal,
            "logged_in": detail.target in connected,
        }
        for portal in portals
        for detail in _discover(engine, chosen, Portal(**portal))
    ]
    return {"changed": False, "host": {"id": chosen.id, "name": chosen.name}, "iscsi_targets": targets}


def _discover(engine: Session, host: Host, portal: Portal) -> Iterable[Record]:
    # `iscsidiscover` is served by every engine since 4.0, its successor only from 4.4.6 on; both answer alike.
    answer = engine.query_action(f"hosts/{host.id}", "iscsidiscover", {"iscsi": portal.as_iscsi()})
    return answer.discovered_targets or ()


def log_in(
    engine: Session,
    *,
    host: str | None,
    data_center: str | None,
    targets: Sequence[Mapping[str, Any]],
    check_mode: bool,
) -> dict[str, Any]:
    """Log one host, or every up host of a data center, in to the targets.

    A target that a host sees already is left alone. A login that fails does not stop the others; EngineError partial
    names those that failed.
    """
    if not targets:
        raise EngineError("invalid", "targets is empty", remedy="name at least one iSCSI target")
    wanted = [_target(item) for item in targets]
    hosts = choose_hosts(load_storage(engine), host, data_center)
    connected = {(one.id, device.target) for one in hosts for device in host_devices(engine, one)}
    logins = [(one, target) for one in hosts for target in wanted if (one.id, target.target) not in connected]
    if not check_mode:
        outcomes = each(engine, logins, lambda login: _log_in(engine, *login), concurrency=4)
    else:
        outcomes = [None] * len(logins)
    results = [
        EntityResult.of(f"{one.id}/{target.target}", f"{target.label} on {one.name}", outcome)
        for (one, target), outcome in zip(logins, outcomes, strict=True)
    ]
    results += [
        EntityResult(f"{one.id}/{target.target}", f"{target.label} on {one.name}", "skipped", "already logged in")
        for one in hosts
        for target in wanted
        if (one.id, target.target) in connected
    ]
    result = report(
        results,
        before={"logged_in": named(results, "skipped")},
        after={"logged_in": named(results, "skipped", "succeeded")},
    )
    raise_if_failed("log in to", results, result)
    return result


def _target(item: Mapping[str, Any]) -> Target:
    if not item["target"] or not item["address"]:
        raise EngineError(
            "invalid", "targets: an entry has no target or no address", remedy="give both for each target"
        )
    portal = Portal(item["address"], item.get("port") or ISCSI_PORT, item.get("username"), item.get("password"))
    return Target(item["target"], portal, item.get("portal"))


def _log_in(engine: Session, host: Host, target: Target) -> None:
    iscsi = {**target.portal.as_iscsi(), "target": target.target}
    if target.portal_name:
        iscsi["portal"] = target.portal_name
    intent = Intent(
        doing=f"log host {host.name} in to {target.label}",
        entity=Entity("host", host.id, host.name),
        landed=lambda: any(device.target == target.target for device in host_devices(engine, host)),
    )
    engine.act(f"hosts/{host.id}", "iscsilogin", {"iscsi": iscsi}, intent)


def find_unregistered(
    engine: Session,
    *,
    host: str | None,
    data_center: str | None,
    storage_type: str,
    address: str | None,
    port: int,
    targets: Sequence[str],
    username: str | None,
    password: str | None,
    check_mode: bool,
) -> dict[str, Any]:
    """Return the block storage domains that a host sees and the engine does not know.

    The engine's own discovery logs the host in to the targets and is therefore not sent in check mode: candidates
    then come from the logical units that the host sees already, without name and format.
    """
    if storage_type == "iscsi" and not (address and targets):
        raise EngineError(
            "invalid", "targets is empty or address is missing", remedy="iscsi needs an address and at least one target"
        )
    site = load_storage(engine)
    chosen = choose_hosts(site, host, data_center)[0]
    found: list[dict[str, Any]] = []
    if not check_mode:
        portal = Portal(address or "", port, username, password)
        found = [_candidate(record) for record in _unregistered(engine, chosen, storage_type, portal, targets)]
    devices = host_devices(engine, chosen)
    if check_mode:
        found = _visible_candidates(site, devices, storage_type)
    for candidate in found:
        candidate["logical_units"] = [
            {"id": device.id, "target": device.target}
            for device in devices
            if device.storage_domain_id == candidate["id"] and device.storage_type == storage_type
        ]
    return {"changed": False, "host": {"id": chosen.id, "name": chosen.name}, "storage_domains": found}


def _unregistered(
    engine: Session, host: Host, storage_type: str, portal: Portal, targets: Sequence[str]
) -> Iterable[Record]:
    body: dict[str, Any] = {}
    if storage_type == "iscsi":
        body = {"iscsi": portal.as_iscsi(), "iscsi_targets": list(targets)}
    intent = Intent(
        doing=f"discover unregistered storage domains on host {host.name}",
        entity=Entity("host", host.id, host.name),
    )
    answer = engine.act(f"hosts/{host.id}", "unregisteredstoragedomainsdiscover", body, intent)
    return answer.storage_domains or ()


def _candidate(record: Record) -> dict[str, Any]:
    group = record.storage.volume_group
    return {
        "id": record.id,
        "name": record.name,
        "type": record.type,
        "storage_type": record.storage.type,
        "storage_format": record.storage_format,
        "volume_group_id": group.id if group else None,
    }


def _visible_candidates(site: Site, devices: Sequence[Seen], storage_type: str) -> list[dict[str, Any]]:
    known = {domain.id for domain in site.domains}
    candidates: dict[str, dict[str, Any]] = {}
    for device in devices:
        if device.storage_domain_id and device.storage_domain_id not in known and device.storage_type == storage_type:
            candidates[device.storage_domain_id] = {
                "id": device.storage_domain_id,
                "name": None,
                "type": "data",
                "storage_type": storage_type,
                "storage_format": None,
                "volume_group_id": device.volume_group_id,
            }
    return list(candidates.values())
