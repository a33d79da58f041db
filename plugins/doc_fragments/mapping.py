# SPDX-License-Identifier: GPL-3.0-or-later
"""How every module documents the mapping of one site's names to another's."""

from __future__ import annotations


class ModuleDocFragment:
    """The option mapping (lifeboat.ovirt.mapping)."""

    DOCUMENTATION = r"""
options:
  mapping:
    description:
      - What the names of the site that the workloads come from become at this one. It has the form of a mapping file,
        which M(lifeboat.ovirt.mapping_info) proposes.
      - An entry without a target is undecided and counts as none.
    type: dict
    suboptions:
      version:
        description: Version of the format. This collection knows V(1).
        type: int
        required: true
      clusters:
        description: Clusters. Without a mapping the cluster of the same name is taken.
        type: list
        elements: dict
        suboptions: &names
          source:
            description: Name at the site that the workloads come from.
            type: str
            required: true
          target:
            description: Name at this site.
            type: str
      affinity_groups:
        description: Affinity groups.
        type: list
        elements: dict
        suboptions: *names
      affinity_labels:
        description: Affinity labels.
        type: list
        elements: dict
        suboptions: *names
      roles:
        description: Roles of users on VMs and templates.
        type: list
        elements: dict
        suboptions: *names
      user_domains:
        description: Domains (authorization providers) of users, such as C(internal-authz).
        type: list
        elements: dict
        suboptions: *names
      vnic_profiles:
        description: vNIC profiles.
        type: list
        elements: dict
        suboptions:
          source:
            description: The profile at the site that the workloads come from. An empty mapping stands for NICs
              without a profile.
            type: dict
            required: true
            suboptions: &profile
              network:
                description: Name of its network.
                type: str
              profile:
                description: Its own name.
                type: str
              data_center:
                description: Name of its data center. At the target it is needed where data centers share names.
                type: str
              id:
                description: Its identifier. It counts at the target only, before the names.
                type: str
          target:
            description: The profile at this site.
            type: dict
            suboptions: *profile
      luns:
        description: Direct LUNs.
        type: list
        elements: dict
        suboptions:
          source:
            description: The LUN at the site that the workloads come from. Its identifier is enough.
            type: dict
            required: true
            suboptions: &lun
              id:
                description: Identifier of the logical unit.
                type: str
                required: true
              type:
                description: Type of the storage.
                type: str
                choices: [iscsi, fcp]
              address:
                description: Address of the portal.
                type: str
              port:
                description: Port of the portal.
                type: int
              portal:
                description: Number of the target portal group.
                type: str
              target:
                description: Name of the iSCSI target.
                type: str
              username:
                description: User for CHAP.
                type: str
              password:
                description: Password for CHAP.
                type: str
          target:
            description: The LUN at this site.
            type: dict
            suboptions: *lun
"""
