# SPDX-License-Identifier: GPL-3.0-or-later
"""NICs that came without a vNIC profile: no mapping fitted, and the engine says nothing of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..engine.bulk import each
from ..engine.errors import EngineError, Entity
from ..engine.session import Intent
from ..mapping import Profile
from .verify import Nic, Registered

if TYPE_CHECKING:
    from ..engine.session import Session


@dataclass(frozen=True)
class Repair:
    """One NIC and what is done to it: `unplug`, or `connect` to a profile."""

    vm_id: str
    vm: str
    nic_id: str
    nic: str
    action: str
    profile_id: str | None = None
    profile: str | None = None

    def as_result(self) -> dict[str, Any]:
        """Return it as a module reports it."""
        return {key: value for key, value in asdict(self).items() if key != "profile_id"}


def plan_repairs(
    vms: Sequence[Registered], profiles: Mapping[str, Profile], unplug: bool
) -> tuple[list[Repair], dict[str, EngineError]]:
    """Return what is to be done, and for each VM with a NIC that nothing can be done about, why it must not start.

    profiles: what to connect the NICs of a VM to, by its id. unplug: for VMs without such a profile.
    """
    repairs: list[Repair] = []
    failures: dict[str, EngineError] = {}
    for vm in vms:
        profile = profiles.get(vm.id)
        for nic in vm.bare_nics:
            if profile is not None:
                repairs.append(Repair(vm.id, vm.name, nic.id, nic.name, "connect", profile.id, str(profile)))
            elif unplug:
                repairs.append(Repair(vm.id, vm.name, nic.id, nic.name, "unplug"))
            else:
                failures.setdefault(vm.id, _unconnected(vm, vm.bare_nics))
    return repairs, failures


def carry_out(engine: Session, repairs: Sequence[Repair], concurrency: int) -> dict[str, EngineError]:
    """Do the repairs, those of a VM one after the other since they lock it; return the failures by VM."""
    by_vm: dict[str, list[Repair]] = {}
    for repair in repairs:
        by_vm.setdefault(repair.vm_id, []).append(repair)

    def mend(vm_id: str) -> None:
        for repair in by_vm[vm_id]:
            _mend(engine, repair)

    answers = each(engine, by_vm, mend, concurrency=concurrency)
    return {vm_id: answer for vm_id, answer in zip(by_vm, answers, strict=True) if isinstance(answer, EngineError)}


def _mend(engine: Session, repair: Repair) -> None:
    path = f"vms/{repair.vm_id}/nics/{repair.nic_id}"
    connect = repair.action == "connect"
    done = "connect" if connect else "unplug"
    intent = Intent(
        doing=f"{done} NIC {repair.nic} of VM {repair.vm}",
        entity=Entity("vm", repair.vm_id, repair.vm),
        landed=lambda: _is_mended(engine, path, repair),
    )
    change = {"vnic_profile": {"id": repair.profile_id}} if connect else {"plugged": False}
    engine.update(path, "nic", change, intent)


def _is_mended(engine: Session, path: str, repair: Repair) -> bool:
    nic = engine.get(path)
    if repair.action == "unplug":
        return nic.plugged is False
    return bool(nic.at("vnic_profile", "id") == repair.profile_id)


def _unconnected(vm: Registered, nics: Sequence[Nic]) -> EngineError:
    named = ", ".join(nic.name for nic in nics)
    return EngineError(
        "rejected",
        f"VM {vm.name} is registered, but its NIC {named} has no vNIC profile: no mapping fits",
        remedy="map its profile before the next recovery; now connect or unplug the NIC, for example with"
        " unmapped_networks or repair_profile",
        entity=Entity("vm", vm.id, vm.name),
    )
