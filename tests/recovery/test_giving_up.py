# SPDX-License-Identifier: GPL-3.0-or-later
"""A planned migration that is given up: the procedure turned round has everything run again where it ran."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from many_vms import write_plan
from ovirt_simulator.site import SimulatedSite, Sites
from playing import plan_document
from site_facts import BACK, THERE, running, workloads


def marked(site: SimulatedSite) -> set[str]:
    """Return the names of the VMs and templates that bear a note."""
    return {
        name for name, one in workloads(site)["machines"].items() if "[lifeboat.ovirt" in (one["description"] or "")
    }


@pytest.mark.parametrize("phase", ["release", "find"])
def test_turned_round_it_starts_what_ran_and_leaves_no_note_of_it(
    sites: Sites, procedure: Callable[..., tuple[int, str]], succeed: Callable[..., str], tmp_path: Path, phase: str
) -> None:
    east = sites["primary"]
    before, ran = workloads(east), running(east)
    document = plan_document()
    document["hooks"]["before"] = {phase: "not_there.yml"}
    broken_off = write_plan(tmp_path / "plan.yml", document)
    code, _output = procedure("planned_migration", recovery_plan=broken_off, **THERE)
    assert code and not running(east)

    succeed("planned_migration", **BACK)
    assert running(east) == ran == {"db", "web", "cache"}
    assert marked(east) == set()
    assert workloads(east) == before
