# SPDX-License-Identifier: GPL-3.0-or-later
"""How every module that acts on many entities documents what follows when some of them fail."""

from __future__ import annotations


class ModuleDocFragment:
    """The option on_partial (lifeboat.ovirt.partial)."""

    DOCUMENTATION = r"""
options:
  on_partial:
    description:
      - What the module does where some entities failed, after the others have been done.
      - V(fail) fails the task.
      - V(report) warns and returns the same keys as a failure does, C(error_kind=partial) among them, so that a role
        can go on with the others and judge at its end.
    type: str
    choices: [fail, report]
    default: fail
"""
