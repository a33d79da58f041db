# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites whose engines restrict as real ones do, unless a mutation says otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import ovirtsdk4
import pytest
from ovirtsdk4.services import SystemService

from backup_marks import Marked
from ovirt_simulator.engine.restrictions import REAL, Restrictions
from ovirt_simulator.site import Sites, simulated_sites


@pytest.fixture
def restrictions() -> Restrictions:
    """The engines' switches; `make mutate` gives others."""
    return REAL


@pytest.fixture
def sites(restrictions: Restrictions) -> Iterator[Sites]:
    with simulated_sites(restrictions=restrictions) as both:
        yield both


@pytest.fixture
def api(sites: Sites) -> Iterator[SystemService]:
    """The SDK on the primary site."""
    connection = ovirtsdk4.Connection(**sites["primary"].auth)
    yield connection.system_service()
    connection.close(logout=False)


@pytest.fixture
def marked(sites: Sites, api: SystemService) -> Marked:
    """The primary site in terms of its domains, VMs and disks."""
    return Marked(sites["primary"], api)
