# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses, links and actions: what the API's XML has and the SDK's writers do not write.

A view is how an entity looks in one collection; `*` stands for an identifier. Links are named as their XML list is; an
address and a `rel` have no underscores.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from typing import Any

from ovirtsdk4 import types
from ovirtsdk4.writer import Writer

from .shapes import Shapes


@dataclass(frozen=True)
class View:
    """Links and actions of an entity, as words."""

    tag: str
    links: str = ""
    actions: str = ""


_DEVICES = "cdroms disk_attachments graphics_consoles mediated_devices nics permissions tags watchdogs"
_DOMAIN = "disk_profiles disk_snapshots disks permissions storage_connections templates vms"
_DOMAIN_ACTIONS = "isattached reduceluns refreshluns updateovfstore"

VIEWS = {
    "/affinitylabels": View("affinity_label", "hosts vms"),
    "/hosts/*/affinitylabels": View("affinity_label"),
    "/hosts/*/tags": View("tag"),
    "/vms/*/affinitylabels": View("affinity_label"),
    "/vms/*/tags": View("tag"),
    "/clusters": View(
        "cluster",
        "affinity_groups cpu_profiles enabled_features external_network_providers gluster_hooks gluster_volumes"
        " networks permissions",
        "refreshglusterhealstatus resetemulatedmachine syncallnetworks upgrade",
    ),
    "/clusters/*/affinitygroups": View("affinity_group", "hosts host_labels vms vm_labels"),
    "/clusters/*/networks": View("network", "network_labels permissions vnic_profiles"),
    "/datacenters": View(
        "data_center",
        "clusters iscsi_bonds networks permissions qoss quotas storage_domains",
        "cleanfinishedtasks setmaster",
    ),
    "/datacenters/*/clusters": View("cluster", "affinity_groups networks permissions"),
    "/datacenters/*/clusters/*/affinitygroups": View("affinity_group", "hosts host_labels vms vm_labels"),
    "/datacenters/*/networks": View("network", "network_labels permissions vnic_profiles"),
    "/datacenters/*/storagedomains": View("storage_domain", "disks", "activate deactivate"),
    "/disks": View("disk", "disk_snapshots permissions statistics", "copy export move reduce refreshlun sparsify"),
    "/disks:unregistered": View("disk"),
    "/domains": View("domain", "groups users"),
    "/events": View("event"),
    "/hosts": View(
        "host",
        "affinity_labels devices hooks katello_errata network_attachments nics numa_nodes permissions statistics"
        " storage_connection_extensions tags unmanaged_networks",
        "activate approve commitnetconfig deactivate discoveriscsi enrollcertificate fence forceselectspm install"
        " iscsidiscover iscsilogin refresh setupnetworks unregisteredstoragedomainsdiscover upgrade upgradecheck",
    ),
    "/hosts/*/storage": View("host_storage"),
    "/imagetransfers": View("image_transfer", "", "cancel extend finalize pause resume"),
    "/jobs": View("job", "steps", "clear end"),
    "/jobs/*/steps": View("step", "statistics", "end"),
    "/macpools": View("mac_pool", "permissions"),
    "/networks": View("network", "network_labels permissions vnic_profiles"),
    "/networks/*/vnicprofiles": View("vnic_profile", "permissions"),
    "/roles": View("role", "permits"),
    "/storageconnections": View("storage_connection"),
    "/storagedomains": View("storage_domain", _DOMAIN, _DOMAIN_ACTIONS),
    "/storagedomains:export": View(
        "storage_domain", "disk_profiles disk_snapshots disks permissions storage_connections templates vms"
    ),
    "/storagedomains:iso": View("storage_domain", "disk_profiles files permissions storage_connections", "isattached"),
    "/storagedomains:updated": View(
        "storage_domain", "disk_profiles disk_snapshots disks permissions storage_connections", _DOMAIN_ACTIONS
    ),
    "/storagedomains/*/disks": View("disk", "permissions statistics", "copy export move reduce sparsify"),
    "/storagedomains/*/storageconnections": View("storage_connection"),
    "/storagedomains/*/templates/*/disks": View("disk"),
    "/storagedomains/*/vms/*/diskattachments": View("disk_attachment"),
    "/storagedomains/*/vms/*/disks": View("disk"),
    "/storagedomains/*/templates": View("template", "disks", "import register"),
    "/storagedomains/*/vms": View("vm", "disk_attachments disks", "import register"),
    "/tags": View("tag"),
    "/templates": View("template", _DEVICES, "export"),
    "/templates/*/diskattachments": View("disk_attachment"),
    "/templates/*/nics": View("nic"),
    "/users": View("user", "permissions roles ssh_public_keys tags"),
    "/vmpools": View("vm_pool", "permissions", "allocatevm"),
    "/vms": View(
        "vm",
        f"affinity_labels applications host_devices katello_errata numa_nodes reported_devices sessions snapshots"
        f" statistics {_DEVICES}",
        "cancelmigration clone commitsnapshot detach export freezefilesystems logon maintenance migrate previewsnapshot"
        " reboot reordermacaddresses reset shutdown start stop suspend thawfilesystems ticket undosnapshot",
    ),
    "/vms/*/backups": View("backup", "disks", "finalize"),
    "/vms/*/checkpoints": View("checkpoint", "disks"),
    "/vms/*/diskattachments": View("disk_attachment"),
    "/vms/*/nics": View("nic", "network_filter_parameters reported_devices statistics", "activate deactivate"),
    "/vms/*/snapshots": View("snapshot", "cdroms disks nics", "restore"),
    "/vms/*/snapshots/*/disks": View("disk"),
    "/vms/*/snapshots/*/nics": View("nic"),
    "/vnicprofiles": View("vnic_profile", "permissions"),
}

# The collections at the API's root; those that can be searched come first.
SEARCHABLE = (
    "clusters datacenters events hosts networks storagedomains templates users groups vmpools vms disks jobs"
    " vnicprofiles"
)
COLLECTIONS = (
    f"{SEARCHABLE} roles tags bookmarks icons instancetypes domains storageconnections diskprofiles cpuprofiles"
    " schedulingpolicyunits schedulingpolicies permissions macpools networkfilters operatingsystems"
    " externalhostproviders openstackimageproviders openstackvolumeproviders openstacknetworkproviders"
    " katelloerrata affinitylabels clusterlevels imagetransfers externalvmimports externaltemplateimports"
)

# Where an entity lives that is only referred to.
HOMES = {
    "affinity_label": "/affinitylabels",
    "authenticated_user": "/users",
    "blank_template": "/templates",
    "cluster": "/clusters",
    "cpu_profile": "/cpuprofiles",
    "data_center": "/datacenters",
    "disk": "/disks",
    "disk_profile": "/diskprofiles",
    "effective_user": "/users",
    "group": "/groups",
    "host": "/hosts",
    "instance_type": "/instancetypes",
    "job": "/jobs",
    "mac_pool": "/macpools",
    "network": "/networks",
    "owner": "/users",
    "permission": "/permissions",
    "parent": "/tags",
    "role": "/roles",
    "root_tag": "/tags",
    "storage_connection": "/storageconnections",
    "storage_domain": "/storagedomains",
    "tag": "/tags",
    "template": "/templates",
    "user": "/users",
    "vm": "/vms",
    "vm_pool": "/vmpools",
    "vnic_profile": "/vnicprofiles",
}

_SHAPES = Shapes()
_ALIASES = {"host_numa_nodes": "numa_nodes"}  # the SDK writes a VM's list as if it were a host's
_LISTS = frozenset(link for view in VIEWS.values() for link in view.links.split()) | set(_ALIASES)
_ENTITIES = frozenset(HOMES) | {view.tag for view in VIEWS.values()}


def _any_of(names: Iterable[str]) -> str:
    """Return a pattern for the names, by first letter: that is twice as fast over the XML of thousands of VMs."""
    letters = groupby(sorted(names), key=lambda name: name[0])
    return "|".join(f"{letter}(?:{'|'.join(name[1:] for name in group)})" for letter, group in letters)


# The SDK writes canonical XML: double quotes, no blanks in tags, `href` before `id`, and `>` escaped in text.
_TAG = re.compile(rf'<(/?)({_any_of(_LISTS | _ENTITIES)})(?: id="([^"]*)")?(/?)>')


@dataclass
class _Frame:
    """An open element: an entity with its address, or a list with the address that its items lie under."""

    address: str | None = None
    view: View | None = None
    items: str | None = None
    inlined: set[str] = field(default_factory=set)


def render(body: Any, root: str, base: str, view: str | None, places: Mapping[str, str | None], prefix: str) -> str:
    """Return the XML of an object of the SDK, or of a list of them under the given root tag, if there is one."""
    if isinstance(body, list):
        items = "".join(_decorated(item, base, view, places, prefix) for item in body)
        return f"<{root}>{items}</{root}>" if root else items
    return _decorated(body, base, view, places, prefix)


def root_links(prefix: str) -> list[tuple[str, str]]:
    """Return the addresses of the root's links, and what they are called."""
    links = [(f"{prefix}/{name}", name) for name in COLLECTIONS.split()]
    return links + [(f"{prefix}/{name}?search={{query}}", f"{name}/search") for name in SEARCHABLE.split()]


def _decorated(item: Any, base: str, view: str | None, places: Mapping[str, str | None], prefix: str) -> str:
    key = (base, view, tuple(places.items()), prefix)
    return _SHAPES.write(item, key, lambda one: _written(one, base, view, places, prefix))


def _written(item: Any, base: str, view: str | None, places: Mapping[str, str | None], prefix: str) -> str:
    if isinstance(item, types.Api):
        links = "".join(f'<link href="{href}" rel="{rel}"/>' for href, rel in root_links(prefix))
        return _Scanner(Writer.write(item), places, prefix).run(base, None).replace("<api>", f"<api>{links}", 1)
    if view is None and isinstance(item, types.StorageDomain) and base == "/storagedomains" and item.type:
        view = f"{base}:{item.type.value}"
    scanner = _Scanner(Writer.write(item), places, prefix)
    return scanner.run(base, VIEWS.get(view or "") or _view(base))


class _Scanner:
    """One pass over the XML of one entity."""

    def __init__(self, text: str, places: Mapping[str, str | None], prefix: str) -> None:
        self._text = text
        self._places = places
        self._prefix = prefix
        self._frames: list[_Frame] = []
        self._out: list[str] = []

    def run(self, base: str, view: View | None) -> str:
        """Return the text with everything added; base and view are the outermost entity's."""
        position = 0
        for match in _TAG.finditer(self._text):
            closing, tag, identifier, empty = match.groups()
            self._out.append(self._text[position : match.start()])
            position = match.end()
            if closing:
                self._close()
            elif tag in _LISTS and self._frames:
                self._open_list(tag, empty)
            else:
                self._open_entity(tag, identifier, empty, *self._home(tag, base, view))
                continue
            self._out.append(match[0])
        self._out.append(self._text[position:])
        return "".join(self._out)

    def _home(self, tag: str, base: str, view: View | None) -> tuple[str | None, View | None]:
        if not self._frames and view and view.tag == tag:
            return base, view
        base_of_list = self._frames[-1].items if self._frames else None
        home = self._places[tag] if tag in self._places else base_of_list or HOMES.get(tag)
        return home, _view(home) if home else None

    def _open_list(self, tag: str, empty: str) -> None:
        parent, frame = self._frames[-1], _Frame()
        tag = _ALIASES.get(tag, tag)
        if parent.view and parent.address and tag in parent.view.links.split():
            parent.inlined.add(tag)
            frame.items = f"{parent.address}/{tag.replace('_', '')}"
        if not empty:
            self._frames.append(frame)

    def _open_entity(self, tag: str, identifier: str | None, empty: str, home: str | None, view: View | None) -> None:
        frame = _Frame()
        if identifier is None:
            named = ""
        elif home is None:
            named = f' id="{identifier}"'
        else:
            frame.address, frame.view = f"{home}/{identifier}", view
            named = f' href="{self._prefix}{frame.address}" id="{identifier}"'
        self._out.append(f"<{tag}{named}{empty}>")
        if not empty:
            self._frames.append(frame)

    def _close(self) -> None:
        frame = self._frames.pop()
        if frame.view and frame.address:
            block = _block(frame.view, frozenset(frame.inlined))
            self._out.append(block.replace("*", f"{self._prefix}{frame.address}"))


@cache
def _block(view: View, inlined: frozenset[str]) -> str:
    actions = "".join(f'<link href="*/{name}" rel="{name}"/>' for name in view.actions.split())
    names = [name.replace("_", "") for name in view.links.split() if name not in inlined]
    links = "".join(f'<link href="*/{name}" rel="{name}"/>' for name in names)
    return (f"<actions>{actions}</actions>" if actions else "") + links


def _view(base: str) -> View | None:
    if base in VIEWS:
        return VIEWS[base]
    parts = base.split("/")
    parts[2::2] = ["*"] * len(parts[2::2])
    return VIEWS.get("/".join(parts))
