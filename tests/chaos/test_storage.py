# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage that one site lets go and another takes over, disturbed at every request."""

from __future__ import annotations

import pytest

from ovirt_simulator.engine.commands import ShutdownVm, UpdateOvfStoreForStorageDomain
from ovirt_simulator.scenario import identifier

MIXED = "iqn.2031-05.test.array-b:mixed"
DOMAINS = [
    {"name": "vault", "storage_type": "iscsi"},
    {"name": "mixed-block", "storage_type": "iscsi"},
    {"name": "mixed-file", "storage_type": "nfs", "address": "nfs.array-b.test", "path": "/mixed"},
]
LOGINS = [
    {"target": "iqn.2031-05.test.array-b:vault", "address": "10.20.1.10"},
    {"target": MIXED, "address": "10.20.1.10", "username": "mixed-user", "password": "mixed-secret"},
]


def replicate(sites):
    """Shut web down, have the OVF stores written, and bring array-b up to date."""
    engine = sites["primary"].engine
    engine.execute(ShutdownVm(identifier("primary", "vm", "web")))
    for domain in DOMAINS:
        engine.execute(UpdateOvfStoreForStorageDomain(identifier("primary", "domain", domain["name"])))
    engine.settle()
    sites.arrays.replicate()


@pytest.fixture
def log_in(play):
    def run(auth):
        return play("iscsi_login", auth=auth["secondary"], data_center="west", targets=LOGINS)

    return run


@pytest.fixture
def bring_in(play):
    domains = [{**one, "id": identifier("primary", "domain", one["name"]), "backup": True} for one in DOMAINS]

    def run(auth):
        options = {"data_center": "west", "take_over": True, "storage_domains": domains}
        return play("storage_domain_import", auth=auth["secondary"], **options)

    return run


@pytest.fixture
def release(play):
    def run(auth):
        options = {"storage_domains": ["vault", "mixed-block"], "state": "unattached", "shutdown_vms": True}
        return play("storage_domain_state", auth=auth["primary"], **options)

    return run


@pytest.fixture
def take_back(play):
    def run(auth):
        options = {"storage_domains": ["vault", "mixed-block"], "state": "active", "data_center": "east"}
        return play("storage_domain_state", auth=auth["primary"], **options)

    return run


def after(*operations):
    """Return what carries operations out on sites, which they have to change."""

    def prepare(sites):
        for operation in operations:
            result = operation({name: site.auth for name, site in sites.items()})
            assert result["changed"] and not result.get("failed"), result

    return prepare


def test_logging_in(withstands, world, log_in):
    withstands(log_in, world(replicate))


def test_importing_storage_domains(withstands, world, log_in, bring_in):
    withstands(bring_in, world(replicate, after(log_in)))


def test_detaching_storage_domains(withstands, world, release):
    withstands(release, world())


def test_taking_storage_domains_back(withstands, world, release, take_back):
    withstands(take_back, world(after(release)))
