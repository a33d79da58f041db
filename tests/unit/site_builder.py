# SPDX-License-Identifier: GPL-3.0-or-later
"""Small sites for the tests of rules and plans: one data center, and what a test adds to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.lifeboat.ovirt.plugins.module_utils.model.site import (
    Attachment,
    Cluster,
    DataCenter,
    Disk,
    Domain,
    Host,
    Site,
    Snapshot,
    Template,
    Vm,
    VmPool,
)

EAST = DataCenter("dc-east", "east", "up", (4, 7))
CLUSTER = Cluster("cl-east", "east-cl1", EAST.id)
HOST = Host("h-east", "east-h1", "up", CLUSTER.id)


def domain(name: str, **changes: Any) -> Domain:
    """Return an active data domain of the data center."""
    plain = Domain(f"sd-{name}", name, "data", "iscsi", "active", False, False, EAST.id, available=100 << 30)
    return replace(plain, **changes)


def disk(name: str, *domains: Domain, **changes: Any) -> Disk:
    """Return an image disk of 1 GiB on the given domains."""
    places = tuple(one.id for one in domains)
    plain = Disk(f"disk-{name}", name, "ok", "image", "data", False, places, actual_size=1 << 30)
    return replace(plain, **changes)


def vm(name: str, *disks: Disk, plugged: bool = True, **changes: Any) -> Vm:
    """Return a VM that is down, with the given disks."""
    attachments = tuple(Attachment(one.id, plugged) for one in disks)
    plain = Vm(f"vm-{name}", name, "down", "ovirt", CLUSTER.id, None, None, attachments)
    return replace(plain, **changes)


def snapshot(description: str, **changes: Any) -> Snapshot:
    """Return an ordinary snapshot without memory."""
    return replace(Snapshot(f"snap-{description}", description, "ok", "regular", False), **changes)


PREVIEW = snapshot("before-upgrade", status="in_preview")


def template(name: str, *disks: Disk) -> Template:
    """Return a template with the given disks."""
    return Template(f"tpl-{name}", name, "ok", CLUSTER.id, tuple(Attachment(one.id, True) for one in disks))


MASTER = domain("data", master=True)
OTHER = domain("other")
VAULT = domain("vault")


def site(*parts: Any, **changes: Any) -> Site:
    """Return a site of the data center, its master, `other` and `vault`, and whatever the test gives."""
    kinds = (Domain, Disk, Vm, Template, VmPool)
    by_type: dict[type, Any] = {kind: tuple(one for one in parts if isinstance(one, kind)) for kind in kinds}
    given = {one.id: one for one in by_type[Domain]}
    domains = {one.id: one for one in (MASTER, OTHER, VAULT)} | given
    plain = Site(
        data_centers=(EAST,),
        clusters=(CLUSTER,),
        hosts=(HOST,),
        domains=tuple(domains.values()),
        disks=by_type[Disk],
        vms=by_type[Vm],
        templates=by_type[Template],
        pools=by_type[VmPool],
    )
    return replace(plain, **changes)
