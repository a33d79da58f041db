# SPDX-License-Identifier: GPL-3.0-or-later
"""What travels with a VM in its document besides itself: groups, labels, users and their roles."""

from __future__ import annotations

import re
import uuid

import pytest

from ovirt_simulator.engine import groupings, people, schema
from ovirt_simulator.engine.commands import (
    AddAffinityGroup,
    AddLabel,
    AddPermission,
    EditAffinityGroup,
    RemovePermission,
    RemoveVm,
    UpdateLabel,
)
from ovirt_simulator.engine.ovf_documents import document_of
from ovirt_simulator.engine.permissions import Permission
from ovirt_simulator.ovf.document import Document, User
from simulated_world import TO_WEST, Site, World

OPS, GUEST, MAIL = "ops@internal", "guest@ldap", "ops@corp.example@internal"
RULE = {"vms_enabled": True, "vms_enforcing": True}


def group(site: Site, cluster: str, name: str, positive: bool = True, vms: tuple[str, ...] = ()) -> str:
    """Make an affinity group and return its id."""
    id_ = str(uuid.uuid4())
    values = {"name": name, "vms_positive": positive, **RULE}
    members = {"vms": [site.id("vm", vm) for vm in vms]}
    site.run(AddAffinityGroup(id_, site.id("cluster", cluster), values, members))
    return id_


def know(site: Site, *names: str) -> None:
    with site.look() as context:
        people.know(context, names)


def permit(site: Site, kind: str, name: str, user: str, *roles: str) -> None:
    for role in roles:
        target = (site.id(kind, name), kind, people.ROLES[role], people.user_id(user))
        site.run(AddPermission(str(uuid.uuid4()), *target))


def document(site: Site, kind: str, name: str) -> Document:
    with site.look() as context:
        return document_of(context, context.db.get_one(schema.VmStatic, site.id(kind, name)))


def roles_here(site: Site, machine_id: str) -> set[tuple[str, str]]:
    with site.look() as context:
        rows = context.db.query(Permission).filter_by(object_id=machine_id).all()
        logins = {user.id: user.login for user in people.users(context)}
        return {(logins[row.user_id], people.role_name(row.role_id)) for row in rows}


def groups_here(site: Site, vm_id: str) -> list[str]:
    with site.look() as context:
        tables = (groupings.AffinityGroup, groupings.AffinityLabel)
        return [row.name for table in tables for row in groupings.groups_of(context, table, vm_id, "vms")]


def missing(site: Site) -> list[str]:
    """Return what the last registration says that it left out."""
    with site.look() as context:
        rows = context.db.query(schema.Event).filter(schema.Event.code.in_([1188, 1197])).all()
        return re.findall(r"[^ ,]+", rows[-1].description.partition("came without: ")[2].rstrip(".")) if rows else []


@pytest.fixture
def belonging(world: World) -> World:
    """`web` in two groups, with a label and three users, at the secondary site's door."""
    primary = world.primary
    know(primary, OPS, GUEST, MAIL)
    group(primary, "east-cl1", "front", vms=("web", "db"))
    group(primary, "east-cl1", "apart", positive=False, vms=("web",))
    primary.run(AddLabel(str(uuid.uuid4()), "licensed", {"vms": [primary.id("vm", "web")]}))
    permit(primary, "vm", "web", OPS, "UserVmManager")
    permit(primary, "vm", "web", GUEST, "UserRole")
    permit(primary, "vm", "web", MAIL, "PowerUserRole")
    world.fill_vault()
    world.import_vault()
    return world


def test_a_document_names_groups_labels_and_the_roles_on_the_very_vm(belonging: World) -> None:
    permit(belonging.primary, "vm", "web", OPS, "UserRole")
    found = document(belonging.primary, "vm", "web")
    assert (found.affinity_groups, found.affinity_labels) == (("apart", "front"), ("licensed",))
    assert {user.name: set(user.roles) for user in found.users} == {
        "guest@ldap-authz": {"UserRole"},
        "ops@internal-authz": {"UserVmManager", "UserRole"},
        "ops@corp.example@internal-authz": {"PowerUserRole"},
    }
    template = belonging.primary.id("template", "base")
    permit(belonging.primary, "template", "base", OPS, "UserRole")
    assert roles_here(belonging.primary, template) == {("ops", "UserRole")}
    assert document(belonging.primary, "template", "base").users == (User("ops@internal-authz", ("UserRole",)),)


def test_what_exists_under_its_own_name_is_given_back(belonging: World) -> None:
    site, web = belonging.secondary, belonging.primary.id("vm", "web")
    know(site, OPS, GUEST)
    for name in ("front", "apart"):
        group(site, "west-cl1", name, positive=name == "front")
    site.run(AddLabel(str(uuid.uuid4()), "licensed"))
    site.run(belonging.register("web"))
    assert groups_here(site, web) == ["apart", "front", "licensed"]
    # Roles are kept by login, so the two that are called ops share theirs.
    assert roles_here(site, web) == {("ops", "UserVmManager"), ("ops", "PowerUserRole"), ("guest", "UserRole")}
    assert missing(site) == ["ops@corp.example"]


def test_what_is_not_here_is_left_out_and_named(belonging: World) -> None:
    site, web = belonging.secondary, belonging.primary.id("vm", "web")
    site.run(belonging.register("web"))
    assert (groups_here(site, web), roles_here(site, web)) == ([], set())
    left_out = {"front", "apart", "licensed", "ops@internal-authz", "ops@corp.example", "guest@ldap-authz"}
    assert set(missing(site)) == left_out
    assert site.events().count(1188) == 1


def test_mappings_lead_to_other_names(belonging: World) -> None:
    site, web = belonging.secondary, belonging.primary.id("vm", "web")
    know(site, OPS)
    group(site, "west-cl1", "front-rec")
    site.run(AddLabel(str(uuid.uuid4()), "licensed-rec"))
    mappings = {
        "affinity_groups": [["front", "front-rec"]],
        "affinity_labels": [["licensed", "licensed-rec"]],
        "roles": [["UserVmManager", "TemplateAdmin"], ["PowerUserRole", "NoSuchRole"]],
    }
    site.run(belonging.register("web", mappings={**TO_WEST, **mappings}))
    assert groups_here(site, web) == ["front-rec", "licensed-rec"]
    assert roles_here(site, web) == {("ops", "TemplateAdmin")}
    assert set(missing(site)) == {"apart", "ops@corp.example", "guest@ldap-authz", "NoSuchRole"}


@pytest.mark.parametrize(
    ("mapping", "found"), [(["ldap-authz", "ldap-b-authz"], False), (["guest", "ldap-b-authz"], True)]
)
def test_domains_are_looked_up_by_the_login_instead_of_the_domain(
    belonging: World, mapping: list[str], found: bool
) -> None:
    site, web = belonging.secondary, belonging.primary.id("vm", "web")
    know(site, "guest@ldap-b")
    site.run(belonging.register("web", mappings={**TO_WEST, "domains": [mapping]}))
    assert (("guest", "UserRole") in roles_here(site, web)) is found


def test_up_to_4_3_role_mappings_lose_the_roles_that_they_do_not_name(belonging: World) -> None:
    site, web = belonging.secondary, belonging.primary.id("vm", "web")
    know(site, OPS, GUEST)
    site.engine.version = "4.3"
    site.run(belonging.register("web", mappings={**TO_WEST, "roles": [["UserRole", "UserRole"]]}))
    assert roles_here(site, web) == {("guest", "UserRole")}


def test_a_group_whose_rule_collides_with_another_is_left_out(belonging: World) -> None:
    site, web = belonging.secondary, belonging.primary.id("vm", "web")
    other = schema.VmStatic(id=str(uuid.uuid4()), name="other", cluster_id=site.id("cluster", "west-cl1"))
    with site.look() as context:
        context.db.add(other)
    for name, positive in (("apart", False), ("front", True)):
        id_ = group(site, "west-cl1", name, positive)
        site.run(EditAffinityGroup(id_, members={"vms": [other.id]}))
    site.run(belonging.register("web"))
    assert groups_here(site, web) == ["apart"]
    assert "front" in missing(site)


def test_a_group_of_another_cluster_is_not_taken(belonging: World) -> None:
    site, web = belonging.secondary, belonging.primary.id("vm", "web")
    with site.look() as context:
        context.db.add(schema.Cluster(id="c", name="other", storage_pool_id=site.pool))
    site.run(AddAffinityGroup(str(uuid.uuid4()), "c", {"name": "front", **RULE}))
    site.run(belonging.register("web"))
    assert groups_here(site, web) == []


def test_every_change_of_them_outdates_the_ovf_store(world: World) -> None:
    site, web = world.primary, world.primary.id("vm", "web")
    know(site, OPS)
    label = str(uuid.uuid4())
    front = group(site, "east-cl1", "front")
    site.run(AddLabel(label, "licensed"))

    def generation() -> int:
        return site.vm("web").generation

    seen = [generation()]
    for command in (
        EditAffinityGroup(front, members={"vms": [web]}),
        EditAffinityGroup(front, {"name": "frontier"}),
        UpdateLabel(label, members={"vms": [web]}),
        UpdateLabel(label, "licensed2"),
        AddPermission("p", web, "vm", people.ROLES["UserRole"], people.user_id(OPS)),
        RemovePermission("p"),
    ):
        site.run(command)
        seen.append(generation())
    assert seen == sorted(set(seen))


def test_a_vm_that_is_removed_is_in_no_group_when_it_comes_back(world: World) -> None:
    site = world.primary
    know(site, OPS)
    group(site, "east-cl1", "front", vms=("db",))
    permit(site, "vm", "db", OPS, "UserRole")
    site.run(RemoveVm(site.id("vm", "db")))
    assert (groups_here(site, site.id("vm", "db")), roles_here(site, site.id("vm", "db"))) == ([], set())
