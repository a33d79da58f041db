# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking at VMs on their way: one read for all of them, and a knock at a port where that is what counts."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..engine.bulk import each
from ..model.site import Vm
from .board import Sight
from .plan import Group

if TYPE_CHECKING:
    from ..engine.parts import Part
    from ..engine.session import Session

# Up to so many are asked for by id; beyond that the whole list is the smaller request.
_FEW = 20
_KNOCK = 2.0


def look(engine: Session, vms: Sequence[Vm], group: Group) -> dict[str, Sight]:
    """Return what there is to see of some VMs of a group; one that the engine does not have any more is left out."""
    wanted = {vm.id for vm in vms}
    search = " or ".join(f"id={id_}" for id_ in sorted(wanted)) if len(wanted) <= _FEW else None
    follow = None if group.ready == "up" else "reported_devices"
    found = {
        part.id: part
        for part in engine.parts("vms", doing="look at the VMs", search=search, follow=follow)
        if part.id in wanted
    }
    if group.ready == "up":
        return {id_: Sight(part.text("status")) for id_, part in found.items()}
    addresses = {id_: _addresses(part) for id_, part in found.items() if part.text("status") == "up"}
    if group.ready == "agent":
        return {id_: Sight(part.text("status"), bool(addresses.get(id_))) for id_, part in found.items()}
    knocks = each(engine, addresses.values(), lambda known: _answers(known, group.port or 0))
    answering = dict(zip(addresses, knocks, strict=True))
    return {id_: Sight(part.text("status"), answering.get(id_) is True) for id_, part in found.items()}


def _addresses(part: Part) -> list[str]:
    """Return the addresses that the guest agent tells."""
    ips = (ip for device in part.parts("reported_devices") for ip in device.parts("ips"))
    return [address for ip in ips if (address := ip.text("address"))]


def _answers(addresses: Sequence[str], port: int) -> bool:
    for address in addresses:
        try:
            with socket.create_connection((address, port), timeout=_KNOCK):
                return True
        except OSError:
            continue
    return False
