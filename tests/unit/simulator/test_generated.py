# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated scenarios, and lists that are written by shapes."""

from __future__ import annotations

from ovirtsdk4 import types

from ovirt_simulator.generated import Size, generate
from ovirt_simulator.rest.shapes import Shapes
from ovirt_simulator.site import simulated_sites
from wire_client import Client


def test_a_scenario_of_a_size_is_always_the_same() -> None:
    size = Size(vms=7, domains=3, templates=2, hosts=2, disks=2, nics=2)
    assert generate(size) == generate(size)
    primary, secondary = generate(size).sites
    assert (len(primary.vms), len(primary.domains), len(primary.templates)) == (7, 3, 2)
    assert [domain.master for domain in primary.domains] == [True, False, False]
    assert (secondary.name, secondary.vms) == ("secondary", [])


def test_it_is_served_and_its_ovf_stores_can_be_written() -> None:
    with simulated_sites(generate(Size(vms=600, domains=20, templates=2, hosts=1))) as sites:
        client = Client(sites["primary"])
        listed = client.get("/vms?follow=disk_attachments.disk,nics.vnic_profile").xml.findall("vm")
        assert len(listed) == 600
        assert {vm.findtext("disk_attachments/disk_attachment/disk/status") for vm in listed} == {"ok"}
        domain = client.get("/storagedomains").xml.find("storage_domain")
        assert domain is not None
        assert client.post(f"/storagedomains/{domain.get('id')}/updateovfstore").status == 200


def test_a_shape_is_written_once_and_filled_in_as_if_it_was_written_each_time() -> None:
    written: list[str] = []

    def write(vm: types.Vm) -> str:
        written.append(vm.name)
        return f"<vm id='{vm.id}'><name>{vm.name}</name><memory>{vm.memory}</memory><s>{vm.stateless}</s></vm>"

    shapes = Shapes()
    vms = [types.Vm(id=str(number), name=f"vm{number}", memory=number, stateless=False) for number in range(3)]
    expected = [write(vm) for vm in vms]
    written.clear()
    assert [shapes.write(vm, "key", write) for vm in vms] == expected
    assert len(written) == 1
    shapes.write(types.Vm(id="3", name="vm3", memory=3, stateless=True), "key", write)
    shapes.write(vms[0], "another key", write)
    assert len(written) == 3


def test_texts_that_xml_writes_differently_take_the_ordinary_way() -> None:
    shapes = Shapes()
    for name in ("<&>", 'a"b', "ä", "~0~", "two\nlines"):
        assert shapes.write(types.Vm(name=name), "key", lambda vm: f"written: {vm.name}") == f"written: {name}"
