# SPDX-License-Identifier: GPL-3.0-or-later
"""Which domains change their backup flag, and by what site they are judged."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.backup import plan, violations
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from site_builder import domain, site


def test_only_domains_with_another_flag_change_each_once():
    state = site(domain("vault", backup=True))
    assert [change.domain.name for change in plan(state, ["vault", "other", "sd-other"], True)] == ["other"]


def test_domains_are_judged_as_the_site_will_be_after_all_changes():
    state = site(domain("data", master=True, status="maintenance"))
    alone = violations(state, plan(state, ["vault"], True), None)
    together = violations(state, plan(state, ["vault", "other"], True), None)
    assert not alone["sd-vault"]
    assert {"backup.last_regular"} == {one.rule for found in together.values() for one in found}


def test_clearing_the_flag_violates_nothing():
    state = site(domain("vault", backup=True, status="locked"))
    assert violations(state, plan(state, ["vault"], False), None) == {}


@pytest.mark.parametrize(("name", "place"), [("nowhere", None), ("vault", "west")])
def test_an_unknown_domain_or_data_center_is_not_found(name, place):
    with pytest.raises(EngineError) as caught:
        plan(site(), [name], True, place)
    assert caught.value.kind == "not_found"


def test_a_domain_of_another_data_center_is_not_found_there():
    with pytest.raises(EngineError, match="not attached to data center east"):
        plan(site(domain("vault", data_center_id=None)), ["vault"], True, "east")
