#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: run_report
short_description: Judge a run of a procedure and write its report
version_added: 0.1.0
description:
  - Takes what the tasks of a procedure have registered, judges the run as a whole, and writes one JSON document
    (C(docs/run-report.schema.json) of the collection is its schema) and one HTML page that needs nothing beside itself.
  - A run that failed does not fail this module. Assert on RV(verdict).
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
attributes:
  check_mode:
    support: full
    details: Judges, and writes no file.
  diff_mode:
    support: none
    details: A report differs from every other one.
  action_group:
    support: full
options:
  auth:
    description: Accepted, so that defaults for all modules can be given; no engine is asked.
  procedure:
    description: What was done, for example V(failover).
    type: str
    required: true
  phases:
    description: The steps of the procedure in their order.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the step. V(boot) is the one whose end counts as the recovery of a VM.
        type: str
        required: true
      result:
        description: What the task has registered; empty for a step that was not reached.
        type: dict
        default: {}
  failure:
    description: What broke the run off, whatever task that was. The run has failed then.
    type: str
  began:
    description: When the run began, UTC in ISO 8601, as RV(ignore:began) of the first module says it.
    type: str
  plan:
    description: Name of the recovery plan.
    type: str
  groups:
    description: Protection groups that the run was about.
    type: list
    elements: str
    default: []
  source:
    description: Name of the site that the workloads came from.
    type: str
  target:
    description: Name of the site that took them over.
    type: str
  on_error:
    description: Whether a run in which some entities failed is V(failed), or V(degraded) with V(warn).
    type: str
    choices: [fail, warn]
    default: fail
  rpo:
    description: Seconds by which the recovered data is behind, as the storage array tells it.
    type: float
  started_by:
    description: Who ran it, for example user and number of an AWX job. Empty values are left out.
    type: dict
    default: {}
  directory:
    description: Folder for the report on the machine that runs the module, made if it is missing; none for no files.
    type: path
  file_name:
    description: Name of both files without their ending. By default it says procedure, protection groups and time.
    type: str
"""

EXAMPLES = r"""
- name: Write the report
  lifeboat.ovirt.run_report:
    procedure: failover
    began: "{{ plan.began }}"
    phases:
      - {name: bring_in, result: "{{ imported | default({}) }}"}
      - {name: boot, result: "{{ booted | default({}) }}"}
    directory: /var/lib/lifeboat
  register: judged

- name: Fail where the run failed
  ansible.builtin.assert:
    that: judged.verdict != 'failed'
    fail_msg: "{{ judged.lines }}"
"""

RETURN = r"""
verdict:
  description: V(succeeded), V(degraded) (a success with something to look at) or V(failed).
  returned: success
  type: str
lines:
  description: One sentence on the run, and one for each thing that somebody has to look at.
  returned: success
  type: list
  elements: str
files:
  description: The files that were written; in check mode those that would be.
  returned: success
  type: list
  elements: str
report:
  description: The JSON document.
  returned: success
  type: dict
began:
  description: When the work began, UTC.
  returned: always
  type: str
  sample: "2031-05-04T03:00:00.00Z"
elapsed:
  description: Seconds that the work took.
  returned: always
  type: float
  sample: 0.05
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.ansible_glue import auth_spec, reported
from ..module_utils.report.files import write


def main() -> None:
    spec = {
        **auth_spec(),
        "procedure": {"type": "str", "required": True},
        "phases": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {"name": {"type": "str", "required": True}, "result": {"type": "dict", "default": {}}},
        },
        "failure": {"type": "str"},
        "began": {"type": "str"},
        "plan": {"type": "str"},
        "groups": {"type": "list", "elements": "str", "default": []},
        "source": {"type": "str"},
        "target": {"type": "str"},
        "on_error": {"type": "str", "choices": ["fail", "warn"], "default": "fail"},
        "rpo": {"type": "float"},
        "started_by": {"type": "dict", "default": {}},
        "directory": {"type": "path"},
        "file_name": {"type": "str"},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch:
        options = {name: value for name, value in module.params.items() if name != "auth"}
        result = write(**options, check_mode=module.check_mode)
    module.exit_json(**result, **stopwatch.times)


if __name__ == "__main__":
    main()
