# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules run here as they do in their own tests; and their use cases on a clock that nobody has to wait for."""

from __future__ import annotations

import importlib
import inspect
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from ansible_collections.lifeboat.ovirt.plugins.module_utils import (
    backup,
    domain_state,
    export_conversion,
    iscsi,
    retention,
    storage_create,
    storage_import,
)
from ansible_collections.lifeboat.ovirt.plugins.module_utils.ansible_glue import credentials
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.session import Session
from ansible_collections.lifeboat.ovirt.plugins.module_utils.power import bring
from ansible_collections.lifeboat.ovirt.plugins.module_utils.registration.run import register
from ansible_collections.lifeboat.ovirt.plugins.module_utils.transfer.run import transfer
from modules.conftest import MODULES, play
from ovirt_simulator.site import SimulatedSite, simulated_sites

__all__ = ["play"]

# What each module that changes something hands its options to.
USE_CASES: dict[str, Callable[..., dict[str, Any]]] = {
    "backup_domain": backup.configure,
    "backup_prune": retention.prune,
    "backup_transfer": transfer,
    "entity_registration": register,
    "export_domain_conversion": export_conversion.convert,
    "iscsi_login": iscsi.log_in,
    "storage_domain_create": storage_create.make,
    "storage_domain_import": storage_import.bring_in,
    "storage_domain_state": domain_state.ensure,
    "vm_power": bring.ensure,
}


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.begun = self.now = time.time()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    @property
    def passed(self) -> float:
        """Return the seconds since the start."""
        return self.now - self.begun


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def busy_site(clock: Clock) -> Iterator[SimulatedSite]:
    """The primary site, where work takes its time by the clock that the client sleeps by."""
    with simulated_sites(profile="realistic", clock=clock, sleep=clock.sleep) as sites:
        yield sites["primary"]


@pytest.fixture
def use(clock: Clock) -> Callable[..., dict[str, Any]]:
    """Return a function that does what a module does, on the test's clock; what is not given is as documented."""

    def run(site: SimulatedSite, module: str, **given: Any) -> dict[str, Any]:
        documented = yaml.safe_load(importlib.import_module(f"{MODULES}.{module}").DOCUMENTATION)["options"]
        defaults = {name: option.get("default") for name, option in documented.items()}
        named = set(inspect.signature(USE_CASES[module]).parameters) - {"engine", "check_mode", "clock", "now"}
        options = {name: given.get(name, defaults.get(name)) for name in named}
        with Session(credentials({"auth": site.auth}), clock=clock, sleep=clock.sleep) as engine:
            return USE_CASES[module](engine, **options, check_mode=False)

    return run
