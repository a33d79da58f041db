# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks, vNIC profiles and NICs."""

from __future__ import annotations

from collections.abc import Iterable

from ovirtsdk4 import types

from ...engine import schema
from .values import choice, made, reference

_PASS_THROUGH = {False: types.VnicPassThroughMode.DISABLED, True: types.VnicPassThroughMode.ENABLED}


def networks(rows: Iterable[schema.Network], in_cluster: bool = False) -> list[types.Network]:
    """Return networks; below a cluster they have a status."""
    return [
        types.Network(
            id=row.id,
            name=row.name,
            description=row.description,
            comment=row.comment,
            data_center=reference(types.DataCenter, row.storage_pool_id),
            mtu=row.mtu,
            vlan=types.Vlan(id=row.vlan_id) if row.vlan_id is not None else None,
            stp=False,
            usages=[types.NetworkUsage.VM],
            status=types.NetworkStatus.OPERATIONAL if in_cluster else None,
        )
        for row in rows
    ]


def vnic_profiles(rows: Iterable[schema.VnicProfile]) -> list[types.VnicProfile]:
    """Return vNIC profiles."""
    return [
        types.VnicProfile(
            id=row.id,
            name=row.name,
            network=reference(types.Network, row.network_id),
            description=row.description,
            pass_through=types.VnicPassThrough(mode=_PASS_THROUGH[row.pass_through]),
            port_mirroring=row.port_mirroring,
            migratable=row.migratable,
        )
        for row in rows
    ]


def nics(rows: Iterable[schema.VmInterface], of_template: bool = False) -> list[types.Nic]:
    """Return the NICs of a VM or template."""
    return [
        made(
            types.Nic,
            id=row.id,
            name=row.name,
            interface=choice(types.NicInterface, row.model),
            linked=row.linked,
            plugged=row.plugged,
            mac=made(types.Mac, address=row.mac) if row.mac else None,
            vnic_profile=reference(types.VnicProfile, row.vnic_profile_id) if row.vnic_profile_id else None,
            vm=None if of_template else reference(types.Vm, row.vm_id),
            template=reference(types.Template, row.vm_id) if of_template else None,
        )
        for row in rows
    ]
