# SPDX-License-Identifier: GPL-3.0-or-later
"""A recovery plan: which sites there are, what travels together between them, and how it comes up. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from ..engine.errors import EngineError
from ..mapping import SiteMapping

VERSION = 1

Ready = Literal["accepted", "up", "agent", "tcp"]
OnFailure = Literal["stop", "continue"]
OnError = Literal["fail", "warn"]

Procedure = Literal["failover", "planned_migration", "failback", "drill"]

_HAND_OVER = ("shut_down", "release", "fence", "swap")
_TAKE_OVER = ("find", "bring_in", "register", "place", "boot", "verify")
# What each procedure does, in its order; a hook may stand before and after each phase.
PHASES: dict[Procedure, tuple[str, ...]] = {
    "failover": ("fence", *_TAKE_OVER),
    "planned_migration": (*_HAND_OVER, *_TAKE_OVER, "reprotect"),
    "failback": ("clean_up", *_HAND_OVER, *_TAKE_OVER, "reprotect"),
    "drill": ("guard", "present", *_TAKE_OVER),
}
# What follows whatever has happened, once the first phase has passed.
FINALLY: dict[Procedure, tuple[str, ...]] = {"drill": ("dismantle",)}
HOOKED = tuple(dict.fromkeys(phase for phases in (*PHASES.values(), *FINALLY.values()) for phase in phases))
# Hooks that do the work of a phase instead of standing beside it.
ACTING_HOOKS = ("fence", "swap", "reprotect", "rpo", "present_copies", "remove_copies")


@dataclass(frozen=True)
class PlanSite:
    """A site: an engine and the data center that takes part. drill_*: the isolated vNIC profile of drills there."""

    name: str
    data_center: str
    host: str | None = None
    drill_network: str | None = None
    drill_profile: str | None = None


@dataclass(frozen=True)
class Portal:
    """A portal of an iSCSI array."""

    address: str
    port: int = 3260


@dataclass(frozen=True)
class Placement:
    """Where a storage domain lies at one site, and whether it is a backup domain there once all is done.

    settings: address, path, vfs_type, mount_options, nfs_version of a file domain, as storage_domain_import takes them.
    drill: where copies for a drill are presented, None for the same place.
    """

    storage_type: str
    backup: bool
    portals: tuple[Portal, ...] = ()
    targets: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    drill: Placement | None = None

    @property
    def lies_at(self) -> tuple[str, ...]:
        """Return the file server and the path; nothing for block storage, where one place holds many domains."""
        return tuple(self.settings[key] for key in ("address", "path") if key in self.settings)


@dataclass(frozen=True)
class PlanDomain:
    """A storage domain; its UUID is the same at every site."""

    name: str
    id: str
    placements: Mapping[str, Placement]


@dataclass(frozen=True)
class Selection:
    """Which VMs of the domains a group is about: those named, those found by a search, or (neither) all of them."""

    names: tuple[str, ...] | None = None
    search: str | None = None


@dataclass(frozen=True)
class BootGroup:
    """VMs that come up together; timeout and delay are seconds, the delay passes after the group is ready.

    port: what has to answer where ready is `tcp`.
    """

    name: str
    vms: tuple[str, ...]
    ready: Ready = "up"
    port: int | None = None
    timeout: int = 600
    delay: int = 0
    on_failure: OnFailure = "stop"


@dataclass(frozen=True)
class Restore:
    """How VMs leave a backup domain before they start: to which domain of a site, and whether the backup stays."""

    method: Literal["move", "copy"]
    targets: Mapping[str, str]


@dataclass(frozen=True)
class Group:
    """A protection group: domains and VMs that travel together.

    dependencies: for a VM the VMs that have to be ready before it starts.
    """

    name: str
    domains: tuple[PlanDomain, ...]
    vms: Selection = Selection()
    boot: tuple[BootGroup, ...] = ()
    dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    restore: Restore | None = None
    on_error: OnError = "fail"

    @cached_property
    def named_vms(self) -> frozenset[str]:
        """Return every VM that the group names."""
        booted = (name for one in self.boot for name in one.vms)
        return frozenset((*booted, *(self.vms.names or ()), *self.dependencies))


@dataclass(frozen=True)
class Direction:
    """From which site to which."""

    source: str
    target: str


@dataclass(frozen=True)
class Hooks:
    """Task files: before and after phases, and those that act; paths are absolute."""

    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)
    acting: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """A whole plan, checked: every reference in it leads somewhere."""

    name: str
    sites: Mapping[str, PlanSite]
    groups: Mapping[str, Group]
    mappings: Mapping[Direction, SiteMapping]
    hooks: Hooks = Hooks()

    def site(self, name: str) -> PlanSite:
        """Return a site; EngineError not_found without one."""
        if name not in self.sites:
            raise EngineError(
                "not_found", f"plan {self.name} has no site {name}", remedy=f"its sites are {', '.join(self.sites)}"
            )
        return self.sites[name]

    def chosen(self, names: tuple[str, ...]) -> Iterator[Group]:
        """Return the groups of these names, all for none; EngineError not_found for an unknown one."""
        for name in names:
            if name not in self.groups:
                known = ", ".join(self.groups)
                raise EngineError(
                    "not_found", f"plan {self.name} has no group {name}", remedy=f"its groups are {known}"
                )
        return (group for name, group in self.groups.items() if not names or name in names)

    def mapping(self, direction: Direction) -> SiteMapping:
        """Return the mapping of a direction: its own, or the one of the way back turned round."""
        if direction in self.mappings:
            return self.mappings[direction]
        back = self.mappings.get(Direction(direction.target, direction.source))
        return SiteMapping() if back is None else back.way_back()
