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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the matrix of rules that the tests of rules have filled."""
    reports = terminalreporter.getreports("passed")
    rows = sorted(value for report in reports for name, value in report.user_properties if name == "rules")
    if rows:
        terminalreporter.section("rule | the engine alone | the collection")
        for row in rows:
            terminalreporter.write_line("{:<26} | {:<13} | {}".format(*row))
