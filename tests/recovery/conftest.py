# SPDX-License-Identifier: GPL-3.0-or-later
"""The procedures of recovery, played by ansible-playbook on simulated sites."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ovirt_simulator import scenario
from ovirt_simulator.site import Sites, simulated_sites
from playbooks.conftest import ansible_playbook

__all__ = ["ansible_playbook"]

PLAN = Path(__file__).parent / "plan" / "plan.yml"
SCENARIO = Path(scenario.__file__).parent / "scenarios" / "recovery.yml"
CHAP = [
    {"target": f"iqn.2031-05.test.array-{array}:vault", "username": "vault-user", "password": "vault-secret"}
    for array in "ab"
]

Procedure = Callable[..., tuple[int, str]]


@pytest.fixture
def sites() -> Iterator[Sites]:
    """Return the sites of the recovery scenario."""
    with simulated_sites(SCENARIO) as both:
        yield both


@pytest.fixture
def given(sites: Sites) -> Callable[..., dict[str, Any]]:
    """Return a function that returns the variables of a run: those given, and the usual ones."""

    def give(**variables: Any) -> dict[str, Any]:
        usual = {
            "recovery_plan": str(PLAN),
            "recovery_sites": {site: {"auth": sites[site].auth} for site in sites},
            "recovery_chap": CHAP,
            "recovery_poll_interval": 0.1,
        }
        # None leaves a variable to the inventory.
        return {name: value for name, value in {**usual, **variables}.items() if value is not None}

    return give


@pytest.fixture
def procedure(given: Callable[..., dict[str, Any]], ansible_playbook: Callable[..., tuple[int, str]]) -> Procedure:
    """Return a function that plays a procedure of the plan and returns exit code and output."""

    def play(name: str, *options: str, **variables: Any) -> tuple[int, str]:
        code, output = ansible_playbook(f"lifeboat.ovirt.{name}", "-e", json.dumps(given(**variables)), *options)
        # Messages are wrapped where a line is full.
        return code, " ".join(output.split())

    return play


@pytest.fixture
def succeed(procedure: Procedure) -> Callable[..., str]:
    """Return a function like procedure, for a run that has to succeed."""

    def play(name: str, *options: str, **variables: Any) -> str:
        code, output = procedure(name, *options, **variables)
        assert code == 0, output[-6000:]
        return output

    return play
