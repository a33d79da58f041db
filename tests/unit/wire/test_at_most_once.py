# SPDX-License-Identifier: GPL-3.0-or-later
"""A change arrives once, whatever becomes of its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ovirt_simulator.engine.commands.domain_add import AddExistingBlockStorageDomain
from ovirt_simulator.engine.commands.domain_attach import AttachStorageDomainToPool
from ovirt_simulator.engine.commands.domain_deactivate import DeactivateStorageDomainWithOvfUpdate
from ovirt_simulator.engine.commands.vm_power import ShutdownVm
from ovirt_simulator.site import Sites
from wire_client import east, west

PORTAL = {"address": "10.20.1.10", "port": 3260}
TARGET = "iqn.2031-05.test.array-b:vault"
VAULT = {"id": east("domain", "vault"), "storage_type": "iscsi", "backup": True}
NFS_PLACE = {"storage_type": "nfs", "address": "nfs.array-b.test", "path": "/vault", "backup": True}
QUICK = {"poll_interval": 0.01}


def quiet(sites: Sites) -> None:
    """Have no VM running that uses the vault."""
    sites["primary"].engine.execute(ShutdownVm(east("vm", "web")))


def idle(sites: Sites) -> None:
    """Have a domain in maintenance."""
    primary = sites["primary"].engine
    primary.execute(DeactivateStorageDomainWithOvfUpdate(east("domain", "east-nfs2"), east("data_center", "east")))


def replicated(sites: Sites) -> None:
    """Have the vaults' replicas in reach of the secondary site's hosts."""
    quiet(sites)
    sites.arrays.replicate()
    with sites["secondary"].engine.transaction() as context:
        for host in ("west-h1", "west-h2"):
            context.storage.login(west("host", host), PORTAL["address"], PORTAL["port"], TARGET, None, None)


def spare(sites: Sites) -> None:
    """Have a free logical unit in sight."""
    with sites["primary"].engine.transaction() as context:
        where = (east("host", "east-h1"), "10.10.1.10", 3260, "iqn.2031-05.test.array-a:spare")
        context.storage.login(*where, None, None)


def imported(sites: Sites) -> None:
    """Have the vault at the secondary site, where nothing on it is registered yet."""
    replicated(sites)
    secondary = sites["secondary"].engine
    secondary.execute(AddExistingBlockStorageDomain(VAULT["id"], west("host", "west-h1"), {"storage_type": "iscsi"}))
    secondary.execute(AttachStorageDomainToPool(VAULT["id"], west("data_center", "west")))


@dataclass(frozen=True)
class Change:
    """One kind of changing request, and the call of a module that sends it.

    path: as mishaps name it. shows: whether the state shows afterwards that it was carried out.
    """

    method: str
    path: str
    module: str
    options: Mapping[str, Any]
    site: str = "primary"
    given: Callable[[Sites], None] = quiet
    shows: bool = True

    def __str__(self) -> str:
        return f"{self.module} {self.method} {self.path}"


def bring_in(method: str, path: str, domain: dict[str, Any]) -> Change:
    options = {"storage_domains": [domain], "data_center": "west", "take_over": True, **QUICK}
    return Change(method, path, "storage_domain_import", options, site="secondary", given=replicated)


def switch(method: str, path: str, vm: str, state: str) -> Change:
    options = {"groups": [{"name": "all", "vms": [vm]}], "state": state, **QUICK}
    return Change(method, path, "vm_power", options, given=lambda sites: None)


def transfer_of(method: str, path: str, **names: list[str]) -> Change:
    options = {"method": "move", "storage_domains": ["vault"], "allow_non_backup": True, **names, **QUICK}
    # Nothing that can be read tells when an OVF store was written: its job has to.
    return Change(method, path, "backup_transfer", options, shows="updateovfstore" not in path)


def move_domain(method: str, path: str, state: str, given: Callable[[Sites], None] = quiet) -> Change:
    # By its id, a domain that is gone is no mistake.
    options = {"storage_domains": [east("domain", "east-nfs2")], "state": state, **QUICK}
    return Change(method, path, "storage_domain_state", options, given=given)


LANS = {place: {"network": f"{place}-lan", "profile": f"{place}-lan"} for place in ("east", "west")}
MAPPING = {"version": 1, "vnic_profiles": [{"source": LANS["east"], "target": LANS["west"]}]}
REGISTER = {"storage_domains": ["vault"], "cluster": "west-cl1", "mapping": MAPPING}
LOGIN = {"host": "west-h1", "targets": [{"target": TARGET, **PORTAL}]}
NEW = {"name": "new", "storage_type": "iscsi", "logical_units": ["3600a0980000000000000000000000a21"]}
MAKE = {"storage_domains": [NEW], "data_center": "east", **QUICK}
ATTACHED = "/datacenters/{center}/storagedomains"
WAITING = "/storagedomains/{domain}/vms/{vm}"
CHANGES = [
    Change("PUT", "/storagedomains/{domain}", "backup_domain", {"storage_domains": ["vault"]}),
    bring_in("POST", "/storagedomains", VAULT),
    bring_in("POST", "/storagedomains", {**NFS_PLACE, "id": east("domain", "nfs-vault")}),
    bring_in("POST", ATTACHED, VAULT),
    bring_in("PUT", "/storagedomains/{domain}", {**NFS_PLACE, "id": east("domain", "nfs-vault"), "name": "renamed"}),
    bring_in("POST", "/storagedomains", {**NFS_PLACE, "identity": "any"}),
    switch("POST", "/vms/{vm}/start", "db", "running"),
    switch("POST", "/vms/{vm}/shutdown", "web", "stopped"),
    transfer_of("POST", "/disks/{disk}/move", vms=["db"]),
    transfer_of("POST", "/disks/{disk}/copy", templates=["base"]),
    transfer_of("DELETE", "/storagedomains/{domain}/disks/{disk}", templates=["base"]),
    transfer_of("POST", "/storagedomains/{domain}/updateovfstore", vms=["db"]),
    Change("POST", f"{WAITING}/register", "entity_registration", REGISTER, site="secondary", given=imported),
    move_domain("POST", f"{ATTACHED}/{{domain}}/deactivate", "removed"),
    move_domain("DELETE", f"{ATTACHED}/{{domain}}", "removed"),
    move_domain("DELETE", "/storagedomains/{domain}", "removed"),
    move_domain("POST", f"{ATTACHED}/{{domain}}/activate", "active", given=idle),
    Change("POST", "/storagedomains", "storage_domain_create", MAKE, given=spare),
    Change("POST", "/hosts/{host}/iscsilogin", "iscsi_login", LOGIN, site="secondary"),
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_lost_answer_is_no_failure_and_nothing_is_sent_again(play, sites, change):
    change.given(sites)
    site = sites[change.site]
    lost = site.mishaps.add(change.method, change.path, "reset_after")
    result = play(change.module, auth=site.auth, **change.options)
    assert not result.get("failed"), result
    assert result["changed"]
    assert {one["outcome"] for one in result.get("entities", ())} <= {"succeeded"}
    assert lost.seen == 1
    assert any(entry.path.endswith("/jobs") for entry in site.requests) != change.shows
    again = play(change.module, auth=site.auth, **change.options)
    assert not again["changed"] and not again.get("failed")


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_lost_request_is_not_repeated_and_its_outcome_is_told_to_be_unknown(use, clock, sites, change):
    change.given(sites)
    site = sites[change.site]
    lost = site.mishaps.add(change.method, change.path, "reset_before", times=0)
    with pytest.raises(EngineError, match="it is unknown whether it did this") as caught:
        use(site, change.module, **change.options)
    error = caught.value
    outcomes = {one["outcome"] for one in error.details.get("entities", ())}
    assert error.unknown and error.remedy
    assert error.kind == ("partial" if outcomes else "unreachable")
    assert not outcomes or "unknown" in outcomes and "failed" not in outcomes
    assert lost.seen == 1
    assert site.writes[-1].status is None, "nothing that builds on the lost request may follow it"
    assert clock.passed >= 15, "a lost request may take its time to show"
