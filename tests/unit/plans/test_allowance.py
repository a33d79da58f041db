# SPDX-License-Identifier: GPL-3.0-or-later
"""How intended actions are read, and by what site each is judged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.allowance import read_intended
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.rules.catalogue import judge
from site_builder import EAST, disk, domain, site, vm

BACKUP = domain("vault", backup=True)
ONE, TWO = disk("one", BACKUP), disk("two", BACKUP)
STATE = site(BACKUP, ONE, TWO, vm("web", ONE, TWO), vm("db"))


def labels(*actions, state=STATE):
    return [one.label for one in read_intended(state, actions)]


def refused(*actions):
    with pytest.raises(EngineError) as caught:
        read_intended(STATE, actions)
    assert caught.value.remedy
    return caught.value.kind, str(caught.value)


def test_every_action_meets_every_subject():
    start = {"action": "start_vm", "vms": ["web", "db"]}
    move = {"action": "live_move_disk", "disks": ["one", "two"], "storage_domains": ["vault", "other"]}
    assert labels(start) == ["VM web", "VM db"]
    assert len(labels(start, move)) == 6 and "disk two to storage domain other" in labels(move)


def test_a_vm_whose_data_change_stands_for_its_disks():
    change = {"action": "change_data", "vms": ["web"], "disks": ["two"]}
    assert labels(change) == ["disk two", "disk one of VM web", "disk two of VM web"]


def test_domains_to_configure_are_judged_together():
    state = site(domain("data", master=True, status="maintenance"))
    intended = read_intended(state, [{"action": "configure_backup", "storage_domains": ["vault", "other"]}])
    found = [judge(one.site, one.action, one.subject, one.label) for one in intended]
    assert all("backup.last_regular" in {violation.rule for violation in of_domain} for of_domain in found)


def test_a_domain_is_attached_to_the_data_center_that_is_named():
    state = site(replace(BACKUP, data_center_id=None), data_centers=(replace(EAST, status="uninitialized"),))
    attach = {"action": "attach_domain", "storage_domains": ["vault"], "data_center": "east"}
    [one] = read_intended(state, [attach])
    assert one.label == "storage domain vault to data center east"
    assert [violation.rule for violation in judge(one.site, one.action, one.subject, "")] == ["backup.attach_domain"]


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ({"action": "start_vm"}, "start_vm needs vms"),
        ({"action": "live_move_disk", "disks": ["one"]}, "needs storage_domains"),
        ({"action": "change_data", "vms": []}, "needs disks or vms"),
        ({"action": "start_vm", "vms": ["web"], "disks": ["one"]}, "takes no disks"),
        ({"action": "fly"}, "no action fly"),
    ],
)
def test_an_action_whose_subjects_do_not_fit_is_invalid_and_says_where(action, told):
    kind, message = refused({"action": "start_vm", "vms": ["db"]}, action)
    assert kind == "invalid" and "actions[1]" in message and told in message


def test_no_action_at_all_is_invalid():
    assert refused() == ("invalid", "actions is empty")


@pytest.mark.parametrize(
    "action",
    [
        {"action": "start_vm", "vms": ["nobody"]},
        {"action": "attach_disk", "disks": ["nothing"]},
        {"action": "create_vm", "storage_domains": ["nowhere"]},
    ],
)
def test_an_unknown_subject_is_not_found(action):
    assert refused(action)[0] == "not_found"
