# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can be the master of a data center."""

from __future__ import annotations

import pytest

from ovirt_simulator.engine import domains, schema
from ovirt_simulator.engine.commands import ShutdownVm, SwitchMasterStorageDomain
from ovirt_simulator.storage import arrays
from simulated_world import Site, World


def switch(site: Site, domain: str) -> SwitchMasterStorageDomain:
    return SwitchMasterStorageDomain(site.pool, site.id("domain", domain))


def master(site: Site) -> str | None:
    with site.look() as context:
        found = domains.master_of(context, site.pool)
        return found.name if found is not None else None


def elected(site: Site, during_reconstruct: bool, allow_inactive: bool, allow_current: bool) -> str | None:
    with site.look() as context:
        own = domains.find(context, site.id("domain", "east-data"))
        found = domains.elect_master(context, site.pool, own, during_reconstruct, allow_inactive, allow_current)
        return found.name if found is not None else None


def set_status(site: Site, status: str, *names: str) -> None:
    with site.look() as context:
        for name in names:
            context.db.get_one(schema.StoragePoolIsoMap, site.id("domain", name)).status = status


def mark_all(site: Site) -> None:
    with site.look() as context:
        for row in domains.of_pool(context, site.pool):
            row.backup = True


@pytest.mark.conforms("storage 5.6")
def test_the_role_is_switched_on_storage_and_in_the_engine(world: World) -> None:
    site = world.primary
    site.run(switch(site, "nfs-vault"))
    assert master(site) == "nfs-vault"
    assert (site.status("nfs-vault"), site.status("east-data")) == ("active", "active")
    assert 1480 in site.events()
    with world.arrays() as db:
        assert arrays.volume_named(db, "a-nfs-vault").master
        assert not arrays.volume_named(db, "a-east-data").master


def test_both_domains_are_locked_meanwhile(slow_world: World) -> None:
    site = slow_world.primary
    site.engine.execute(switch(site, "nfs-vault"))
    assert (site.status("nfs-vault"), site.status("east-data")) == ("locked", "locked")
    assert site.refused(switch(site, "vault")) == (409, ("ACTION_TYPE_FAILED_MASTER_ROLE_IS_BEING_SWITCHED",))
    slow_world.clock.sleep(60)
    assert master(site) == "nfs-vault"


@pytest.mark.conforms("storage 6.1 R8")
def test_a_backup_domain_is_refused_with_the_words_for_iso_domains(primary: Site) -> None:
    primary.run(primary.set_backup("nfs-vault"))
    message = "ACTION_TYPE_FAILED_ACTION_IS_SUPPORTED_ONLY_FOR_DATA_DOMAINS"
    assert primary.refused(switch(primary, "nfs-vault")) == (400, (message,))


@pytest.mark.conforms("storage 5.6")
def test_other_refusals(world: World) -> None:
    site = world.primary
    assert site.refused(SwitchMasterStorageDomain("none", "none"))[1] == ("ACTION_TYPE_FAILED_STORAGE_POOL_NOT_EXIST",)
    assert site.refused(SwitchMasterStorageDomain(site.pool, "none")) == (400, ("STORAGE_DOMAIN_DOES_NOT_EXIST",))
    assert site.refused(switch(site, "east-data"))[1] == ("ACTION_TYPE_FAILED_STORAGE_DOMAIN_ALREADY_MASTER",)
    set_status(site, "maintenance", "nfs-vault")
    assert site.refused(switch(site, "nfs-vault"))[1] == ("ACTION_TYPE_FAILED_STORAGE_DOMAIN_MUST_BE_ACTIVE",)
    site.set(schema.StoragePool, "data_center", "east", compatibility_version="4.4")
    message = "ACTION_TYPE_FAILED_SWITCH_MASTER_STORAGE_DOMAIN_NOT_SUPPORTED"
    assert site.refused(switch(site, "nfs-vault")) == (400, (message,))


@pytest.mark.conforms("storage 5.6")
def test_election_takes_who_was_master_longest_ago(primary: Site) -> None:
    names = ("vault", "east-nfs2", "nfs-vault", "mixed-block", "mixed-file")
    for age, name in enumerate(names):
        primary.set(schema.StorageDomainStatic, "domain", name, last_time_used_as_master=100.0 - age)
    assert elected(primary, False, False, False) == "mixed-file"


@pytest.mark.conforms("storage 6.1 R7")
def test_election_never_takes_a_backup_domain(primary: Site) -> None:
    primary.run(ShutdownVm(primary.id("vm", "web")))
    mark_all(primary)
    for flags in ((False, False, False), (True, False, False), (True, True, False)):
        assert elected(primary, *flags) is None


@pytest.mark.conforms("storage 5.6")
def test_election_may_keep_the_master_though_it_is_a_backup_domain(primary: Site) -> None:
    mark_all(primary)
    assert elected(primary, True, False, True) == "east-data"


@pytest.mark.parametrize(("allowed", "expected"), [(True, "nfs-vault"), (False, None)])
@pytest.mark.conforms("storage 5.6")
def test_election_takes_an_inactive_domain_only_where_it_may(
    primary: Site, allowed: bool, expected: str | None
) -> None:
    mark_all(primary)
    primary.set(schema.StorageDomainStatic, "domain", "nfs-vault", backup=False)
    set_status(primary, "inactive", "nfs-vault")
    assert elected(primary, False, allowed, False) == expected
