# SPDX-License-Identifier: GPL-3.0-or-later
"""A planned migration, a failback and a drill, disturbed at every request."""

from __future__ import annotations

import pytest
from disturbance import World
from role_play import carry_out

from many_vms import write_plan
from ovirt_simulator.site import simulated_sites
from playing import on_one_host, plan_document, variables
from site_facts import BACK, THERE, hand_storage_over, lose, workloads


@pytest.fixture
def began(clock):
    """Return a function that makes a world of the recovery scenario, after what it is given has worked on the sites."""

    def make(*preparing):
        with simulated_sites(on_one_host(), clock=clock, sleep=clock.sleep) as sites:
            sites.arrays.replicate()
            for prepare in preparing:
                prepare(sites)
            return World(sites.snapshot(), clock)

    return make


@pytest.fixture
def procedure(play):
    """Return a function that makes an operation of a procedure of the plan."""

    def make(name, **given):
        def run(auth):
            options = variables({}, **given)
            options["recovery_sites"] = {site: {"auth": one} for site, one in auth.items()}
            return carry_out(play, name, options.pop("recovery_sites"), **options)

        return run

    return make


def test_migrating_as_planned(withstands, began, procedure):
    withstands(procedure("planned_migration", **THERE), began())


def test_a_vm_keeps_all_its_disks_when_one_of_its_domains_fails_to_leave_at_first(began, procedure):
    migration = procedure("planned_migration", **THERE)
    with began().sites() as sites:
        auth = {name: site.auth for name, site in sites.items()}
        mishaps = sites["primary"].mishaps
        rule = mishaps.add("POST", "/datacenters/{id}/storagedomains/{id}/deactivate", "status", status=409)
        first = migration(auth)
        assert first["failed"] and rule.seen
        mishaps.clear()
        assert not migration(auth).get("failed")
        disks = workloads(sites["secondary"])["machines"]["vms/web"]["disks"]
    assert len(disks) == 2


def test_failing_back(withstands, began, procedure):
    def failed_over(sites):
        lose(sites, "primary")
        auth = {name: site.auth for name, site in sites.items()}
        result = procedure("failover", recovery_fenced="primary", **THERE)(auth)
        assert not result.get("failed"), result
        sites["primary"].restart()
        sites["primary"].hosts.recover()
        hand_storage_over(sites)

    withstands(procedure("failback", recovery_power_off=True, **BACK), began(failed_over))


def test_drilling(withstands, began, procedure, tmp_path):
    document = plan_document()
    # What a drill has written to copies goes with them.
    document["hooks"]["remove_copies"] = document["hooks"]["present_copies"]
    drill = procedure("drill", recovery_plan=write_plan(tmp_path / "plan.yml", document), **THERE)
    # It brings the copies in and puts them away each time.
    withstands(lambda auth: {**drill(auth), "changed": False}, began())


def test_a_drill_puts_away_what_an_earlier_one_has_left_and_starts_all_anew(began, procedure):
    drill = procedure("drill", **THERE)
    with began().sites() as sites:
        auth = {name: site.auth for name, site in sites.items()}
        mishaps = sites["secondary"].mishaps
        rule = mishaps.add("POST", "/datacenters/{id}/storagedomains/{id}/deactivate", "status", status=409, times=0)
        assert drill(auth)["failed"] and rule.seen, "it was to leave its copies"
        first = _brought_in(sites)
        mishaps.clear()
        assert not drill(auth).get("failed")
        assert _brought_in(sites) == sorted(first + first)


def _brought_in(sites):
    """Return what was imported, registered and started at the secondary, as paths."""
    writes = sites["secondary"].writes
    return sorted(one.path for one in writes if one.path.endswith(("api/storagedomains", "/register", "/start")))
