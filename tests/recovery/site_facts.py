# SPDX-License-Identifier: GPL-3.0-or-later
"""What a site is at a moment, in words that do not depend on when something was done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import inspect, select

from ansible_collections.lifeboat.ovirt.plugins.module_utils.ansible_glue import credentials
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.session import Session
from ovirt_simulator.engine import schema
from ovirt_simulator.engine.schema import Base
from ovirt_simulator.site import SimulatedSite, Sites
from ovirt_simulator.storage import schema as storage_schema

THERE = {"recovery_source": "primary", "recovery_target": "secondary"}
BACK = {"recovery_source": "secondary", "recovery_target": "primary"}

Rows = dict[str, set[tuple[Any, ...]]]

# Records of what happened, sessions that nobody could end any more, and when something was last changed.
_HISTORY = {"audit_log", "job", "step", "command_entities", "sso_tokens"}
_TIMES = ("time", "_date", "updated", "modified", "generation", "started")


def tables(sites: Sites) -> Rows:
    """Return every row of every table of the engines, and of the arrays what lies on all volumes but copies.

    History and timestamps are left out.
    """
    found = {"stored": _stored(sites)}
    for name, site in sites.items():
        with site.engine.transaction() as context:
            for mapper in Base.registry.mappers:
                table = mapper.local_table.name  # type: ignore[attr-defined]
                if table not in _HISTORY:
                    found[f"{name}.{table}"] = set(_rows(context.db.query(mapper.class_).all(), mapper.class_))
    return found


def change(before: Rows, after: Rows) -> dict[str, tuple[set[Any], set[Any]]]:
    """Return for each table that is not as it was which rows are gone and which have come."""
    return {
        table: (before[table] - after[table], after[table] - before[table])
        for table in before
        if before[table] != after[table]
    }


def _rows(rows: Iterable[Any], kind: type[Any]) -> Iterator[tuple[Any, ...]]:
    columns = [one.key for one in inspect(kind).column_attrs if not any(word in one.key for word in _TIMES)]
    return (tuple((key, repr(getattr(row, key))) for key in columns) for row in rows)


def _stored(sites: Sites) -> set[tuple[Any, ...]]:
    with sites.storage.database.connect() as connection:

        def read(kind: type[Any]) -> list[dict[str, Any]]:
            return [dict(one) for one in connection.execute(select(kind.__table__)).mappings()]

        copies = {one["target_id"] for one in read(storage_schema.Replication)}
        found = [one for one in read(storage_schema.Volume) if one["id"] not in copies]
        for contents in (storage_schema.StoredImage, storage_schema.StoredDocument):
            found += [one for one in read(contents) if one["volume_id"] not in copies]
    return {tuple(row.items()) for row in found}


def workloads(site: SimulatedSite) -> dict[str, Any]:
    """Return the VMs and templates of a site field by field, with disks, NICs and domains, as its API shows them."""
    with Session(credentials({"auth": site.auth})) as engine:
        profiles = {part.id: part.text("name") for part in engine.parts("vnicprofiles")}
        disks = {part.id: part for part in engine.parts("disks")}
        domains = {part.id: (part.text("name"), part.flag("backup")) for part in engine.parts("storagedomains")}
        machines = {
            f"{kind}/{part.text('name')}": {
                "id": part.id,
                "status": part.text("status"),
                "description": part.text("description"),
                "memory": part.number("memory"),
                "ha": part.part("high_availability") and part.part("high_availability").text("enabled"),  # type: ignore[union-attr]
                "disks": sorted(
                    (
                        one.id,
                        one.flag("active"),
                        disks[one.id].text("alias"),
                        disks[one.id].text("format"),
                        disks[one.id].number("provisioned_size"),
                        [domains[place.id] for place in disks[one.id].parts("storage_domains")],
                    )
                    for one in part.parts("disk_attachments")
                ),
                "nics": sorted(
                    (
                        one.text("name") or "",
                        profiles.get(one.reference("vnic_profile") or ""),
                        one.part("mac") and one.part("mac").text("address"),  # type: ignore[union-attr]
                        one.flag("plugged"),
                    )
                    for one in part.parts("nics")
                ),
            }
            for kind in ("vms", "templates")
            for part in engine.parts(kind, follow="disk_attachments,nics")
        }
    return {"machines": machines, "domains": dict(domains.values())}


def running(site: SimulatedSite) -> set[str]:
    """Return the names of the VMs that run at a site."""
    with site.engine.transaction() as context:
        rows = context.db.query(schema.VmStatic).filter_by(entity_type="vm").all()
        return {row.name for row in rows if row.status == "up"}


def lose(sites: Sites, name: str) -> None:
    """Have a site's engine dead and its hosts off."""
    sites[name].hosts.fence()
    sites[name].stop()


def hand_storage_over(sites: Sites) -> None:
    """Have the arrays replicate from the secondary to the primary."""
    for volume in ("vault", "files"):
        sites.arrays.reverse(f"a-{volume}", f"b-{volume}")
