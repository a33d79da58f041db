# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine says 409 for a lock and for a refusal: the one is waited out, the other told at once."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ovirt_simulator.engine import schema
from ovirt_simulator.engine.commands import UpdateOvfStoreForStorageDomain
from ovirt_simulator.engine.commands.domain_deactivate import DeactivateStorageDomainWithOvfUpdate
from ovirt_simulator.engine.commands.vm_power import HibernateVm
from ovirt_simulator.mishaps import Entry
from ovirt_simulator.site import SimulatedSite
from wire_client import east

CENTER, NFS2, WEB = (east(*one) for one in (("data_center", "east"), ("domain", "east-nfs2"), ("vm", "web")))


def be(site: SimulatedSite, domain_id: str, *, status: str = "active", backup: bool = False) -> None:
    """Change a domain in the engine's database."""
    with site.engine.transaction() as context:
        row = context.db.get_one(schema.StorageDomainStatic, domain_id)
        row.backup, row.mapping.status = backup, status


def refused(entries: list[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.status == 409]


@pytest.fixture
def locked(busy_site) -> SimulatedSite:
    """That site with a backup domain that is on its way into maintenance."""
    be(busy_site, NFS2, backup=True)
    busy_site.engine.execute(DeactivateStorageDomainWithOvfUpdate(NFS2, CENTER))
    return busy_site


def test_a_domain_that_is_locked_by_work_loses_its_flag_when_the_lock_ends(use, clock, locked):
    result = use(locked, "backup_domain", storage_domains=["east-nfs2"], state="disabled")
    assert result["changed"]
    assert refused(locked.writes) == locked.writes[:-1] != []
    assert locked.writes[-1].status == 200
    assert 2 <= clock.passed < 10, "the OVF stores are written for two seconds"


def test_every_try_is_a_request_of_its_own(use, locked):
    use(locked, "backup_domain", storage_domains=["east-nfs2"], state="disabled")
    tries = [entry.correlation_id for entry in locked.writes]
    assert len(tries) == len(set(tries)) > 1


def test_a_vm_that_is_being_suspended_starts_when_that_is_over(use, clock, busy_site):
    busy_site.engine.execute(HibernateVm(WEB))
    result = use(busy_site, "vm_power", groups=[{"vms": ["web"]}])
    assert result["counts"]["succeeded"] == 1
    assert refused(busy_site.writes) == busy_site.writes[:-1] != []
    assert clock.passed >= 3, "its memory is written for three seconds"


def test_a_domain_whose_ovf_store_is_being_written_leaves_when_that_job_ends(use, clock, busy_site):
    busy_site.engine.execute(UpdateOvfStoreForStorageDomain(NFS2))
    result = use(busy_site, "storage_domain_state", storage_domains=["east-nfs2"], state="maintenance")
    assert result["changed"]
    assert len(refused(busy_site.writes)) == len(busy_site.writes) - 2 > 0, "no state shows this lock, only the job"


def test_a_domain_that_is_on_its_way_is_waited_for(use, clock, locked):
    result = use(locked, "storage_domain_state", storage_domains=["east-nfs2"], state="unattached")
    assert [step["action"] for step in result["steps"]] == ["detach"]
    assert not refused(locked.writes) and clock.passed >= 5, "the deactivation takes five seconds"


def test_a_domain_that_is_on_its_way_to_the_wanted_state_needs_nothing(use, locked):
    result = use(locked, "storage_domain_state", storage_domains=["east-nfs2"], state="maintenance")
    assert not result["changed"] and result["counts"]["skipped"] == 1 and not locked.writes


def test_a_master_is_detached_when_another_domain_has_taken_over(use, busy_site):
    result = use(busy_site, "storage_domain_state", storage_domains=["east-data"], state="unattached")
    assert result["counts"]["succeeded"] == 1 and busy_site.writes[-1].status == 200


def test_a_lock_that_outlasts_the_deadline_is_a_conflict(use, clock, primary):
    be(primary, NFS2, status="locked", backup=True)
    with pytest.raises(EngineError) as caught:
        use(primary, "backup_domain", storage_domains=["east-nfs2"], state="disabled")
    assert (caught.value.kind, caught.value.unknown) == ("conflict", False)
    assert refused(primary.writes) == primary.writes and len(primary.writes) > 1
    assert 170 <= clock.passed <= 180, "the deadline of a change"


def test_a_refused_detach_is_told_at_once(use, clock, primary):
    primary.mishaps.add("DELETE", "/datacenters/{dc}/storagedomains/{domain}", "status", status=409, detail="[no]")
    with pytest.raises(EngineError) as caught:
        use(primary, "storage_domain_state", storage_domains=["east-nfs2"], state="unattached")
    assert caught.value.details["counts"]["failed"] == 1
    assert [(entry.method, entry.status) for entry in primary.writes][-1] == ("DELETE", 409)
    assert clock.passed == 0


def test_a_refused_activation_is_told_at_once(use, clock, primary):
    primary.engine.execute(DeactivateStorageDomainWithOvfUpdate(NFS2, CENTER))
    be(primary, east("domain", "east-data"), status="inactive")
    with pytest.raises(EngineError) as caught:
        use(primary, "storage_domain_state", storage_domains=["east-nfs2"])
    assert caught.value.details["counts"]["failed"] == 1
    assert [(entry.method, entry.status) for entry in primary.writes] == [("POST", 409)]
    assert clock.passed == 0
