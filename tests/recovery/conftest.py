# SPDX-License-Identifier: GPL-3.0-or-later
"""The procedures of recovery, played by ansible-playbook on simulated sites."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ovirt_simulator.site import Sites, simulated_sites
from playbooks.conftest import ansible_playbook, start_playbook
from playing import SCENARIO, playbook_of, variables

__all__ = ["ansible_playbook", "start_playbook"]

Procedure = Callable[..., tuple[int, str]]


@pytest.fixture
def sites() -> Iterator[Sites]:
    """Return the sites of the recovery scenario."""
    with simulated_sites(SCENARIO) as both:
        yield both


@pytest.fixture
def procedure(sites: Sites, ansible_playbook: Callable[..., tuple[int, str]]) -> Procedure:
    """Return a function that plays a procedure of the plan and returns exit code and output."""

    def play(name: str, *options: str, **given: Any) -> tuple[int, str]:
        code, output = ansible_playbook(playbook_of(name), "-e", json.dumps(variables(sites, **given)), *options)
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
