# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies and moves to a backup domain, disturbed at every request."""

from __future__ import annotations

import ovirtsdk4
import pytest

from ovirt_simulator.engine import domains, layers, schema
from ovirt_simulator.engine.commands import RunVm, ShutdownVm
from ovirt_simulator.generated import Size, generate
from ovirt_simulator.scenario import identifier
from ovirt_simulator.site import SimulatedSite, Sites, simulated_sites


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


def on_target(site: SimulatedSite, search: str) -> list[str]:
    """Return the descriptions of the VMs that a search finds, after a look that all their disks are on the target."""
    connection = ovirtsdk4.Connection(**site.auth)
    found = connection.system_service().vms_service().list(search=search, follow="disk_attachments.disk")
    connection.close(logout=False)
    target = identifier("primary", "domain", "data-004")
    places = {place.id for vm in found for one in vm.disk_attachments for place in one.disk.storage_domains}
    assert places == {target} and {str(vm.status) for vm in found} == {"down"}
    return [vm.description or "" for vm in found]


@pytest.mark.parametrize("number", [12, pytest.param(100, marks=pytest.mark.chaos)])
def test_vms_that_a_search_finds_are_copied_and_moved_with_shared_reads(play, number):
    with simulated_sites(generate(Size(vms=number + 1, domains=4, templates=2, hosts=2))) as sites:
        site = sites["primary"]
        with site.engine.transaction() as context:
            context.db.get_one(schema.StorageDomainStatic, identifier("primary", "domain", "data-004")).backup = True
        search = f"cluster=* and name!=vm-{number + 1:05}"
        usual = {"auth": site.auth, "vm_search": search, "storage_domains": ["data-004"]}
        usual |= {"poll_interval": 0.05, "concurrency": 6}
        copied = play("backup_transfer", method="copy", **usual)
        assert copied["counts"]["succeeded"] == number, copied
        reads = [entry for entry in site.requests if entry.query.startswith("follow=disk_attachments.disk")]
        assert len(reads) < number, "one read serves several VMs"
        again = play("backup_transfer", method="copy", **usual)
        assert (again["changed"], again["counts"]["skipped"]) == (False, number), "no copy is copied"
        moved = play("backup_transfer", method="move", include_templates=True, **usual)
        assert moved["counts"]["failed"] == 0 and moved["counts"]["succeeded"] + moved["counts"]["skipped"] >= number
        descriptions = on_target(site, f"name=vm-* and name!=vm-{number + 1:05}")
        assert len(descriptions) == 2 * number
        assert sum("backup 1: complete" in one for one in descriptions) == number
