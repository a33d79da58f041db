# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: protection_groups
short_description: The protection groups of a recovery plan as hosts
version_added: 0.1.0
description:
  - Makes a host of each protection group of a recovery plan, all in the inventory group C(protection_groups). So the
    means that Ansible and AWX have for hosts serve for protection groups, C(forks), C(strategy=free), C(--limit) and
    job slicing among them.
  - The hosts are worked on where Ansible runs; nothing logs in anywhere.
  - Each host has the variables C(recovery_plan) (path of the plan) and C(recovery_groups) (a list with its own name),
    which the playbooks of this collection hand to their roles.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
options:
  plugin:
    description: Has to be V(lifeboat.ovirt.protection_groups).
    type: str
    required: true
    choices: [lifeboat.ovirt.protection_groups]
  plan:
    description: Path of the recovery plan, relative to this inventory file.
    type: str
    required: true
"""

EXAMPLES = r"""
# erp.protection_groups.yml, to be used as: ansible-playbook -i erp.protection_groups.yml lifeboat.ovirt.failover
plugin: lifeboat.ovirt.protection_groups
plan: erp.yml
"""

import sys
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin

from ..module_utils.engine.errors import EngineError
from ..module_utils.recovery.files import load_plan

GROUP = "protection_groups"


class InventoryModule(BaseInventoryPlugin):  # type: ignore[misc]
    """Reads a recovery plan as an inventory."""

    NAME = "lifeboat.ovirt.protection_groups"

    def verify_file(self, path: str) -> bool:
        """Return whether this may be a source for this plugin."""
        return bool(super().verify_file(path)) and path.endswith((f"{GROUP}.yml", f"{GROUP}.yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Add a host for each protection group."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        plan_path = str(Path(path).parent / self.get_option("plan"))
        try:
            plan = load_plan(plan_path)
        except EngineError as exc:
            raise AnsibleParserError(str(exc)) from exc
        inventory.add_group(GROUP)
        for name in plan.groups:
            inventory.add_host(name, GROUP)
            inventory.set_variable(name, "ansible_connection", "local")
            inventory.set_variable(name, "ansible_python_interpreter", sys.executable)
            inventory.set_variable(name, "recovery_plan", str(Path(plan_path).absolute()))
            inventory.set_variable(name, "recovery_groups", [name])
