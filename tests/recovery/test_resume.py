# SPDX-License-Identifier: GPL-3.0-or-later
"""Procedures that are killed at any moment and started again end where an undisturbed one ends.

The moments are drawn by a seed. A few of them are a sample; `make test-chaos` has all.
"""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import end_state
import pytest

from killing import arrived, kill_at
from many_vms import plan_of, scenario_of, write_plan
from ovirt_simulator.site import Sites, Snapshot, simulated_sites
from playing import PUT_AWAY, on_one_host, playbook_of, variables
from site_facts import BACK, THERE, change, hand_storage_over, lose, tables

_SEED = 20310504
_LOST = {"recovery_fenced": "primary", **THERE}
# At the end of a run; one that has less to wait for does not send them.
_SPARE = 3

Succeed = Callable[..., None]


def moments(name: str, number: int, sample: int = 0) -> list[Any]:
    """Return the parameters of so many kills of a procedure; what is not of the sample is for `make test-chaos`."""
    draw = random.Random(_SEED)
    drawn = [draw.random() for _one in range(number)]
    marks = [pytest.mark.chaos]
    return [
        pytest.param(name, moment, id=f"{name}-{one}", marks=[] if one < sample else marks)
        for one, moment in enumerate(drawn)
    ]


@dataclass(frozen=True)
class World:
    """Where a procedure starts, and the variables that it gets."""

    start: Snapshot
    given: Mapping[str, Any]
    lost: bool = False

    @contextmanager
    def sites(self) -> Iterator[Sites]:
        """Start the sites anew, the primary only where it is not lost."""
        with simulated_sites(self.start) as both:
            if self.lost:
                lose(both, "primary")
            yield both


@dataclass(frozen=True)
class Calm:
    """What an undisturbed run has left, how many requests it took, and the identifiers before it."""

    rows: list[str]
    requests: int
    known: frozenset[str]


_WORLDS: dict[str, World] = {}
_CALM: dict[str, Calm] = {}


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., list[str]]:
    """Return a function that returns the arguments of ansible-playbook for a procedure on sites."""

    def arguments(sites: Sites, name: str, **given: Any) -> list[str]:
        file = tmp_path / "variables.json"
        file.write_text(json.dumps(variables(sites, **given)), encoding="utf-8")
        return [playbook_of(name), "-e", f"@{file}"]

    return arguments


@pytest.fixture
def succeed(command: Callable[..., list[str]], ansible_playbook: Callable[..., tuple[int, str]]) -> Succeed:
    """Return a function that plays a procedure on sites, which has to succeed."""

    def play(sites: Sites, name: str, **given: Any) -> None:
        code, output = ansible_playbook(*command(sites, name, **given))
        assert code == 0, output[-6000:]

    return play


@pytest.fixture
def kill(command: Callable[..., list[str]], start_playbook: Callable[..., subprocess.Popen[str]]) -> Succeed:
    """Return a function that plays a procedure on sites and kills it at a request."""

    def play(sites: Sites, name: str, request: int, **given: Any) -> None:
        process = start_playbook(*command(sites, name, **given), output=subprocess.DEVNULL)
        assert kill_at(process, sites, request), "it ended before the moment to kill it"

    return play


def _world(name: str, succeed: Succeed, folder: Path) -> World:
    if name == "failover":
        many = scenario_of(60, hosts=1)
        with simulated_sites(many) as sites:
            sites.arrays.replicate()
            plan = write_plan(folder / "plan.yml", plan_of(many))
            return World(sites.snapshot(), {"recovery_plan": plan, **_LOST}, lost=True)
    with simulated_sites(on_one_host()) as sites:
        sites.arrays.replicate()
        if name == "failback":
            lose(sites, "primary")
            succeed(sites, "failover", **_LOST)
            sites["primary"].restart()
            sites["primary"].hosts.recover()
            hand_storage_over(sites)
            return World(sites.snapshot(), {"recovery_power_off": True, **BACK})
        return World(sites.snapshot(), THERE)


@pytest.fixture
def world(succeed: Succeed, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], World]:
    """Return a function that returns where a procedure starts."""

    def find(name: str) -> World:
        if name not in _WORLDS:
            _WORLDS[name] = _world(name, succeed, tmp_path_factory.mktemp(name))
        return _WORLDS[name]

    return find


@pytest.fixture
def calm(world: Callable[[str], World], succeed: Succeed) -> Callable[[str], Calm]:
    """Return a function that returns how a procedure ends when nobody disturbs it."""

    def find(name: str) -> Calm:
        if name not in _CALM:
            with world(name).sites() as sites:
                known = end_state.made(end_state.rows(sites))
                before = arrived(sites)
                succeed(sites, name, **world(name).given)
                _CALM[name] = Calm(end_state.rows(sites), arrived(sites) - before, known)
        return _CALM[name]

    return find


@pytest.mark.parametrize(
    ("name", "moment"),
    [*moments("failover", 50, sample=1), *moments("planned_migration", 10), *moments("failback", 10)],
)
def test_a_procedure_that_was_killed_ends_like_an_undisturbed_one_when_it_is_started_again(
    world: Callable[[str], World],
    calm: Callable[[str], Calm],
    kill: Succeed,
    succeed: Succeed,
    name: str,
    moment: float,
) -> None:
    undisturbed = calm(name)
    with world(name).sites() as sites:
        kill(sites, name, 1 + int(moment * (undisturbed.requests - _SPARE)), **world(name).given)
        succeed(sites, name, **world(name).given)
        difference = end_state.difference(undisturbed.rows, end_state.rows(sites), undisturbed.known)
        assert difference is None, difference


@pytest.mark.parametrize(("name", "moment"), moments("drill", 10, sample=1))
def test_a_drill_that_was_killed_and_cleaned_up_leaves_no_trace(
    world: Callable[[str], World],
    calm: Callable[[str], Calm],
    kill: Succeed,
    succeed: Succeed,
    name: str,
    moment: float,
) -> None:
    requests = calm(name).requests
    with world(name).sites() as sites:
        before = tables(sites)
        kill(sites, name, 1 + int(moment * (requests - _SPARE)), **THERE)
        succeed(sites, PUT_AWAY, **THERE)
        assert change(before, tables(sites)) == {}
