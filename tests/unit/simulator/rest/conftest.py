# SPDX-License-Identifier: GPL-3.0-or-later
"""Both sites over HTTPS, and the SDK on them."""

from __future__ import annotations

from collections.abc import Iterator

import ovirtsdk4
import pytest
from ovirtsdk4.services import SystemService

from ovirt_simulator.site import SimulatedSite, Sites, simulated_sites
from restricted import SCENARIO, North
from wire_client import Client


@pytest.fixture
def sites() -> Iterator[Sites]:
    with simulated_sites() as both:
        yield both


@pytest.fixture
def primary(sites: Sites) -> SimulatedSite:
    return sites["primary"]


@pytest.fixture
def secondary(sites: Sites) -> SimulatedSite:
    return sites["secondary"]


@pytest.fixture
def client(primary: SimulatedSite) -> Client:
    return Client(primary)


@pytest.fixture
def api(primary: SimulatedSite) -> Iterator[SystemService]:
    """The SDK on the primary site, which may be dead at the end."""
    connection = ovirtsdk4.Connection(**primary.auth)
    yield connection.system_service()
    connection.close(logout=False)


@pytest.fixture
def api2(secondary: SimulatedSite) -> Iterator[SystemService]:
    """The SDK on the secondary site."""
    connection = ovirtsdk4.Connection(**secondary.auth)
    yield connection.system_service()
    connection.close(logout=False)


@pytest.fixture
def only_site() -> Iterator[SimulatedSite]:
    """The one site of the scenario with everything that the backup flag could stand in the way of."""
    with simulated_sites(SCENARIO) as restricted:
        yield restricted["only"]


@pytest.fixture
def north(only_site: SimulatedSite) -> Iterator[North]:
    connection = ovirtsdk4.Connection(**only_site.auth)
    yield North(connection.system_service())
    connection.close(logout=False)


@pytest.fixture
def slow_north() -> Iterator[North]:
    """The same where work takes longer than any test."""
    with simulated_sites(SCENARIO, profile="realistic") as restricted:
        connection = ovirtsdk4.Connection(**restricted["only"].auth)
        yield North(connection.system_service())
        connection.close(logout=False)
