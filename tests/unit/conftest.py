# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated sites for every test that wants a real HTTP API: fresh state for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ovirt_simulator.site import SimulatedSite, Sites, simulated_sites


@pytest.fixture
def sites() -> Iterator[Sites]:
    """Return both sites of the default scenario, and their arrays."""
    with simulated_sites() as both:
        yield both


@pytest.fixture
def primary(sites: Sites) -> SimulatedSite:
    """Return the site that has everything."""
    return sites["primary"]


@pytest.fixture
def secondary(sites: Sites) -> SimulatedSite:
    """Return the site that workloads are recovered to."""
    return sites["secondary"]
