# SPDX-License-Identifier: GPL-3.0-or-later
"""One good call of each module, for the tests that hold something of all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

# A call of each module that would work, with the primary site's names.
CALLS: dict[str, dict[str, Any]] = {
    "backup_copy_info": {},
    "backup_domain": {"storage_domains": ["east-nfs2"]},
    "backup_domain_info": {},
    "backup_guard": {"actions": [{"action": "start_vm", "vms": ["db"]}]},
    "backup_prune": {"keep": 1},
    "backup_transfer": {"method": "move", "vms": ["db"], "storage_domains": ["vault"], "allow_non_backup": True},
    "drill_guard": {"storage_domains": [{"id": "6f0d7a3e-0b52-4f0c-9d5e-2f6f5a3c9b10", "name": "gone"}]},
    "entity_registration": {"storage_domains": ["vault"]},
    "export_domain_conversion": {"export_domain": "attic", "storage_domain": "vault"},
    "iscsi_login": {"host": "east-h1", "targets": [{"target": "iqn.x", "address": "10.10.1.10"}]},
    "iscsi_target_info": {"host": "east-h1", "portals": [{"address": "10.10.1.10"}]},
    "preflight_info": {
        "path": str(Path(__file__).parents[2] / "demo" / "plan.yml"),
        "source": "secondary",
        "target": "primary",
        "source_auth": {"url": "https://127.0.0.1:1/ovirt-engine/api", "token": "other-site-token"},
    },
    "recovery_plan": {
        "path": "/nowhere/plan.yml",
        "source": "secondary",
        "target": "primary",
        "source_auth": {"url": "https://127.0.0.1:1/ovirt-engine/api", "token": "other-site-token"},
    },
    "recovery_plan_info": {"path": str(Path(__file__).parents[2] / "demo" / "plan.yml")},
    "mapping_info": {"source_auth": {"url": "https://127.0.0.1:1/ovirt-engine/api", "token": "other-site-token"}},
    "run_report": {"procedure": "failover", "phases": [{"name": "fence", "result": {"elapsed": 1.0}}]},
    "site_guard": {"site": "primary", "storage_domains": ["gone"]},
    "storage_domain_create": {
        "data_center": "east",
        "storage_domains": [{"name": "new", "storage_type": "nfs", "address": "nfs.array-a.test", "path": "/empty"}],
    },
    "storage_domain_import": {
        "data_center": "east",
        "storage_domains": [{"storage_type": "nfs", "address": "a", "path": "/b", "identity": "any"}],
    },
    "storage_domain_state": {"storage_domains": ["east-nfs2"], "state": "maintenance"},
    "unregistered_entity_info": {"deep": True},
    "storage_ready_info": {
        "data_center": "east",
        "storage_domains": [{"id": "42c89047-4c93-51f0-970a-737dffcf757b", "storage_type": "iscsi"}],
    },
    "unregistered_storage_domain_info": {
        "hosts": ["east-h1"],
        "targets": [{"target": "iqn.x", "address": "10.10.1.10"}],
    },
    "vm_power": {"groups": [{"vms": ["db"]}]},
}
# They ask no engine.
OFFLINE = frozenset({"recovery_plan_info", "run_report"})
# What they are asked for is whether an engine can be used, so one that cannot is a result.
FINDING = frozenset({"preflight_info"})
MODULES = sorted(CALLS.keys() - OFFLINE)
