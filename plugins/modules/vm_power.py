#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: vm_power
short_description: Start or shut down VMs in boot groups
version_added: 0.1.0
description:
  - Starts VMs group by group, each group when the one before it is ready, or shuts them down in the reverse order.
  - The rule that a VM with a disk or its lease on a backup domain is not started is checked for all VMs before the
    first start; see O(on_obstacle).
  - A shutdown asks the guest. Nothing is powered off unless O(power_off) says so.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
  - lifeboat.ovirt.partial
attributes:
  check_mode:
    support: full
    details: Tells which VMs would be started or shut down and sends nothing.
  diff_mode:
    support: full
    details: Shows the status of each VM.
  action_group:
    support: full
options:
  groups:
    description: The groups, in boot order.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What messages call the group.
        type: str
      vms:
        description: Names or ids of the VMs whose turn comes together.
        type: list
        elements: str
        required: true
      ready:
        description:
          - What has to be seen of a VM before it counts as started.
          - V(up) is its status, V(agent) an address that its guest agent tells, V(tcp) an answer at O(groups[].port) of
            such an address, seen from the machine that runs the module.
          - With V(accepted) nothing has to be seen; it is enough that the engine takes the request.
        type: str
        choices: [accepted, up, agent, tcp]
        default: up
      port:
        description: The port for V(tcp).
        type: int
      timeout:
        description: Seconds that each VM has; O(timeout) when left out.
        type: int
      delay:
        description: Seconds that pass once the group is ready, before the next one.
        type: int
        default: 0
      parallel:
        description: How many VMs of the group may be on their way at a time; V(0) for all.
        type: int
        default: 0
      on_failure:
        description: For this group, instead of O(on_failure).
        type: str
        choices: [stop, continue]
  dependencies:
    description:
      - For a VM the names of those that have to be ready before it starts, of its own group or an earlier one.
      - A VM whose dependency failed is not tried. On the way down a VM waits for those that need it.
    type: dict
    default: {}
  others_on:
    description: Storage domains whose VMs, as far as no group names them, form a last group C(others). One that the
      engine does not know, given by its id, has none.
    type: list
    elements: str
    default: []
  named_on:
    description: Storage domains on which a VM that a group names has to have a disk. Another one of that name counts as
      one that the engine does not have (see O(absent)). Without any, a VM may lie anywhere.
    type: list
    elements: str
    default: []
  state:
    description: Whether the VMs shall run.
    type: str
    choices: [running, stopped]
    default: running
  mark_ran:
    description: Whether a VM that is shut down gets a note in its description that it ran, which survives a detach and
      an import elsewhere.
    type: bool
    default: false
  only_ran:
    description: Whether only VMs with that note are started. It is taken away once they run, in any case.
    type: bool
    default: false
  absent:
    description: What a VM is that the engine does not have. V(fail) is an error of the whole call before anything is
      done, V(report) the failure of this VM only, V(skip) nothing at all.
    type: str
    choices: [fail, report, skip]
    default: fail
  on_obstacle:
    description:
      - What to do where a rule forbids the start of some VMs.
      - V(stop) names them all and starts nothing.
      - V(leave_out) starts the others; those that must not start fail.
    type: str
    choices: [stop, leave_out]
    default: stop
  bare_nics:
    description: Whether a VM is started although nothing connects one of its plugged NICs. V(refuse) makes it a
      failure.
    type: str
    choices: [start, refuse]
    default: start
  isolated_profile:
    description:
      - The only vNIC profile that the VMs may have, for a drill. All NICs are read before the first start. One that is
        on another profile, or on none, is put on this one; a VM for which that fails is not started.
    type: dict
    suboptions:
      network:
        description: Name of the network.
        type: str
        required: true
      profile:
        description: Name of the profile.
        type: str
        required: true
  power_off:
    description: Whether a VM whose guest did not shut down in its time is powered off.
    type: bool
    default: false
  on_failure:
    description: Whether the groups after one with a failed VM are left alone or take their turn all the same.
    type: str
    choices: [stop, continue]
    default: stop
  concurrency:
    description: How many requests are sent side by side.
    type: int
    default: 8
  timeout:
    description: Seconds that each VM has.
    type: int
    default: 600
  poll_interval:
    description: Longest time in seconds between two reads while waiting.
    type: float
    default: 3
"""

EXAMPLES = r"""
- name: Start the databases, then what needs them
  lifeboat.ovirt.vm_power:
    groups:
      - name: databases
        vms: [db]
        ready: agent
      - name: applications
        vms: [app, web]
        parallel: 10
    dependencies:
      web: [app]

- name: Shut them down in the reverse order, and note which of them ran
  lifeboat.ovirt.vm_power:
    groups: "{{ boot_groups }}"
    state: stopped
    mark_ran: true
"""

RETURN = r"""
entities:
  description: What became of each VM.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Identifier of the entity.
      type: str
    name:
      description: Name of the entity.
      type: str
    outcome:
      description: One of V(succeeded), V(failed), V(skipped) and V(unknown). In check mode V(succeeded) means that
        it would be done.
      type: str
    reason:
      description: Why it came out like this.
      type: str
    remedy:
      description: How to clear a failure.
      type: str
    began:
      description: When the request was sent, UTC; V(null) for a VM that was left alone.
      type: str
    ended:
      description: When the VM was seen to be ready, or was given up, UTC.
      type: str
counts:
  description: How many entities have each outcome.
  returned: always
  type: dict
  sample: {succeeded: 2, failed: 0, skipped: 1, unknown: 0}
began:
  description: When the work began, UTC.
  returned: always
  type: str
  sample: "2031-05-04T03:00:00.00Z"
elapsed:
  description: Seconds that the work took.
  returned: always
  type: float
  sample: 12.34
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.ansible_glue import auth_spec, partial_spec, reported, session
from ..module_utils.power.bring import ensure

GROUP = {
    "name": {"type": "str"},
    "vms": {"type": "list", "elements": "str", "required": True},
    "ready": {"type": "str", "choices": ["accepted", "up", "agent", "tcp"], "default": "up"},
    "port": {"type": "int"},
    "timeout": {"type": "int"},
    "delay": {"type": "int", "default": 0},
    "parallel": {"type": "int", "default": 0},
    "on_failure": {"type": "str", "choices": ["stop", "continue"]},
}

PROFILE = {"network": {"type": "str", "required": True}, "profile": {"type": "str", "required": True}}


def main() -> None:
    spec = {
        **auth_spec(),
        **partial_spec(),
        "groups": {"type": "list", "elements": "dict", "default": [], "options": GROUP},
        "dependencies": {"type": "dict", "default": {}},
        "others_on": {"type": "list", "elements": "str", "default": []},
        "named_on": {"type": "list", "elements": "str", "default": []},
        "state": {"type": "str", "choices": ["running", "stopped"], "default": "running"},
        "mark_ran": {"type": "bool", "default": False},
        "only_ran": {"type": "bool", "default": False},
        "absent": {"type": "str", "choices": ["fail", "report", "skip"], "default": "fail"},
        "on_obstacle": {"type": "str", "choices": ["stop", "leave_out"], "default": "stop"},
        "bare_nics": {"type": "str", "choices": ["start", "refuse"], "default": "start"},
        "isolated_profile": {"type": "dict", "options": PROFILE},
        "power_off": {"type": "bool", "default": False},
        "on_failure": {"type": "str", "choices": ["stop", "continue"], "default": "stop"},
        "concurrency": {"type": "int", "default": 8},
        "timeout": {"type": "int", "default": 600},
        "poll_interval": {"type": "float", "default": 3},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch, session(module.params, check_mode=module.check_mode) as engine:
        options = {name: value for name, value in module.params.items() if name not in ("auth", "on_partial")}
        result = ensure(engine, **options, check_mode=module.check_mode)
    module.exit_json(**result, **stopwatch.times)


if __name__ == "__main__":
    main()
