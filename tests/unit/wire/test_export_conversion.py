# SPDX-License-Identifier: GPL-3.0-or-later
"""A conversion that is cut off: by a lost answer, by time, by a copy that comes to nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from exported import SCENARIO, crowded, id_of
from ovirt_simulator.engine import schema
from ovirt_simulator.engine.commands import ImportVm
from ovirt_simulator.site import SimulatedSite, Sites, simulated_sites

WANTED = {"export_domain": "attic", "storage_domain": "vault", "names": {}, "exclude": []}
IMPORT = "/storagedomains/{domain}/vms/{vm}/import"


@pytest.fixture
def slow_sites(clock) -> Iterator[Sites]:
    """The site with an export domain, where copies take their time by the clock that the client sleeps by."""
    with simulated_sites(SCENARIO, profile="realistic", clock=clock, sleep=clock.sleep) as sites:
        yield sites


@pytest.fixture
def slow(slow_sites) -> SimulatedSite:
    return slow_sites["only"]


def convert(use, site, **options):
    return use(site, "export_domain_conversion", **{**WANTED, **options})


def imports(site):
    return [entry for entry in site.writes if entry.path.endswith("/import")]


def rows(site):
    """Return the status of each VM and template, the blank one left out."""
    with site.engine.transaction() as context:
        found = context.db.query(schema.VmStatic).filter(schema.VmStatic.id != schema.BLANK_TEMPLATE)
        return {row.name: row.status for row in found}


def test_fifty_vms_and_five_templates_come_and_an_interruption_is_made_good_by_running_again(use, clock):
    with simulated_sites(crowded(50, 5), clock=clock, sleep=clock.sleep) as sites:
        site = sites["only"]
        site.mishaps.add("POST", IMPORT, "status", at=21, times=0, status=503)
        with pytest.raises(EngineError) as caught:
            convert(use, site, concurrency=4)
        counts = caught.value.details["counts"]
        assert counts["succeeded"] == 25 and counts["unknown"] <= 4 and not caught.value.details["retirable"]
        assert len(rows(site)) == 25 and len(imports(site)) <= 29, "what is not begun is not asked for"
        site.mishaps.clear()
        site.requests.clear()
        second = convert(use, site, concurrency=4)
        assert second["counts"] == {"succeeded": 30, "failed": 0, "skipped": 25, "unknown": 0}
        assert second["retirable"] and len(imports(site)) == 30, "nothing is repeated"
        assert len(rows(site)) == 55 and set(rows(site).values()) == {"down", "ok"}
        site.requests.clear()
        third = convert(use, site)
        assert not third["changed"] and third["retirable"] and not imports(site)


def test_copies_that_were_not_awaited_are_awaited_by_the_next_run_and_not_repeated(use, slow):
    with pytest.raises(EngineError) as caught:
        convert(use, slow, timeout=1)
    assert caught.value.kind == "partial" and caught.value.details["counts"]["failed"] == 4
    begun = len(imports(slow))
    result = convert(use, slow)
    assert result["counts"]["failed"] == 0 and result["retirable"]
    assert begun + len([one for one in imports(slow)[begun:] if one.status == 202]) == 4


def test_what_somebody_else_imports_elsewhere_is_named(use, slow):
    plain = id_of("vm", "plain")
    places = (id_of("domain", "attic"), plain, "plain", plain, id_of("domain", "data"), id_of("cluster", "south-cl1"))
    slow.engine.execute(ImportVm(*places))
    with pytest.raises(EngineError, match="VM plain is there, but not on vault"):
        convert(use, slow, exclude=["golden", "layered", "thin"])
    assert not imports(slow)


def test_a_copy_under_way_that_comes_to_nothing_is_begun_anew(use, slow_sites, slow):
    plain = id_of("vm", "plain")
    places = (id_of("domain", "attic"), plain, "plain", plain, id_of("domain", "vault"), id_of("cluster", "south-cl1"))
    slow.engine.execute(ImportVm(*places))
    slow_sites.arrays.set_read_only("x-vault", True)
    with pytest.raises(EngineError, match="the copy of VM plain to vault failed"):
        convert(use, slow, exclude=["golden", "layered", "thin"])
    assert [entry.status for entry in imports(slow)] == [202] and "plain" not in rows(slow)
    slow_sites.arrays.set_read_only("x-vault", False)
    assert convert(use, slow)["counts"]["succeeded"] == 4


def test_a_lost_answer_is_no_failure_nothing_is_sent_again_and_all_copies_are_awaited(use, clock, slow):
    lost = slow.mishaps.add("POST", IMPORT, "reset_after")
    result = convert(use, slow)
    assert result["counts"]["succeeded"] == 4 and lost.seen == 3
    assert clock.passed > 20 and set(rows(slow).values()) == {"down", "ok"}


def test_a_lost_request_is_not_repeated_and_its_outcome_is_unknown(use, slow):
    lost = slow.mishaps.add("POST", IMPORT, "reset_before")
    with pytest.raises(EngineError) as caught:
        convert(use, slow)
    assert caught.value.details["counts"] == {"succeeded": 2, "failed": 1, "skipped": 0, "unknown": 1}
    assert lost.seen <= 2
