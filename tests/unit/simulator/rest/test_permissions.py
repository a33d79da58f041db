# SPDX-License-Identifier: GPL-3.0-or-later
"""Permissions: given, shown and taken away."""

from __future__ import annotations

import ovirtsdk4
import pytest
from ovirtsdk4 import types
from ovirtsdk4.services import SystemService

from wire_client import east


def test_a_role_on_a_vm_is_given_shown_and_taken_away(api: SystemService) -> None:
    user = api.users_service().list()[0]
    permissions = api.vms_service().vm_service(east("vm", "web")).permissions_service()
    body = types.Permission(role=types.Role(name="UserVmManager"), user=types.User(id=user.id))
    added = permissions.add(body)
    role = next(one for one in api.roles_service().list() if one.name == "UserVmManager")
    assert (added.role.id, added.user.id, added.vm.id) == (role.id, user.id, east("vm", "web"))
    assert [one.id for one in api.users_service().user_service(user.id).permissions_service().list()] == [added.id]
    followed = api.vms_service().list(search="name=web", follow="permissions")[0]
    assert [one.id for one in followed.permissions] == [added.id]
    with pytest.raises(ovirtsdk4.Error) as caught:
        permissions.add(body)
    assert caught.value.code == 409
    permissions.permission_service(added.id).remove()
    assert permissions.list() == []


def test_an_unknown_role_is_not_given(api: SystemService) -> None:
    domain = api.storage_domains_service().storage_domain_service(east("domain", "vault"))
    user = api.users_service().list()[0]
    with pytest.raises(ovirtsdk4.Error) as caught:
        domain.permissions_service().add(types.Permission(role=types.Role(name="King"), user=types.User(id=user.id)))
    assert caught.value.code == 404
