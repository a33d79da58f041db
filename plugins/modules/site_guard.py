#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: site_guard
short_description: Make sure that a site no longer writes to its storage
version_added: 0.1.0
description:
  - Fails unless a site has certainly let go of the storage domains that another site is about to take over.
  - Either its own engine (O(auth)) answers and shows the domains in maintenance, unattached or gone, or the
    operator says that the site is fenced.
  - An engine that cannot be reached proves nothing, since its hosts may still write.
  - Where the engine answers, holds a domain, and sees a host up, no word of an operator counts against that.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
attributes:
  check_mode:
    support: full
    details: The check is the same, since it changes nothing.
  diff_mode:
    support: none
    details: Changes nothing.
  action_group:
    support: full
options:
  site:
    description: Name of the site to take over from, as the recovery plan calls it.
    type: str
    required: true
  storage_domains:
    description: Names or ids of the storage domains that will be taken over.
    type: list
    elements: str
    required: true
  fenced:
    description: The operator's word that all hosts of the site are powered off or cut off from the storage. It is
      the name of the site.
    type: str
  report_only:
    description: Whether a site that holds domains is told in RV(held) and RV(running) and is no failure. Its engine has
      to answer then.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Do not go on unless the primary site is fenced
  lifeboat.ovirt.site_guard:
    auth: "{{ failover_sites.primary.auth }}"
    site: primary
    storage_domains: [vault]
    fenced: "{{ failover_fenced | default(omit) }}"
"""

RETURN = r"""
site:
  description: The site that was checked.
  returned: success
  type: str
proof:
  description: Whose word counts, V(engine) or V(operator); V(null) where the site holds domains.
  returned: success
  type: str
reason:
  description: The proof in words.
  returned: success
  type: str
held:
  description: Identifiers of the domains that the site holds, with O(report_only).
  returned: success
  type: list
  elements: str
running:
  description: Names of the VMs that run from these there, with O(report_only).
  returned: success
  type: list
  elements: str
storage:
  description: On what the storage domains lie that are attached there, as C(<address>:<path>) or the identifiers of
    logical units. Two sites that have one of these in common use the same storage, and no replica.
  returned: success
  type: list
  elements: str
  sample: ["nfs.example.com:/vault"]
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

from ..module_utils.ansible_glue import auth_spec, reported, session, subset
from ..module_utils.guard import check


def main() -> None:
    spec = {
        **auth_spec(),
        "site": {"type": "str", "required": True},
        "storage_domains": {"type": "list", "elements": "str", "required": True},
        "fenced": {"type": "str"},
        "report_only": {"type": "bool", "default": False},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch:
        result = check(
            lambda: session(module.params, check_mode=True),
            **subset(module.params, "site", "storage_domains", "fenced", "report_only"),
        )
    module.exit_json(**result, **stopwatch.times)


if __name__ == "__main__":
    main()
