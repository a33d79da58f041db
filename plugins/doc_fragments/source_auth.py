# SPDX-License-Identifier: GPL-3.0-or-later
"""How modules document the login at the site that workloads come from."""

from __future__ import annotations


class ModuleDocFragment:
    """The option source_auth (lifeboat.ovirt.source_auth).

    A module that needs it adds `required: true` to it among its own options.
    """

    DOCUMENTATION = r"""
options:
  source_auth:
    description:
      - The engine of the site that the workloads come from. O(auth) is that of this site.
      - It has the keys of O(auth), each of them looked up in the same way.
    type: dict
    suboptions:
      url:
        description: Address of the API.
        type: str
      hostname:
        description: Name of the engine's host, in place of O(source_auth.url).
        type: str
      username:
        description: The user and its profile.
        type: str
      password:
        description: The password of the user.
        type: str
      token:
        description: A token of the engine's single sign-on, in place of a login.
        type: str
      ca_file:
        description: PEM file with the CA certificate that the engine's certificate is verified with.
        type: path
      insecure:
        description: Whether to leave out the verification of the engine's certificate.
        type: bool
        default: false
      headers:
        description: HTTP headers to send with every request to the API.
        type: dict
      timeout:
        description: Seconds to wait for one answer of the engine. V(0) means 120.
        type: int
        default: 0
      kerberos:
        description: Whether to log in with a Kerberos ticket.
        type: bool
        default: false
      compress:
        description: Whether to ask for compressed answers.
        type: bool
        default: true
"""
