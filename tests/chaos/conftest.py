# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules run on the clock of the simulated sites, so that nobody waits for what an engine never did."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

import disturbance
import pytest
from disturbance import Operation, World

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine import session as engine_session
from modules.conftest import play
from ovirt_simulator.site import simulated_sites
from simulated_world import Clock

__all__ = ["play"]

_SAMPLE = int(os.environ.get("CHAOS_SAMPLE", "3"))
_SEED = int(os.environ.get("CHAOS_SEED", "0"))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock that every session goes by."""
    clock = Clock()
    on_it = functools.partial(engine_session.Session, clock=clock, sleep=clock.sleep)
    monkeypatch.setattr(engine_session, "Session", on_it)
    return clock


@pytest.fixture
def world(clock: Clock) -> Callable[..., World]:
    """Return a function that makes a world: the default scenario, after what it is given has worked on the sites."""

    def make(*preparing: Callable[..., Any]) -> World:
        with simulated_sites(clock=clock, sleep=clock.sleep) as sites:
            for prepare in preparing:
                prepare(sites)
            return World(sites.snapshot(), clock)

    return make


@pytest.fixture(
    params=["sample", *(pytest.param(fault, marks=pytest.mark.chaos) for fault in disturbance.FAULTS)],
)
def withstands(request: pytest.FixtureRequest) -> Callable[[Operation, World], None]:
    """Return what disturbs an operation: at a few positions, or, with the mark, by one fault at every position."""
    if request.param == "sample":
        return functools.partial(disturbance.withstands, sample=_SAMPLE, seed=_SEED)
    return functools.partial(disturbance.withstands, faults=[request.param])
