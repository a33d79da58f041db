#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: unregistered_entity_info
short_description: Tell what waits on storage domains, and what its registration will need
version_added: 0.1.0
description:
  - Lists the VMs, templates and floating disks that wait on active storage domains, with a verdict on each and every
    reason for it. M(lifeboat.ovirt.entity_registration) registers them.
  - The engine shows neither cluster nor disks nor NICs of what is not registered. These stand in OVF documents, which
    come from the OVF stores on the domains (O(deep)), from the site that the workloads come from (O(source_auth)), or
    from a manifest that was kept (O(manifest_yaml)). The first of these that has the document is taken. Without a
    document the verdict is V(unknown), unless something is certainly in the way.
  - It also tells which storage domains and workloads have to travel together, so that nobody replicates half a VM.
  - The number of requests grows with the storage domains and clusters, not with the VMs.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
  - lifeboat.ovirt.mapping
  - lifeboat.ovirt.source_auth
attributes:
  check_mode:
    support: full
    details: Reads only. An image transfer is a write, so O(deep) is passed over, and what only it would tell is
      V(unknown).
  diff_mode:
    support: none
    details: Changes nothing.
  action_group:
    support: full
options:
  storage_domains:
    description: Names or ids of the storage domains to look at; all active data domains when it is left out.
    type: list
    elements: str
    default: []
  deep:
    description:
      - Whether to read the OVF stores of the domains, by an image transfer of each of their disks. It needs the Python
        library C(ovirt-imageio), and a way to port 54322 of the hosts or 54323 of the engine.
      - Nothing on the storage changes. As long as a transfer lasts, a few seconds, the engine keeps that OVF store
        locked and its domain active. It is ended afterwards, also after a failure; should this process die, the engine
        ends it after a minute. The engine notes it among its events and transfers.
    type: bool
    default: false
  manifest_yaml:
    description: A manifest as text, YAML or JSON, usually from C(lookup('ansible.builtin.file', ...)). It is what
      RV(manifest) was when the documents could still be read; C(docs/manifest.md) describes the format.
    type: str
  cluster:
    description: Name or id of the cluster that everything is going to be registered in. It wins over the mapping.
    type: str
  mapping_yaml:
    description: The mapping as the text of a mapping file, or of a variable file of the official disaster recovery
      role.
    type: str
  mapping_target:
    description: Which of the sites in a variable file of the official role is this one.
    type: str
  timeout:
    description: Seconds that an image transfer may take to begin, and again to end.
    type: int
    default: 120
"""

EXAMPLES = r"""
- name: What will the registration need?
  lifeboat.ovirt.unregistered_entity_info:
    storage_domains: [vault]
    deep: true
    mapping_yaml: "{{ lookup('ansible.builtin.file', 'mapping.yml') }}"
  register: waiting

- name: Stop unless everything is ready
  ansible.builtin.assert:
    that: waiting.counts.ready == waiting.entities | length
    fail_msg: "{{ waiting.entities | rejectattr('verdict', 'eq', 'ready') }}"

- name: Keep a manifest while the other site lives
  ansible.builtin.copy:
    content: "{{ waiting.manifest }}"
    dest: manifest.yml
    mode: "0600"
"""

RETURN = r"""
entities:
  description: What waits on the storage domains.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: One of V(vm), V(template) and V(disk).
      type: str
    id:
      description: Identifier of the entity.
      type: str
    name:
      description: Name of the entity.
      type: str
    storage_domains:
      description: Names of the domains that list it; the first is the one to register it from.
      type: list
      elements: str
    source:
      description: Where its document comes from, one of V(ovf_store), V(site), V(manifest), and V(api) for none.
      type: str
    verdict:
      description: One of V(ready), V(needs_mapping), V(incomplete), V(conflict) and V(unknown).
      type: str
    reasons:
      description: What is in the way, or remarks where the verdict of the reason is V(ready).
      type: list
      elements: dict
      contains:
        code:
          description: What sort of reason it is.
          type: str
          sample: vnic_profile
        verdict:
          description: The verdict that this reason alone leads to.
          type: str
        text:
          description: The reason, for a human.
          type: str
        remedy:
          description: What to do about it.
          type: str
    needs:
      description: What the document refers to (C(cluster), C(template), C(storage_domains), C(vnic_profiles), C(luns),
        C(users), C(roles), C(affinity_groups), C(affinity_labels), C(lease_domain), C(host_devices)), null without a
        document.
      type: dict
counts:
  description: How many entities have each verdict.
  returned: success
  type: dict
  sample: {ready: 12, needs_mapping: 1, incomplete: 0, conflict: 0, unknown: 0}
groups:
  description: The storage domains that disks, memory of snapshots, leases and templates tie together, with the VMs and
    templates on them, of all documents that were read.
  returned: success
  type: list
  elements: dict
  contains:
    storage_domains:
      description: The domains (C(id), C(name)). The name is the id where this site does not know the domain.
      type: list
      elements: dict
    vms:
      description: Names of the VMs.
      type: list
      elements: str
    templates:
      description: Names of the templates.
      type: list
      elements: str
groups_complete:
  description: Whether the document of everything that waits was read, so that RV(groups) leaves nothing out.
  returned: success
  type: bool
manifest:
  description: All documents that were read, as the text of a manifest for O(manifest_yaml). It holds no secrets.
  returned: success
  type: str
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

from contextlib import nullcontext

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.ansible_glue import auth_spec, mapping_spec, reported, session, warned
from ..module_utils.needs.read import read


def main() -> None:
    login = auth_spec()
    spec = {
        **login,
        **mapping_spec(),
        "source_auth": login["auth"],
        "storage_domains": {"type": "list", "elements": "str", "default": []},
        "deep": {"type": "bool", "default": False},
        "manifest_yaml": {"type": "str"},
        "cluster": {"type": "str"},
        "mapping_yaml": {"type": "str", "no_log": True},
        "mapping_target": {"type": "str"},
        "timeout": {"type": "int", "default": 120},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    options = {name: value for name, value in module.params.items() if name not in ("auth", "source_auth")}
    origin = module.params["source_auth"]
    with (
        reported(module) as stopwatch,
        session(module.params, check_mode=module.check_mode or not options["deep"]) as engine,
        session({"auth": origin}, check_mode=True) if origin else nullcontext() as source,
    ):
        result = read(engine, source, **options)
    module.exit_json(**warned(module, result), **stopwatch.times)


if __name__ == "__main__":
    main()
