# SPDX-License-Identifier: GPL-3.0-or-later
"""How every module that works behind iSCSI targets documents them."""

from __future__ import annotations


class ModuleDocFragment:
    """The option targets (lifeboat.ovirt.targets)."""

    DOCUMENTATION = r"""
options:
  targets:
    description: The iSCSI targets, an entry for each portal that leads to one.
    type: list
    elements: dict
    default: []
    suboptions:
      target:
        description: Name (IQN) of the target.
        type: str
        required: true
      address:
        description: Address of the portal.
        type: str
        required: true
      port:
        description: TCP port of the portal.
        type: int
        default: 3260
      portal:
        description: Portal as RV(lifeboat.ovirt.iscsi_target_info#module:iscsi_targets[].portal) names it.
        type: str
      username:
        description: CHAP user name.
        type: str
      password:
        description: CHAP password.
        type: str
"""
