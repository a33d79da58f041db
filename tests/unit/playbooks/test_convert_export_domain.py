# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook that empties an export domain, as an operator runs it."""

from __future__ import annotations

import yaml

from exported import SCENARIO, id_of
from ovirt_simulator.engine import schema
from ovirt_simulator.site import simulated_sites

WANTED = {"convert_export_domain": "attic", "convert_target": "vault"}


def test_it_brings_what_it_can_names_the_rest_in_its_summary_and_goes_on_when_run_again(run_on, tmp_path):
    summary = tmp_path / "summary.yml"
    with simulated_sites(SCENARIO) as sites:
        site = sites["only"]
        with site.engine.transaction() as context:
            context.db.get_one(schema.VmStatic, id_of("vm", "here")).name = "plain"
        code, shown = run_on(site, "convert_export_domain", convert_report=str(summary), **WANTED)
        told = yaml.safe_load(summary.read_text(encoding="utf-8"))
        assert code != 0 and "the data center has a VM of the name plain" in shown
        assert told["counts"] == {"succeeded": 3, "failed": 1, "skipped": 0, "unknown": 0} and not told["retirable"]
        assert [one["name"] for one in told["failed"]] == ["plain"]
        again = {**WANTED, "convert_names": {"plain": "plain-old"}}
        code, shown = run_on(site, "convert_export_domain", convert_report=str(summary), **again)
        told = yaml.safe_load(summary.read_text(encoding="utf-8"))
        assert code == 0 and told["retirable"] and told["counts"]["skipped"] == 3, shown
