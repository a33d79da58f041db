# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites with an export domain: the small one of the scenario file, and one with as much on it as a test wants."""

from __future__ import annotations

from ovirt_simulator import scenario as spec

SCENARIO = spec.DEFAULT.parent / "export_domain.yml"
_MAIN = "south-cl1"


def id_of(kind: str, name: str) -> str:
    """Return the id of a thing of the only site."""
    return spec.identifier("only", kind, name)


def crowded(vms: int, templates: int) -> spec.Scenario:
    """Return the scenario with so many more on the export domain; every second VM is thin."""
    small = spec.load(SCENARIO)
    [site] = small.sites
    disk = spec.Disk("attic", 10, 1)
    golden = [spec.Machine(f"golden-{one}", _MAIN, [disk]) for one in range(templates)]
    machines = [_vm(one, golden[one % templates].name if one % 2 else None) for one in range(vms)]
    only = spec.Site(
        name=site.name,
        mac_range=site.mac_range,
        data_centers=site.data_centers,
        domains=site.domains,
        exported_templates=golden,
        exported_vms=machines,
    )
    return spec.Scenario(small.arrays, [], [only])


def _vm(one: int, template: str | None) -> spec.Machine:
    disk = spec.Disk("attic", 10, 1, thin=template is not None)
    return spec.Machine(f"vm-{one:02}", _MAIN, [disk], [spec.Nic("lan")], template=template)
