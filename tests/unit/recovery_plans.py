# SPDX-License-Identifier: GPL-3.0-or-later
"""A recovery plan for the sites of the default scenario, and small changes to it."""

from __future__ import annotations

import copy
from typing import Any

import yaml

from ansible_collections.lifeboat.ovirt.plugins.module_utils.recovery.plan import Plan
from ansible_collections.lifeboat.ovirt.plugins.module_utils.recovery.reading import read_plan

VAULT = "42c89047-4c93-51f0-970a-737dffcf757b"

PLAN: dict[str, Any] = {
    "version": 1,
    "name": "erp",
    "sites": {
        "primary": {"data_center": "east", "host": "east-h1"},
        "secondary": {"data_center": "west", "drill": {"network": "isolated", "profile": "isolated"}},
    },
    "groups": {
        "shop": {
            "domains": {
                "vault": {
                    "id": VAULT,
                    "sites": {
                        "primary": {
                            "storage_type": "iscsi",
                            "portals": [{"address": "10.10.1.10"}, {"address": "10.10.1.11", "port": 3261}],
                            "targets": ["iqn.2031-05.test.array-a:vault"],
                        },
                        "secondary": {
                            "storage_type": "iscsi",
                            "portals": [{"address": "10.20.1.10"}],
                            "targets": ["iqn.2031-05.test.array-b:vault"],
                        },
                    },
                }
            },
            "boot": [
                {"name": "databases", "vms": ["db"], "ready": "agent", "timeout": 300, "delay": 5},
                {"vms": ["web"], "ready": "tcp", "port": 443, "on_failure": "continue"},
            ],
            "dependencies": {"web": ["db"]},
        },
        "files": {
            "mode": "restore",
            "restore": {"method": "move", "to": {"primary": "east-data", "secondary": "west-data"}},
            "on_error": "warn",
            "domains": {
                "nfs-vault": {
                    "id": "5b0d8a50-3f36-5b8f-8a3f-2d2a3c1e0f11",
                    "sites": {
                        "primary": {"storage_type": "nfs", "address": "nfs.array-a.test", "path": "/vault"},
                        "secondary": {"storage_type": "nfs", "address": "nfs.array-b.test", "path": "/vault"},
                    },
                }
            },
            "vms": {"names": ["app"]},
        },
    },
    "mappings": [
        {
            "from": "primary",
            "to": "secondary",
            "clusters": [{"source": "east-cl1", "target": "west-cl1"}],
            "vnic_profiles": [
                {
                    "source": {"network": "east-lan", "profile": "east-lan"},
                    "target": {"network": "west-lan", "profile": "west-lan"},
                }
            ],
        }
    ],
    "hooks": {"fence": "hooks/fence.yml", "before": {"boot": "hooks/dns.yml"}},
}

_GONE = object()


def changed(*path: str | int, to: Any = _GONE) -> dict[str, Any]:
    """Return the plan's document with one value changed, or one key taken out."""
    document = copy.deepcopy(PLAN)
    place: Any = document
    for key in path[:-1]:
        place = place[key]
    if to is _GONE:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return document


def read(document: dict[str, Any] | None = None) -> Plan:
    """Return a document, or the plan as it is, read from its YAML."""
    return read_plan(yaml.safe_dump(PLAN if document is None else document, sort_keys=False), "/etc/dr/plan.yml")
