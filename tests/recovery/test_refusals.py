# SPDX-License-Identifier: GPL-3.0-or-later
"""What must not happen does not: no request to the other site before the fence, no drill on production storage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from many_vms import write_plan
from ovirt_simulator.site import Sites
from playing import plan_document
from site_facts import BACK, THERE, lose, running


def test_a_failover_while_the_primary_holds_the_domains_is_refused_and_sends_nothing(
    sites: Sites, procedure: Callable[..., tuple[int, str]]
) -> None:
    code, output = procedure("failover", recovery_fenced="primary", **THERE)
    assert code and "still holds the storage domains" in output
    assert sites["secondary"].requests == []


def test_a_failover_from_a_silent_site_that_nobody_declared_fenced_is_refused_and_sends_nothing(
    sites: Sites, procedure: Callable[..., tuple[int, str]]
) -> None:
    sites["primary"].stop()
    code, output = procedure("failover", **THERE)
    assert code and "does not prove that its hosts no longer write" in output
    assert sites["secondary"].requests == []


@pytest.mark.parametrize("name", ["failover", "planned_migration", "failback", "drill"])
def test_check_mode_prints_the_steps_and_changes_nothing(sites: Sites, succeed: Callable[..., str], name: str) -> None:
    if name == "failover":
        sites["primary"].stop()
    output = succeed(name, "--check", recovery_fenced="primary", **THERE)
    assert "import vault" in output and "start databases" in output
    for site in sites:
        changed = [one for one in sites[site].writes if not one.path.startswith("/ovirt-engine/s")]
        assert [one for one in changed if not one.path.endswith(("iscsidiscover", "discoveriscsi"))] == []


def test_a_drill_at_a_site_that_uses_the_storage_itself_is_refused_and_touches_nothing(
    sites: Sites, procedure: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    document = plan_document()
    document["sites"]["primary"]["drill"] = {"network": "east-lan", "profile": "east-lan"}
    before = running(sites["primary"])
    code, output = procedure("drill", recovery_plan=write_plan(tmp_path / "plan.yml", document), **BACK)
    assert code and "storage domains of the plan itself" in output
    assert running(sites["primary"]) == before
    assert [one for one in sites["primary"].writes if not one.path.startswith("/ovirt-engine/s")] == []


def test_nobody_hands_over_from_a_site_that_has_only_returned(
    sites: Sites, procedure: Callable[..., tuple[int, str]], succeed: Callable[..., str]
) -> None:
    sites.arrays.replicate()
    lose(sites, "primary")
    succeed("failover", recovery_fenced="primary", **THERE)
    sites["primary"].restart()
    sites["primary"].hosts.recover()
    writes = [one.path for one in sites["secondary"].writes if not one.path.startswith("/ovirt-engine/s")]
    for name, says in (("failback", "secondary is to be cleaned, yet"), ("planned_migration", "Both primary and")):
        code, output = procedure(name, recovery_power_off=True, **THERE)
        assert code and says in output, output[-6000:]
    assert running(sites["secondary"]) == {"db", "web"}
    assert [one.path for one in sites["secondary"].writes if not one.path.startswith("/ovirt-engine/s")] == writes


def test_a_returned_site_writes_to_no_storage_that_the_other_one_uses_but_can_forget_it(
    sites: Sites, procedure: Callable[..., tuple[int, str]], succeed: Callable[..., str], tmp_path: Path
) -> None:
    document = plan_document()
    placements = document["groups"]["shop"]["domains"]["files"]["sites"]
    placements["secondary"] = placements["primary"]
    plan = write_plan(tmp_path / "plan.yml", document)
    sites.arrays.replicate()
    lose(sites, "primary")
    succeed("failover", recovery_plan=plan, recovery_fenced="primary", **THERE)
    sites["primary"].restart()
    sites["primary"].hosts.recover()
    code, output = procedure("failback", recovery_plan=plan, recovery_power_off=True, **BACK)
    assert code and "in use at secondary: nfs.array-a.test:/files." in output, output[-6000:]
    assert running(sites["secondary"]) == {"db", "web"}
    assert [one for one in sites["primary"].writes if not one.path.startswith("/ovirt-engine/s")] == []

    sites.arrays.reverse("a-vault", "b-vault")
    for domain in ("vault", "files"):
        sites["primary"].hosts.set_storage(domain, False)
    given = {"recovery_plan": plan, "recovery_power_off": True, "recovery_clean_up": "destroyed", **BACK}
    code, output = procedure("failback", **given)
    assert code and "phase release" in output, "it has forgotten them; the other site does not see the storage, either"
    sites.arrays.set_export("nfs.array-a.test", "/files", True)
    for address in ("10.10.1.10", "10.10.1.11"):
        sites.arrays.set_portal(address, True)
    sites["secondary"].hosts.monitor()
    succeed("failback", **given)
    assert running(sites["primary"]) == {"db", "web"}


def test_a_search_finds_what_it_found_while_the_source_was_alive_and_the_age_of_data_may_stay_unknown(
    sites: Sites, procedure: Callable[..., tuple[int, str]], succeed: Callable[..., str], tmp_path: Path
) -> None:
    sites["primary"].stop()
    document = {**plan_document(), "hooks": {"rpo": "gone.yml"}}
    document["groups"]["shop"]["vms"] = {"search": "tag=dr"}
    given = {"recovery_plan": write_plan(tmp_path / "plan.yml", document), "recovery_fenced": "primary", **THERE}
    code, output = procedure("failover", "--check", **given)
    assert code and "give the manifest" in output
    found = {"version": 1, "written": "2031-05-04T03:00:00+00:00", "entities": [], "searches": {"shop": ["batch"]}}
    kept = write_plan(tmp_path / "manifest.yml", found)
    output = succeed("failover", "--check", recovery_manifest=kept, **given)
    assert "register batch, db, web of vault" in output
    assert "Nobody has told how old the data is" in output, "which keeps nobody from recovering"
