# SPDX-License-Identifier: GPL-3.0-or-later
"""Softening a rule by name: what it does, and what it may not do."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.rules.catalogue import CATALOGUE, judge
from ansible_collections.lifeboat.ovirt.plugins.module_utils.rules.rule import enforce, soften
from site_builder import VAULT, disk, site

SHARED = site(disk("quorum", VAULT, shareable=True))


def item(**changes):
    return {"id": "backup.shareable_disks", "severity": "warn", "reason": "moved next week"} | changes


def test_a_softened_rule_warns_instead_of_blocking():
    found = judge(SHARED, "configure_backup", VAULT, "vault", [item()])
    enforce(found)
    assert [one.severity for one in found] == ["warn"]


def test_an_ignored_rule_is_not_looked_at():
    assert judge(SHARED, "configure_backup", VAULT, "vault", [item(severity="ignore")]) == []


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (item(id="backup.nonsense"), "no rule backup.nonsense"),
        (item(id="backup.running_vms"), "enforced by the engine"),
        (item(reason=" "), "needs a reason"),
    ],
)
def test_a_softening_that_cannot_be_is_invalid_and_says_why(wanted, told):
    with pytest.raises(EngineError, match=told) as caught:
        soften(CATALOGUE, [wanted])
    assert caught.value.kind == "invalid"
