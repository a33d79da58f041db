# SPDX-License-Identifier: GPL-3.0-or-later
"""A drill leaves no trace at either site, also when it is broken off, and never runs on a production network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from many_vms import write_plan
from ovirt_simulator.engine import schema
from ovirt_simulator.site import Sites
from playing import PUT_AWAY, plan_document
from site_facts import THERE, change, tables


def started(sites: Sites) -> list[str]:
    return [one.path for one in sites["secondary"].writes if one.path.endswith("/start")]


def test_a_drill_starts_the_vms_and_leaves_both_sites_as_they_were(sites: Sites, succeed: Callable[..., str]) -> None:
    before = tables(sites)
    succeed("drill", **THERE)
    assert len(started(sites)) == 2
    assert change(before, tables(sites)) == {}


def test_a_drill_that_fails_is_put_away_all_the_same(sites: Sites, procedure: Callable[..., tuple[int, str]]) -> None:
    before = tables(sites)
    sites["secondary"].mishaps.add("POST", "/vms/{id}/start", "status", status=409, detail="[no]")
    code, _output = procedure("drill", **THERE)
    assert code
    assert change(before, tables(sites)) == {}


def test_a_copy_that_got_no_name_before_its_drill_was_killed_is_known_by_its_place(
    sites: Sites, procedure: Callable[..., tuple[int, str]], succeed: Callable[..., str], tmp_path: Path
) -> None:
    before = tables(sites)
    document = plan_document()
    document["hooks"]["before"] = {"dismantle": "not_there.yml"}
    code, _output = procedure("drill", recovery_plan=write_plan(tmp_path / "plan.yml", document), **THERE)
    assert code, "it was to leave its copies"
    with sites["secondary"].engine.transaction() as context:
        context.db.query(schema.StorageDomainStatic).filter_by(name="files-drill").one().name = "files"
    succeed(PUT_AWAY, **THERE)
    assert change(before, tables(sites)) == {}


def test_a_nic_that_the_mapping_misses_never_reaches_a_production_network(
    sites: Sites, procedure: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    document = plan_document()
    document["mappings"][0]["vnic_profiles"] = []
    sites["secondary"].mishaps.add("PUT", "/vms/{id}/nics/{id}", "status", status=409, detail="[no]", times=0)
    code, output = procedure("drill", recovery_plan=write_plan(tmp_path / "plan.yml", document), **THERE)
    assert code and "could reach production" in output
    assert started(sites) == []
