# SPDX-License-Identifier: GPL-3.0-or-later
"""Filling empty databases with a scenario's world, as if it had been running for a while."""

from __future__ import annotations

import uuid

from sqlalchemy.orm import Session

from . import scenario as spec
from .engine import domains, ovf_store, schema
from .engine.runtime import Context, Engine
from .exports import Exports
from .history import History
from .machines import Machines
from .scenario import Scenario, identifier
from .storage import arrays
from .storage.contents import Contents
from .storage.fabric import FilePlace, Storage, volume_group_id

_GIB = 1 << 30


def build_arrays(scenario: Scenario, storage: Storage, now: float) -> None:
    """Set the arrays up; nothing lies on them yet."""
    fabric = storage.open("", now)
    done = False
    try:
        for array in scenario.arrays:
            _build_array(fabric.db, array)
        for pair in scenario.replications:
            arrays.pair(fabric.db, pair.source, pair.target)
        done = True
    finally:
        fabric.close(commit=done)


def _build_array(db: Session, array: spec.Array) -> None:
    arrays.add_array(db, array.name, [(portal.address, portal.port) for portal in array.portals])
    for target in array.targets:
        arrays.add_target(db, array.name, target.iqn, target.username, target.password)
    for volume in array.volumes:
        row = arrays.add_volume(db, array.name, volume.name)
        for unit in volume.units:
            arrays.add_unit(db, array.name, unit.id, unit.size * _GIB, unit.target, row, unit.zoned_sites)
        if volume.export is not None:
            export = volume.export
            arrays.add_export(db, row, export.address, export.path, export.size * _GIB, export.kind)
    for unit in array.free_units:
        arrays.add_unit(db, array.name, unit.id, unit.size * _GIB, unit.target, None, unit.zoned_sites)


def build_site(scenario: Scenario, site: spec.Site, engine: Engine) -> None:
    """Fill a site's engine, and put its domains and disks on the arrays."""
    with engine.transaction() as context:
        _Builder(context, scenario, site).build()


class _Builder:
    def __init__(self, context: Context, scenario: Scenario, site: spec.Site) -> None:
        self.context = context
        self.db = context.db
        self.site = site
        self.ovf_stores = scenario.ovf_stores
        self.volumes = {volume.name: (array, volume) for array in scenario.arrays for volume in array.volumes}
        self.contents: dict[str, Contents] = {}
        self.hosts: dict[str, list[str]] = {}  # of a cluster

    def id(self, kind: str, name: str) -> str:
        return identifier(self.site.name, kind, name)

    def build(self) -> None:
        first, last = self.site.mac_range
        self.db.add(schema.MacPool(id=self.id("mac_pool", "Default"), range_from=first, range_to=last))
        blank = schema.BLANK_TEMPLATE
        self.db.add(schema.VmStatic(id=blank, entity_type="template", name="Blank", template_id=blank, status="ok"))
        for center in self.site.data_centers:
            self.data_center(center)
        for domain in self.site.domains:
            self.domain(domain)
        # First, while there are no other machines: the same VM may also be registered.
        Exports(self.context, self.site, self.contents).write()
        machines = Machines(self.context, self.site, self.contents)
        for index, machine in enumerate(self.site.templates):
            machines.add(machine, "template", index)
        for index, machine in enumerate(self.site.vms):
            machines.add(machine, "vm", index)
        machines.write()
        self.db.flush()
        for center in self.site.data_centers:
            domains.refresh_pool(self.context, self.id("data_center", center.name))
        History(self.context, self.site).write()
        if self.ovf_stores:
            ovf_store.update_all(self.context)
        for domain in self.site.domains:
            row = self.db.get_one(schema.StorageDomainStatic, self.id("domain", domain.name))
            domains.refresh_sizes(row, self.contents[domain.name])
        self.context.event(1, "The engine was started.")

    def data_center(self, center: spec.DataCenter) -> None:
        pool_id = self.id("data_center", center.name)
        self.db.add(schema.StoragePool(id=pool_id, name=center.name))
        for network in center.networks:
            network_id = self.id("network", network.name)
            self.db.add(schema.Network(id=network_id, name=network.name, storage_pool_id=pool_id))
            for profile in network.profiles or [network.name]:
                profile_id = self.id("profile", f"{network.name}/{profile}")
                self.db.add(schema.VnicProfile(id=profile_id, name=profile, network_id=network_id))
        for cluster in center.clusters:
            cluster_id = self.id("cluster", cluster.name)
            self.db.add(schema.Cluster(id=cluster_id, name=cluster.name, storage_pool_id=pool_id))
            for name in cluster.networks:
                self.db.add(schema.NetworkCluster(network_id=self.id("network", name), cluster_id=cluster_id))
            self.hosts[cluster.name] = [self.id("host", name) for name in cluster.hosts]
            for name in cluster.hosts:
                row = schema.Vds(id=self.id("host", name), name=name, address=f"{name}.test", cluster_id=cluster_id)
                self.db.add(row)
        self.db.flush()

    def domain(self, domain: spec.Domain) -> None:
        """Put a domain on its volume, and connect the hosts of its data center."""
        array, volume = self.volumes[domain.volume]
        row = schema.StorageDomainStatic(
            id=self.id("domain", domain.name),
            name=domain.name,
            description=domain.description,
            function=domain.function,
            master=domain.master,
            backup=domain.backup,
            storage_type=_type_of(volume),
        )
        pool_id = self.id("data_center", domain.data_center) if domain.data_center else None
        contents = self.write_domain(row, volume, pool_id)
        self.contents[domain.name] = contents
        hosts = [host.id for host in domains.up_hosts(self.context, pool_id)] if pool_id else []
        if volume.export is not None:
            place = FilePlace(volume.export.kind, volume.export.address, volume.export.path)
            self.file_connection(row, place)
            for host_id in hosts:
                self.context.storage.mount(host_id, place)
        else:
            self.block_connections(row, array, volume, hosts)
        if pool_id is not None:
            row.mapping = schema.StoragePoolIsoMap(storage_pool_id=pool_id, status="active")
        self.db.add(row)
        self.db.flush()

    def write_domain(self, row: schema.StorageDomainStatic, volume: spec.Volume, pool_id: str | None) -> Contents:
        fabric = self.context.storage
        place = arrays.volume_named(fabric.db, volume.name)
        if volume.export is None:
            row.volume_group_id = place.volume_group_id = volume_group_id(uuid.UUID(row.id))
        contents = Contents(fabric.db, place, self.context.now)
        contents.create_domain(
            row.id,
            domain_name=row.name,
            domain_description=row.description,
            function=row.function,
            storage_format="v5" if row.function == "data" else "v1",
            block_size=512,
            pool_id=pool_id,
            master=row.master,
        )
        fabric.db.flush()
        return contents

    def file_connection(self, row: schema.StorageDomainStatic, place: FilePlace) -> None:
        row.connection_id = self.id("connection", f"{place.address}:{place.path}")
        fields = {"type": place.kind, "address": place.address, "path": place.path}
        self.db.add(schema.StorageServerConnection(id=row.connection_id, **fields))
        self.db.flush()

    def block_connections(
        self, row: schema.StorageDomainStatic, array: spec.Array, volume: spec.Volume, hosts: list[str]
    ) -> None:
        targets = {target.iqn: target for target in array.targets}
        for unit in volume.units:
            self.db.add(schema.Lun(id=unit.id, volume_group_id=row.volume_group_id, size=unit.size * _GIB))
            self.db.flush()
            for portal in array.portals if unit.target is not None else ():
                target = targets[unit.target or ""]
                connection_id = self.connect(portal, target, hosts)
                self.db.add(schema.LunConnection(lun_id=unit.id, connection_id=connection_id))
        self.db.flush()

    def connect(self, portal: spec.Portal, target: spec.Target, hosts: list[str]) -> str:
        """Log hosts in over one portal, and return the engine's connection for that."""
        where = (portal.address, portal.port, target.iqn)
        for host_id in hosts:
            self.context.storage.login(host_id, *where, target.username, target.password)
        id_ = self.id("connection", f"{portal.address}:{portal.port},{target.iqn}")
        if self.db.get(schema.StorageServerConnection, id_) is None:
            row = schema.StorageServerConnection(
                id=id_,
                type="iscsi",
                address=portal.address,
                port=portal.port,
                portal=f"{portal.address}:{portal.port},1",
                target=target.iqn,
                username=target.username,
                password=target.password,
            )
            self.db.add(row)
            self.db.flush()
        return id_


def _type_of(volume: spec.Volume) -> str:
    if volume.export is not None:
        return volume.export.kind
    return "iscsi" if volume.units[0].target is not None else "fcp"
