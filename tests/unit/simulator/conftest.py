# SPDX-License-Identifier: GPL-3.0-or-later
"""The default scenario for tests below the wire."""

from __future__ import annotations

import pytest

from simulated_world import Site, World


@pytest.fixture
def world() -> World:
    """Both sites, where nothing takes time."""
    return World()


@pytest.fixture
def slow_world() -> World:
    """Both sites, where everything takes its time."""
    return World("realistic")


@pytest.fixture
def primary(world: World) -> Site:
    return world.primary


@pytest.fixture
def secondary(world: World) -> Site:
    return world.secondary
