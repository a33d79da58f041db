# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies and moves to a backup domain, disturbed at every request."""

from __future__ import annotations

import pytest

from ovirt_simulator.engine import domains, layers, schema
from ovirt_simulator.engine.commands import RunVm, ShutdownVm
from ovirt_simulator.scenario import identifier
from ovirt_simulator.site import Sites


def idle(sites: Sites) -> None:
    """Have nothing running from the vault."""
    sites["primary"].engine.execute(ShutdownVm(identifier("primary", "vm", "web")))


def running(sites: Sites) -> None:
    """Have a VM that runs on other storage, with a preallocated disk: a snapshot more or less leaves no trace there."""
    idle(sites)
    engine = sites["primary"].engine
    with engine.transaction() as context:
        disk = context.db.get_one(schema.BaseDisk, identifier("primary", "disk", "db_Disk1"))
        home, contents = layers.home_of(context, disk)
        image = disk.images[0]
        image.sparse, image.actual_size = False, image.provisioned_size
        contents.write_image(image.id, sparse=False, actual_size=image.provisioned_size)
        context.db.flush()
        domains.refresh_sizes(home, contents)
    engine.execute(RunVm(identifier("primary", "vm", "db")))
    engine.settle()


@pytest.fixture
def transfer(play):
    """Return a function that makes an operation of options of the module."""

    def make(**options):
        usual = {"storage_domains": ["vault"], "allow_non_backup": True, "name_template": "{name}-copy"}

        def run(auth):
            return play("backup_transfer", auth=auth["primary"], **usual, **options)

        return run

    return make


def test_copying_vms_that_are_down_and_a_template(withstands, world, transfer):
    withstands(transfer(method="copy", vms=["erp", "thin1"], templates=["base"]), world(idle))


def test_copying_a_vm_that_runs(withstands, world, transfer):
    withstands(transfer(method="copy", vms=["db"]), world(running))


def test_moving_vms_with_the_template_that_one_stands_on(withstands, world, transfer):
    withstands(transfer(method="move", vms=["erp", "thin1"], templates=["base"], include_templates=True), world(idle))
