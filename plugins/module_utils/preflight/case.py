# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that the checks look at, read once: the plan, and the facts of both sites. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ..engine.errors import EngineError
from ..host_storage import View
from ..mapping import SiteMapping
from ..model.site import DataCenter, Domain, Host, Vm
from ..needs.place import Cluster, Place
from ..ovf.document import Document
from ..recovery.plan import Direction, Group, Placement, Plan, PlanDomain, PlanSite, Procedure


@dataclass(frozen=True)
class SiteFacts:
    """A site of the plan whose engine has answered. data_center: the one that takes part, None without it."""

    plan: PlanSite
    place: Place
    data_center: DataCenter | None

    @property
    def name(self) -> str:
        """Return what the plan calls it."""
        return self.plan.name

    @cached_property
    def hosts(self) -> list[Host]:
        """Return the hosts of the data center by name."""
        return self.place.site.hosts_of(self.data_center) if self.data_center else []

    @cached_property
    def up_hosts(self) -> list[Host]:
        """Return those of them that are up."""
        return [host for host in self.hosts if host.status == "up"]

    def domain(self, id_: str) -> Domain | None:
        """Return a storage domain by its id, None where the engine does not know it."""
        return self.place.domain(id_)

    def is_ours(self, domain: Domain) -> bool:
        """Whether a storage domain belongs to the data center."""
        return self.data_center is not None and domain.data_center_id == self.data_center.id


@dataclass(frozen=True)
class Sight:
    """What the hosts of the target see of storage: units by host, and targets behind each portal of the plan."""

    views: Mapping[Host, View | EngineError] = field(default_factory=dict)
    portals: Mapping[str, frozenset[str] | EngineError] = field(default_factory=dict)


@dataclass(frozen=True)
class Recoverability:
    """What the storage array's hook says of the age of the copy, and how old it may be, in seconds."""

    age: float | None = None
    limit: float | None = None


@dataclass(frozen=True)
class Case:
    """A recovery in one direction. source and target are None where their engines gave no answer.

    procedure: what is to be done, since what is in the way of one is work for another. failures: why engines gave no
    answer, by site. found: the VMs that the searches of groups have found, by group, or why they cannot. documents: of
    everything at the source. missing_hooks: the task files of the plan that do not exist.
    """

    plan: Plan
    direction: Direction
    groups: tuple[Group, ...]
    procedure: Procedure = "failover"
    source: SiteFacts | None = None
    target: SiteFacts | None = None
    failures: Mapping[str, EngineError] = field(default_factory=dict)
    found: Mapping[str, frozenset[str] | EngineError] = field(default_factory=dict)
    documents: Mapping[str, Document] = field(default_factory=dict)
    sight: Sight = Sight()
    rpo: Recoverability = Recoverability()
    missing_hooks: Sequence[str] = ()
    rules: Sequence[Mapping[str, str]] = ()

    @cached_property
    def mapping(self) -> SiteMapping:
        """Return what the names of the source become."""
        return self.plan.mapping(self.direction)

    @cached_property
    def domain_ids(self) -> frozenset[str]:
        """Return the storage domains of the chosen groups."""
        return frozenset(domain.id for group in self.groups for domain in group.domains)

    def placement(self, domain: PlanDomain) -> Placement:
        """Return where the target finds a storage domain; for a drill that may be a place of its own."""
        placement = domain.placements[self.direction.target]
        return (placement.drill or placement) if self.procedure == "drill" else placement

    @cached_property
    def vms_on(self) -> dict[str, list[Vm]]:
        """Return the VMs with a disk on a domain of each group at the source, by group."""
        return {group.name: self._vms_on(group) for group in self.groups}

    def _vms_on(self, group: Group) -> list[Vm]:
        if self.source is None:
            return []
        domains = [found for domain in group.domains if (found := self.source.domain(domain.id)) is not None]
        return list({vm.id: vm for domain in domains for vm in self.source.place.site.vms_on(domain)}.values())

    @cached_property
    def selected(self) -> dict[str, list[Vm]]:
        """Return the VMs that each group takes along."""
        return {group.name: [vm for vm in self.vms_on[group.name] if self._takes(group, vm)] for group in self.groups}

    def _takes(self, group: Group, vm: Vm) -> bool:
        if group.vms.search is not None:
            found = self.found.get(group.name)
            return vm.name in group.named_vms or (isinstance(found, frozenset) and vm.name in found)
        return group.vms.names is None or bool({vm.name, vm.id} & group.named_vms)

    @cached_property
    def vms(self) -> list[Vm]:
        """Return the VMs of all groups, each once."""
        return list({vm.id: vm for found in self.selected.values() for vm in found}.values())

    @cached_property
    def starting(self) -> list[Vm]:
        """Return the VMs that will run at the target: those of boot groups, else those that run now."""
        booted = {name for group in self.groups for boot in group.boot for name in boot.vms}
        return [vm for vm in self.vms if (vm.name in booted if booted else vm.status != "down")]

    def cluster_of(self, vm: Vm) -> Cluster | None:
        """Return the cluster of the target that a VM comes to."""
        if self.source is None or self.target is None:
            return None
        here = self.source.place.site.cluster_by_id.get(vm.cluster_id or "")
        name = here.name if here else ""
        return self.target.place.cluster(self.mapping.target("clusters", name) or name)
