# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the table of addresses that is about setting an engine up: hosts, networks, templates, groupings."""

from __future__ import annotations

from .handlers import affinity, clusters, connections, external, host_admin, networks, permissions, tags, templates
from .routing import Route

_DOMAIN = "/storagedomains/{domain}"
_GROUPS = "/clusters/{cluster}/affinitygroups"
_GROUP = f"{_GROUPS}/{{group}}"
_GROUPS_OF_CENTER = "/datacenters/{pool}/clusters/{cluster}/affinitygroups"
_LABEL = "/affinitylabels/{label}"
_GROUP_MEMBERS = {"vms": "vms", "hosts": "hosts", "vmlabels": "vm_labels", "hostlabels": "host_labels"}
_TAGGED = (("vms", "vm"), ("hosts", "host"))
_PERMITTED = {
    "/clusters": ("cluster", "cluster"),
    "/datacenters": ("data_center", "pool"),
    "/disks": ("disk", "disk"),
    "/hosts": ("host", "host"),
    "/storagedomains": ("storage_domain", "domain"),
    "/templates": ("template", "template"),
    "/vms": ("vm", "vm"),
}

ADMINISTRATION = [
    Route("GET", "/affinitylabels", "read", affinity.list_labels),
    Route("POST", "/affinitylabels", "create", affinity.add_label),
    Route("GET", _LABEL, "read", affinity.read_label),
    Route("PUT", _LABEL, "update", affinity.update_label),
    Route("DELETE", _LABEL, "perform", affinity.remove_label),
    Route("GET", _GROUPS, "read", affinity.list_groups),
    Route("POST", _GROUPS, "create", affinity.add_group),
    Route("GET", _GROUP, "read", affinity.read_group),
    Route("PUT", _GROUP, "update", affinity.update_group),
    Route("DELETE", _GROUP, "perform", affinity.remove_group),
    Route("GET", _GROUPS_OF_CENTER, "read", affinity.list_groups),
    Route("GET", f"{_GROUPS_OF_CENTER}/{{group}}", "read", affinity.read_group),
    Route("POST", "/clusters/{cluster}/networks", "create", networks.add_to_cluster),
    Route("GET", "/clusters/{cluster}/networks/{network}", "read", networks.read_in_cluster),
    Route("DELETE", "/clusters/{cluster}/networks/{network}", "perform", networks.remove_from_cluster),
    Route("POST", "/datacenters/{pool}/networks", "create", networks.add),
    Route("GET", "/datacenters/{pool}/networks/{network}", "read", clusters.read_network),
    Route("POST", "/events", "create", external.add_event),
    Route("DELETE", "/events/{event:text}", "perform", external.remove_event),
    Route("POST", "/hosts", "create", host_admin.add),
    Route("PUT", "/hosts/{host}", "update", host_admin.update),
    Route("DELETE", "/hosts/{host}", "perform", host_admin.remove),
    Route("POST", "/hosts/{host}/activate", "action", host_admin.activate),
    Route("POST", "/hosts/{host}/deactivate", "action", host_admin.deactivate),
    Route("POST", "/hosts/{host}/refresh", "action", host_admin.refresh),
    Route("POST", "/jobs", "create", external.add_job),
    Route("POST", "/jobs/{job}/clear", "action", external.clear_job),
    Route("POST", "/jobs/{job}/end", "action", external.end_job),
    Route("POST", "/jobs/{job}/steps", "create", external.add_step),
    Route("POST", "/jobs/{job}/steps/{step}/end", "action", external.end_step),
    Route("POST", "/networks", "create", networks.add),
    Route("PUT", "/networks/{network}", "update", networks.update),
    Route("DELETE", "/networks/{network}", "perform", networks.remove),
    Route("POST", "/networks/{network}/vnicprofiles", "create", networks.add_profile),
    Route("GET", "/networks/{network}/vnicprofiles/{profile}", "read", networks.read_profile_of),
    Route("PUT", "/storageconnections/{connection}", "update", connections.update),
    Route("POST", f"{_DOMAIN}/storageconnections", "perform", connections.add_to_domain),
    Route("DELETE", f"{_DOMAIN}/storageconnections/{{connection}}", "perform", connections.remove_from_domain),
    Route("GET", "/tags", "read", tags.list_all),
    Route("POST", "/tags", "create", tags.add),
    Route("GET", "/tags/{tag}", "read", tags.read),
    Route("PUT", "/tags/{tag}", "update", tags.update),
    Route("DELETE", "/tags/{tag}", "perform", tags.remove),
    Route("PUT", "/templates/{template}", "update", templates.update),
    Route("GET", "/users/{user}/permissions", "read", permissions.list_of_user),
    Route("POST", "/vnicprofiles", "create", networks.add_profile),
    Route("PUT", "/vnicprofiles/{profile}", "update", networks.update_profile),
    Route("DELETE", "/vnicprofiles/{profile}", "perform", networks.remove_profile),
]
for _holder, _kinds in ((_GROUP, _GROUP_MEMBERS), (_LABEL, {"vms": "vms", "hosts": "hosts"})):
    for _name, _kind in _kinds.items():
        _since = "4.4" if (_holder, _kind) == (_GROUP, "hosts") else "4.3"
        ADMINISTRATION += [
            Route("GET", f"{_holder}/{_name}", "read", affinity.list_members(_kind), _since),
            Route("POST", f"{_holder}/{_name}", "create", affinity.add_member(_kind), _since),
            Route("DELETE", f"{_holder}/{_name}/{{member}}", "perform", affinity.remove_member(_kind), _since),
        ]
for _kind, _key in _TAGGED:
    _owner = f"/{_kind}/{{{_key}}}"
    ADMINISTRATION += [
        Route("GET", f"{_owner}/affinitylabels", "read", affinity.list_labels_of(_kind, _key)),
        Route("POST", f"{_owner}/affinitylabels", "create", affinity.add_label_to(_kind, _key)),
        Route("DELETE", f"{_owner}/affinitylabels/{{label}}", "perform", affinity.remove_label_from(_kind, _key)),
        Route("GET", f"{_owner}/tags", "read", tags.list_of(_kind, _key)),
        Route("POST", f"{_owner}/tags", "create", tags.attach(_kind, _key)),
        Route("GET", f"{_owner}/tags/{{tag}}", "read", tags.read_of(_kind, _key)),
        Route("DELETE", f"{_owner}/tags/{{tag}}", "perform", tags.detach(_kind, _key)),
    ]
for _base, (_kind, _key) in _PERMITTED.items():
    _owner = f"{_base}/{{{_key}}}/permissions"
    ADMINISTRATION += [
        Route("GET", _owner, "read", permissions.list_on(_kind, _key)),
        Route("POST", _owner, "create", permissions.add_to(_kind, _key)),
        Route("GET", f"{_owner}/{{permission}}", "read", permissions.read_on(_kind, _key)),
        Route("DELETE", f"{_owner}/{{permission}}", "perform", permissions.remove_from(_kind, _key)),
    ]
