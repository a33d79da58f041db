# SPDX-License-Identifier: GPL-3.0-or-later
"""Which logins are missing, and what an entry of the option targets may be."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.host_storage import Unit
from ansible_collections.lifeboat.ovirt.plugins.module_utils.iscsi import paths_to, plan, read_targets
from site_builder import HOST

NEAR = {"target": "iqn.t", "address": "10.0.0.1", "port": 3260}
FAR = {**NEAR, "address": "10.0.0.2"}


def unit(name, paths, target="iqn.t"):
    return Unit(name, "iscsi", target=target, paths=paths)


def test_the_portals_of_a_target_belong_together_and_count_once():
    (target,) = read_targets([NEAR, FAR, NEAR])
    assert [portal.label for portal in target.portals] == ["10.0.0.1:3260", "10.0.0.2:3260"]


@pytest.mark.parametrize(
    ("seen", "complete"),
    [
        ((), False),
        ((unit("a", 2, target="iqn.other"),), False),
        ((unit("a", 1),), False),
        ((unit("a", 2), unit("b", 1)), False),
        ((unit("a", 2), unit("b", 3)), True),
    ],
)
def test_a_login_is_complete_with_as_many_paths_as_portals(seen, complete):
    (login,) = plan([HOST], read_targets([NEAR, FAR]), {HOST.id: seen})
    assert login.complete is complete


def test_the_logical_unit_with_the_fewest_paths_counts():
    assert paths_to("iqn.t", (unit("a", 4), unit("b", 2), unit("c", 1, target="iqn.other"))) == 2


@pytest.mark.parametrize(
    ("item", "told"),
    [({**NEAR, "target": ""}, "targets[1] has no target"), ({**NEAR, "address": ""}, "targets[1] has no address")]
    + [({**NEAR, "port": port}, "is no TCP port") for port in (-1, 65536)],
)
def test_an_entry_that_cannot_be_is_invalid_and_named(item, told):
    with pytest.raises(EngineError) as caught:
        read_targets([NEAR, item])
    assert caught.value.kind == "invalid" and told in str(caught.value)


def test_a_password_is_in_no_text_of_a_portal():
    (target,) = read_targets([{**NEAR, "username": "someone", "password": "a-secret"}])
    assert "a-secret" not in repr(target)
    assert target.portals[0].as_iscsi()["password"] == "a-secret"
