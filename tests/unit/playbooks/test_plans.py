# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks before the day: a plan from two living sites, and its preflight for each protection group."""

from __future__ import annotations

import json

from ovirt_simulator.engine.commands import ConnectStorageToVds
from ovirt_simulator.scenario import identifier

REPLICA = ("10.20.1.10", 3260, "10.20.1.10:3260,1", "iqn.2031-05.test.array-b:vault")


def test_a_generated_plan_is_judged_group_by_group(ansible_playbook, sites, tmp_path):
    sites.arrays.replicate()
    for host in ("west-h1", "west-h2"):
        sites["secondary"].engine.execute(ConnectStorageToVds(identifier("secondary", "host", host), *REPLICA))
    inventory = tmp_path / "dr.protection_groups.yml"
    inventory.write_text("plugin: lifeboat.ovirt.protection_groups\nplan: dr.yml\n")
    variables = {
        "recovery_plan": str(tmp_path / "dr.yml"),
        "recovery_sites": {name: {"auth": site.auth} for name, site in sites.items()},
        "recovery_source": "primary",
        "recovery_target": "secondary",
        "plan_domains": ["vault"],
    }
    code, shown = ansible_playbook("lifeboat.ovirt.generate_plan", "-e", json.dumps(variables))
    assert code == 0 and '"undecided": []' in shown, shown
    options = ["-e", json.dumps({**variables, "recovery_report": str(tmp_path / "reports")})]
    code, shown = ansible_playbook("lifeboat.ovirt.preflight", "-i", str(inventory), *options)
    assert code == 0 and "failover of dr from primary to secondary is ready, score 100" in shown, shown
    assert len(list((tmp_path / "reports").glob("preflight-vault-*"))) == 2
