# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags: a tree below the root, on VMs and hosts, and in searches."""

from __future__ import annotations

import ovirtsdk4
import pytest
from ovirtsdk4 import types
from ovirtsdk4.services import SystemService

from wire_client import east

ROOT = "00000000-0000-0000-0000-000000000000"


def names(found: list[types.Tag] | list[types.Vm]) -> list[str]:
    return [one.name for one in found]


def test_a_new_tag_is_below_the_root_or_where_it_was_put(api: SystemService) -> None:
    tags = api.tags_service()
    gold = tags.add(types.Tag(name="gold", description="the best"))
    platinum = tags.add(types.Tag(name="platinum", parent=types.Tag(name="gold")))
    assert (gold.parent.id, platinum.parent.id) == (ROOT, gold.id)
    assert names(tags.list()) == ["root", "gold", "platinum"]
    moved = tags.tag_service(platinum.id).update(types.Tag(description="better", parent=types.Tag(name="root")))
    assert (moved.description, moved.parent.id) == ("better", ROOT)


def test_what_is_below_a_tag_goes_with_it(api: SystemService) -> None:
    tags = api.tags_service()
    gold = tags.add(types.Tag(name="gold"))
    tags.add(types.Tag(name="platinum", parent=types.Tag(id=gold.id)))
    tags.tag_service(gold.id).remove()
    assert names(tags.list()) == ["root"]


def test_a_tag_cannot_be_below_itself_nor_have_a_name_twice(api: SystemService) -> None:
    tags = api.tags_service()
    gold = tags.add(types.Tag(name="gold"))
    for doing in (
        lambda: tags.tag_service(gold.id).update(types.Tag(parent=types.Tag(id=gold.id))),
        lambda: tags.add(types.Tag(name="gold")),
    ):
        with pytest.raises(ovirtsdk4.Error) as caught:
            doing()
        assert caught.value.code == 409


def test_a_vm_is_found_by_any_of_its_tags(api: SystemService) -> None:
    for name in ("gold", "nightly"):
        api.tags_service().add(types.Tag(name=name))
        api.vms_service().vm_service(east("vm", "web")).tags_service().add(types.Tag(name=name))
    api.vms_service().vm_service(east("vm", "db")).tags_service().add(types.Tag(name="gold"))
    search = api.vms_service().list
    assert names(search(search="tag=nightly")) == ["web"]
    assert names(search(search="tag=gold")) == ["db", "web"]
    assert "web" not in names(search(search="tag != nightly")) and "db" in names(search(search="tag != nightly"))
    followed = search(search="name=web", follow="tags")[0]
    assert names(followed.tags) == ["gold", "nightly"]


def test_a_tag_is_taken_away_again(api: SystemService) -> None:
    gold = api.tags_service().add(types.Tag(name="gold"))
    host = api.hosts_service().host_service(east("host", "east-h1"))
    host.tags_service().add(types.Tag(id=gold.id))
    assert names(host.tags_service().list()) == ["gold"]
    assert [one.name for one in api.hosts_service().list(search="tag=gold")] == ["east-h1"]
    host.tags_service().tag_service(gold.id).remove()
    assert host.tags_service().list() == []
    with pytest.raises(ovirtsdk4.NotFoundError):
        host.tags_service().tag_service(gold.id).remove()
