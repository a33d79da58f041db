# SPDX-License-Identifier: GPL-3.0-or-later
"""NICs under requests that come at the same time."""

from __future__ import annotations

import pytest

from ovirt_simulator.engine import macs, schema
from ovirt_simulator.engine.command import Refusal
from ovirt_simulator.engine.commands import RemoveVmInterface, UpdateVmInterface
from ovirt_simulator.ovf.document import Nic
from ovirt_simulator.scenario import identifier
from ovirt_simulator.site import SimulatedSite

VM, NIC = (identifier("primary", kind, name) for kind, name in (("vm", "db"), ("nic", "db/nic1")))


def test_a_nic_that_another_request_has_removed_is_refused_not_an_internal_error(primary: SimulatedSite) -> None:
    primary.engine.execute(RemoveVmInterface(NIC, VM))
    for command in (RemoveVmInterface(NIC, VM), UpdateVmInterface(NIC, VM, {"linked": False})):
        with pytest.raises(Refusal, match="VM_INTERFACE_NOT_EXIST"):
            primary.engine.execute(command)


def test_the_lowest_free_addresses_are_given_first(primary: SimulatedSite) -> None:
    prefix = "56:6f:0a:00:00"
    with primary.engine.transaction() as context:
        for nic in context.db.query(schema.VmInterface):
            context.db.delete(nic)
        context.db.flush()
        for number, last in enumerate((0, 1, 3, 3, 5)):
            row = schema.VmInterface(id=f"n{number}", vm_id=VM, name=f"n{number}")
            row.mac = f"{prefix}:{last:02x}"
            context.db.add(row)
        context.db.flush()
        wanted = [Nic("", "", "", "", None)] * 3
        assert macs.assign(context, wanted, reassign_bad=False) == [f"{prefix}:{last:02x}" for last in (2, 4, 6)]
