# SPDX-License-Identifier: GPL-3.0-or-later
"""Two sites of any size, without a file.

The primary site has everything, spread evenly: templates and VMs over domains, domains over NFS and iSCSI. Each of its
domains but the master has a copy on the secondary site's array. Numbers count from 1: `vm-00001` lies on `data-001`.
The OVF stores are written when the engine does so, by request or after an hour: for ten thousand VMs that takes long.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import scenario as spec

_ROOM = 4  # times what disks may come to take
_DISK, _USED = 10, 1


@dataclass(frozen=True)
class Size:
    """How many there are of what, and how many disks and NICs a VM has."""

    vms: int = 1000
    domains: int = 20
    templates: int = 50
    hosts: int = 10
    disks: int = 1
    nics: int = 1
    networks: int = 4


def generate(size: Size) -> spec.Scenario:
    """Return a scenario of this size; the same size gives the same scenario."""
    if size.domains < 1 or size.hosts < 1 or size.networks < 1:
        raise spec.ScenarioError("a site needs a domain, a host and a network")
    number = range(1, size.domains + 1)
    source, target = _array("a", size), _array("b", size)
    pairs = [spec.Replication(f"a-data-{one:03}", f"b-data-{one:03}") for one in number if one > 1]
    primary = spec.Site(
        name="primary",
        mac_range=["56:6f:0a:00:00:00", "56:6f:0a:ff:ff:ff"],
        data_centers=[_data_center("east", size)],
        domains=[spec.Domain(_domain(one), f"a-data-{one:03}", "east", master=one == 1) for one in number],
        templates=[_template(one, size) for one in range(1, size.templates + 1)],
        vms=[_vm(one, size) for one in range(1, size.vms + 1)],
    )
    secondary = spec.Site(
        name="secondary",
        mac_range=["56:6f:0b:00:00:00", "56:6f:0b:ff:ff:ff"],
        data_centers=[_data_center("west", size)],
        domains=[spec.Domain("west-data", "b-data-001", "west", master=True)],
    )
    return spec.Scenario([source, target], pairs, [primary, secondary], ovf_stores=False)


def _domain(one: int) -> str:
    return f"data-{one:03}"


def _array(letter: str, size: Size) -> spec.Array:
    """Return an array with a volume for each domain: the odd ones are exported, the even ones logical units."""
    room = _ROOM * _DISK * (1 + (size.vms * size.disks + size.templates) // size.domains)
    address = f"10.{10 if letter == 'a' else 20}.1"
    volumes, targets = [], []
    for one in range(1, size.domains + 1):
        name = f"{letter}-{_domain(one)}"
        if one % 2:
            export = spec.Export(f"/{_domain(one)}", room, f"nfs.array-{letter}.test")
            volumes.append(spec.Volume(name, export=export))
        else:
            iqn = f"iqn.2031-05.test.array-{letter}:{_domain(one)}"
            targets.append(spec.Target(iqn))
            unit = spec.Unit(f"3600a09800000000000000000{letter}{one:07x}", room, iqn)
            volumes.append(spec.Volume(name, units=[unit]))
    return spec.Array(f"array-{letter}", [spec.Portal(f"{address}.10"), spec.Portal(f"{address}.11")], targets, volumes)


def _data_center(name: str, size: Size) -> spec.DataCenter:
    networks = ["ovirtmgmt", *_networks(name, size)]
    cluster = spec.Cluster(f"{name}-cl1", [f"{name}-h{one}" for one in range(1, size.hosts + 1)], networks)
    return spec.DataCenter(name, [cluster], [spec.Network(network) for network in networks])


def _networks(name: str, size: Size) -> list[str]:
    return [f"{name}-lan{one}" for one in range(1, size.networks + 1)]


def _nics(one: int, size: Size, count: int) -> list[spec.Nic]:
    lans = _networks("east", size)
    return [spec.Nic(lans[(one + place) % len(lans)], name=f"nic{place + 1}") for place in range(count)]


def _template(one: int, size: Size) -> spec.Machine:
    place = _domain(1 + (one - 1) % size.domains)
    return spec.Machine(
        f"template-{one:04}", "east-cl1", [spec.Disk(place, _DISK, _USED)], _nics(one, size, 1), description="Generated"
    )


def _vm(one: int, size: Size) -> spec.Machine:
    """Return a VM; every fourth is thin on a template that lies on the same domain, if there is one."""
    place = 1 + (one - 1) % size.domains
    thin = one % 4 == 0 and place <= size.templates
    disks = [spec.Disk(_domain(place), _DISK, _USED, thin=thin and not disk) for disk in range(size.disks)]
    return spec.Machine(
        f"vm-{one:05}",
        "east-cl1",
        disks,
        _nics(one, size, size.nics),
        template=f"template-{place:04}" if thin and disks else None,
        description="Generated",
        high_availability=one % 10 == 0,
        guest_address=f"192.0.{2 + one // 250 % 250}.{one % 250}",
    )
