# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of the recovery scenario, and the variables with which its procedures are played."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from ovirt_simulator import scenario
from ovirt_simulator.scenario import DataCenter, Scenario, load
from ovirt_simulator.site import Sites

PLAN = Path(__file__).parent / "plan" / "plan.yml"
PUT_AWAY = str(Path(__file__).parent / "plan" / "clean_up_drill.yml")
SCENARIO = Path(scenario.__file__).parent / "scenarios" / "recovery.yml"
CHAP = [
    {"target": f"iqn.2031-05.test.array-{array}:vault", "username": "vault-user", "password": "vault-secret"}
    for array in "ab"
]


def on_one_host() -> Scenario:
    """Return the scenario with one host at each site: on it VMs run in the same place whatever their order was."""
    made = load(SCENARIO)
    sites = [replace(site, data_centers=[_alone(one) for one in site.data_centers]) for site in made.sites]
    return replace(made, sites=sites)


def _alone(center: DataCenter) -> DataCenter:
    return replace(center, clusters=[replace(one, hosts=one.hosts[:1]) for one in center.clusters])


def plan_document() -> dict[str, Any]:
    """Return the plan as a document that can be changed and written to any folder."""
    document: dict[str, Any] = yaml.safe_load(PLAN.read_text(encoding="utf-8"))
    document["hooks"] = {name: str(PLAN.parent / path) for name, path in document["hooks"].items()}
    return document


def playbook_of(name: str) -> str:
    """Return what ansible-playbook calls the playbook of a procedure, or a file."""
    return name if name.endswith(".yml") else f"lifeboat.ovirt.{name}"


def variables(sites: Sites, **given: Any) -> dict[str, Any]:
    """Return the variables of a run: those given, and the usual ones. None leaves a variable to the inventory."""
    usual = {
        "recovery_plan": str(PLAN),
        "recovery_sites": {site: {"auth": sites[site].auth} for site in sites},
        "recovery_chap": CHAP,
        "recovery_poll_interval": 0.1,
    }
    return {name: value for name, value in {**usual, **given}.items() if value is not None}
