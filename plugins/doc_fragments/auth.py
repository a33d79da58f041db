# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module of the collection documents alike: how to log in, and what it supports."""

from __future__ import annotations


class ModuleDocFragment:
    """The option auth (lifeboat.ovirt.auth) and the attributes (lifeboat.ovirt.auth.attributes)."""

    DOCUMENTATION = r"""
options:
  auth:
    description:
      - How to reach the engine and log in to it, in the form that C(ovirt.ovirt.ovirt_auth) returns as C(ovirt_auth).
      - Every key is looked up on its own - here, then in the environment, then in the file that the environment
        variable E(OVIRT_INI_PATH) names. That file has a section C([ovirt]) with C(ovirt_url), C(ovirt_username),
        C(ovirt_password) and C(ovirt_ca_file). An empty string counts as not given.
      - Either O(auth.token), or O(auth.username) and O(auth.password), or O(auth.kerberos) is needed.
    type: dict
    suboptions:
      url:
        description:
          - Address of the API, C(https://engine.example.com/ovirt-engine/api). Without a path it gets that path.
          - Environment variable E(OVIRT_URL).
        type: str
      hostname:
        description:
          - Name of the engine's host, in place of O(auth.url).
          - Environment variable E(OVIRT_HOSTNAME).
        type: str
      username:
        description:
          - The user and its profile, such as C(admin@internal).
          - Environment variable E(OVIRT_USERNAME).
        type: str
      password:
        description:
          - The password of the user.
          - Environment variable E(OVIRT_PASSWORD).
        type: str
      token:
        description:
          - A token of the engine's single sign-on, in place of a login. It is not revoked at the end.
          - Where user and password are given by the task and a token only by the environment, the user logs in.
          - Environment variable E(OVIRT_TOKEN).
        type: str
      ca_file:
        description:
          - PEM file with the CA certificate that the engine's certificate is verified with, on the host where the
            module runs. Without it the CA certificates of the system are used.
          - Environment variable E(OVIRT_CAFILE).
        type: path
      insecure:
        description:
          - Whether to leave out the verification of the engine's certificate.
        type: bool
        default: false
      headers:
        description:
          - HTTP headers to send with every request to the API.
        type: dict
      timeout:
        description:
          - Seconds to wait for one answer of the engine.
          - V(0) means 120 for reading, and the time limit of the operation for a change.
        type: int
        default: 0
      kerberos:
        description:
          - Whether to log in with a Kerberos ticket.
        type: bool
        default: false
      compress:
        description:
          - Whether to ask for compressed answers.
        type: bool
        default: true
requirements:
  - python >= 3.11
  - ovirt-engine-sdk-python >= 4.5.0
"""

    ATTRIBUTES = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Predicts the changes, and sends nothing to the engine that changes anything.
  diff_mode:
    support: full
    description: Shows the state before and after.
  action_group:
    support: full
    description: One entry C(group/lifeboat.ovirt.all) in C(module_defaults) sets O(auth) for all modules.
    membership:
      - lifeboat.ovirt.all
"""
