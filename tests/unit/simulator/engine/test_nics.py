# SPDX-License-Identifier: GPL-3.0-or-later
"""NICs under requests that come at the same time."""

from __future__ import annotations

import pytest

from ovirt_simulator.engine.command import Refusal
from ovirt_simulator.engine.commands import RemoveVmInterface, UpdateVmInterface
from ovirt_simulator.scenario import identifier
from ovirt_simulator.site import SimulatedSite

VM, NIC = (identifier("primary", kind, name) for kind, name in (("vm", "db"), ("nic", "db/nic1")))


def test_a_nic_that_another_request_has_removed_is_refused_not_an_internal_error(primary: SimulatedSite) -> None:
    primary.engine.execute(RemoveVmInterface(NIC, VM))
    for command in (RemoveVmInterface(NIC, VM), UpdateVmInterface(NIC, VM, {"linked": False})):
        with pytest.raises(Refusal, match="VM_INTERFACE_NOT_EXIST"):
            primary.engine.execute(command)
