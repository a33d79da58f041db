# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the NICs of VMs allow a start: connected at all, and for a drill to the isolated profile and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..engine.bulk import each
from ..engine.errors import EngineError, Entity
from ..engine.session import Intent
from ..model.site import Vm

if TYPE_CHECKING:
    from ..engine.session import Parts, Session

BareNics = Literal["start", "refuse"]


@dataclass(frozen=True)
class Nic:
    """A NIC of a VM; profile_id is None for one that nothing connects."""

    id: str
    name: str
    plugged: bool
    profile_id: str | None


Nics = Mapping[str, Sequence[Nic]]


def nics_matter(isolated: Mapping[str, str] | None, bare_nics: BareNics) -> bool:
    """Return whether unfit looks at NICs at all, and so has to be given machines with theirs."""
    return isolated is not None or bare_nics == "refuse"


def unfit(
    engine: Session,
    machines: Parts,
    vms: Sequence[Vm],
    isolated: Mapping[str, str] | None,
    bare_nics: BareNics,
    concurrency: int,
) -> dict[str, EngineError]:
    """Return for the id of each VM that must not start why; NICs that are not isolated are changed first.

    isolated: `network` and `profile` of the only vNIC profile that the VMs may have; EngineError not_found for one that
    the engine does not have. machines: all VMs with their NICs as they were read; after a change they are read again.
    """
    if not vms or not nics_matter(isolated, bare_nics):
        return {}
    nics = _nics(machines)
    if isolated is None:
        return {
            vm.id: _bare(vm) for vm in vms if any(nic.plugged and not nic.profile_id for nic in nics.get(vm.id, ()))
        }
    profile = _profile_id(engine, isolated)
    strays = {vm: stray for vm in vms if (stray := [one for one in nics.get(vm.id, ()) if one.profile_id != profile])}
    if not strays:
        return {}
    outcomes = each(engine, strays, lambda vm: _isolate(engine, vm, strays[vm], profile), concurrency=concurrency)
    failures = {vm.id: error for vm, error in zip(strays, outcomes, strict=True) if isinstance(error, EngineError)}
    seen = _nics(engine.parts("vms", follow="nics", doing="read the NICs of the VMs"))
    for vm in strays:
        if any(nic.profile_id != profile for nic in seen.get(vm.id, ())):
            failures.setdefault(vm.id, _not_isolated(vm, isolated))
    return {vm.id: _stays_off(vm, failures[vm.id]) for vm in strays if vm.id in failures}


def _nics(machines: Parts) -> dict[str, list[Nic]]:
    return {
        part.id: [
            Nic(nic.id, nic.text("name") or nic.id, nic.flag("plugged"), nic.reference("vnic_profile"))
            for nic in part.parts("nics")
        ]
        for part in machines
    }


def _profile_id(engine: Session, wanted: Mapping[str, str]) -> str:
    networks = {part.id: part.text("name") for part in engine.parts("networks")}
    for part in engine.parts("vnicprofiles"):
        if (networks.get(part.reference("network") or ""), part.text("name")) == (wanted["network"], wanted["profile"]):
            return part.id
    raise EngineError(
        "not_found",
        f"vNIC profile {wanted['profile']} of network {wanted['network']} does not exist",
        remedy="make the isolated profile first; nothing was started",
    )


def _isolate(engine: Session, vm: Vm, strays: Sequence[Nic], profile_id: str) -> None:
    for nic in strays:
        path = f"vms/{vm.id}/nics/{nic.id}"
        intent = Intent(
            doing=f"put NIC {nic.name} of VM {vm.name} on the isolated profile",
            entity=Entity("vm", vm.id, vm.name),
            landed=lambda path=path: engine.get(path).at("vnic_profile", "id") == profile_id,  # type: ignore[misc]
        )
        engine.update(path, "nic", {"vnic_profile": {"id": profile_id}}, intent)


def _bare(vm: Vm) -> EngineError:
    return EngineError(
        "rejected",
        f"VM {vm.name} is not started: nothing connects one of its NICs",
        remedy="give the NIC a vNIC profile, or unplug it, then run again",
        entity=Entity("vm", vm.id, vm.name),
    )


def _not_isolated(vm: Vm, isolated: Mapping[str, str]) -> EngineError:
    message = f"VM {vm.name} has a NIC that is not on {isolated['network']}/{isolated['profile']}"
    return EngineError("rejected", message, entity=Entity("vm", vm.id, vm.name))


def _stays_off(vm: Vm, why: EngineError) -> EngineError:
    return EngineError(
        "rejected",
        f"VM {vm.name} is not started, since it could reach production: {why}",
        remedy=why.remedy or "see why its NIC could not be changed",
        entity=Entity("vm", vm.id, vm.name),
        unknown=why.unknown,
    )
