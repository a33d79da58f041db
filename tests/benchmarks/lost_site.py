# SPDX-License-Identifier: GPL-3.0-or-later
"""A generated site that is lost, and what an operator has written of it: a plan, or the official role's variables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from measuring import Client, Simulator, Site
from ovirt_simulator.generated import Size, generate
from ovirt_simulator.scenario import Machine, Scenario, identifier

LOST, LEFT = "primary", "secondary"
_CENTERS = {LOST: "east", LEFT: "west"}
_ARRAYS = {LOST: "a", LEFT: "b"}
_NETWORKS = ("ovirtmgmt", "lan1", "lan2", "lan3", "lan4")
_MASTER = "data-001"
_VMS_A_HOST = 200


@dataclass(frozen=True)
class Domain:
    """A replicated domain: those with an odd number lie on paths, the others on units."""

    number: int

    @property
    def name(self) -> str:
        return f"data-{self.number:03}"

    @property
    def id(self) -> str:
        return identifier(LOST, "domain", self.name)

    @property
    def on_path(self) -> bool:
        return self.number % 2 == 1

    @property
    def path(self) -> str:
        return f"/{self.name}"

    def server(self, site: str) -> str:
        """Return where a site finds its path."""
        return f"nfs.array-{_ARRAYS[site]}.test"

    def target(self, site: str) -> str:
        """Return the iSCSI target of its units at a site."""
        return f"iqn.2031-05.test.array-{_ARRAYS[site]}:{self.name}"

    def portal(self, site: str) -> str:
        """Return where that target is."""
        return "10.10.1.10" if site == LOST else "10.20.1.10"


@dataclass(frozen=True)
class Load:
    """What is lost: so many VMs, which ran, on so many domains; besides them the master domain, which holds nothing."""

    vms: int
    domains: int

    @property
    def lost(self) -> list[Domain]:
        """Return the domains that are recovered."""
        return [Domain(number) for number in range(2, self.domains + 2)]

    @property
    def hosts(self) -> int:
        """Return how many hosts each site has, so that all VMs find room on them."""
        return 1 + -(-self.vms // _VMS_A_HOST)

    def scenario(self) -> Scenario:
        """Return both sites; every domain has a template, on which some of its VMs are thin."""
        everywhere = self.domains + 1
        vms = self.vms // self.domains * everywhere
        size = Size(vms=vms, domains=everywhere, templates=everywhere, hosts=self.hosts)
        whole = generate(size)
        lost, left = whole.sites
        kept = replace(lost, vms=_running(lost.vms), templates=[one for one in lost.templates if not _on_master(one)])
        return replace(whole, sites=[kept, left])

    def names(self) -> list[str]:
        """Return the names of the VMs."""
        return [vm.name for vm in self.scenario().sites[0].vms]


def _running(machines: list[Machine]) -> list[Machine]:
    return [replace(one, status="up", memory=1) for one in machines if not _on_master(one)]


def _on_master(machine: Machine) -> bool:
    return machine.disks[0].domain == _MASTER


def lose(sites: Simulator, load: Load) -> None:
    """Have the lost site's OVF stores written and its storage replicated, then end it."""
    client = Client(sites[LOST])
    for domain in load.lost:
        client.call("POST", f"storagedomains/{domain.id}/updateovfstore", "<action/>")
    sites.replicate()
    sites.lose(LOST)


def plan(load: Load) -> dict[str, Any]:
    """Return the recovery plan."""
    domains = {domain.name: {"id": domain.id, "sites": dict(_placements(domain))} for domain in load.lost}
    boot = [{"name": "everything", "vms": load.names(), "ready": "accepted"}]
    profiles = [{"source": _profile(LOST, name), "target": _profile(LEFT, name)} for name in _NETWORKS]
    clusters = [{"source": "east-cl1", "target": "west-cl1"}]
    return {
        "version": 1,
        "name": "benchmark",
        "sites": {name: {"data_center": center} for name, center in _CENTERS.items()},
        "groups": {"all": {"domains": domains, "boot": boot}},
        "mappings": [{"from": LOST, "to": LEFT, "clusters": clusters, "vnic_profiles": profiles}],
    }


def _placements(domain: Domain) -> Iterator[tuple[str, dict[str, Any]]]:
    for site in (LOST, LEFT):
        if domain.on_path:
            yield site, {"storage_type": "nfs", "address": domain.server(site), "path": domain.path}
        else:
            portals = [{"address": domain.portal(site)}]
            yield site, {"storage_type": "iscsi", "portals": portals, "targets": [domain.target(site)]}


def network(site: str, name: str) -> str:
    """Return what a network of both sites is called at one of them."""
    return name if name == "ovirtmgmt" else f"{_CENTERS[site]}-{name}"


def networks() -> list[tuple[str, str]]:
    """Return the networks of the lost site with their counterparts."""
    return [(network(LOST, name), network(LEFT, name)) for name in _NETWORKS]


def _profile(site: str, name: str) -> dict[str, str]:
    return {"network": network(site, name), "profile": network(site, name)}


def official_variables(load: Load, sites: Simulator) -> dict[str, Any]:
    """Return what the official role's generate_mapping writes, filled in for the site that is left."""
    left = sites[LEFT]
    nothing = ("affinity_group", "affinity_label", "domain", "role", "lun")
    return {
        "dr_target_host": LEFT,
        "dr_source_map": LOST,
        **_login(LEFT, left),
        "dr_import_storages": [_storage(domain) for domain in load.lost],
        "dr_cluster_mappings": [{f"{LOST}_name": "east-cl1", f"{LEFT}_name": "west-cl1"}],
        "dr_network_mappings": [_official_network(here, there) for here, there in networks()],
        **{f"dr_{kind}_mappings": [] for kind in nothing},
    }


def _login(name: str, site: Site) -> dict[str, str]:
    wanted = ("url", "username", "password", "ca_file")
    return {f"dr_sites_{name}_{key}": site.auth[key] for key in wanted}


def _storage(domain: Domain) -> dict[str, Any]:
    found: dict[str, Any] = {
        "dr_domain_id": domain.id,
        "dr_domain_type": "nfs" if domain.on_path else "iscsi",
        "dr_storage_domain_type": "data",
        "dr_wipe_after_delete": False,
        "dr_discard_after_delete": False,
        "dr_backup": False,
        "dr_critical_space_action_blocker": 5,
        "dr_warning_low_space": 10,
    }
    for site, center in _CENTERS.items():
        place = {"name": domain.name, "dc_name": center, "master_domain": False}
        if domain.on_path:
            place |= {"path": domain.path, "address": domain.server(site)}
        else:
            place |= {"address": domain.portal(site), "port": 3260, "target": [domain.target(site)]}
        found |= {f"dr_{site}_{key}": value for key, value in place.items()}
    return found


def _official_network(here: str, there: str) -> dict[str, str]:
    return {
        f"{LOST}_network_name": here,
        f"{LOST}_profile_name": here,
        f"{LOST}_profile_id": identifier(LOST, "profile", f"{here}/{here}"),
        f"{LEFT}_network_name": there,
        f"{LEFT}_profile_name": there,
        f"{LEFT}_profile_id": identifier(LEFT, "profile", f"{there}/{there}"),
        f"{LEFT}_network_dc": _CENTERS[LEFT],
    }
