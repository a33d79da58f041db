# SPDX-License-Identifier: GPL-3.0-or-later
"""Request bodies are read as strictly as the engine reads them."""

from __future__ import annotations

import pytest
from ovirtsdk4 import types

from ovirt_simulator.rest.elements import members, read_body
from ovirt_simulator.rest.errors import Fault

SYNTAX = "Request syntactically incorrect."


def refused(body: str, expected: type = types.Action) -> tuple[int, str]:
    with pytest.raises(Fault) as caught:
        read_body(body.encode(), expected, "/ovirt-engine/apidoc")
    return caught.value.status, caught.value.reason


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not XML",
        "<action>",
        "<vm/>",
        "<actions/>",
        "<action><forced>true</forced></action>",
        "<action><iscsi><adress>a</adress></iscsi></action>",
        "<action><iscsi><iscsi_target>iqn</iscsi_target></iscsi></action>",
        "<action><registration_configuration><cluster_mappings><registration_cluster_mapping><form/>"
        "</registration_cluster_mapping></cluster_mappings></registration_configuration></action>",
    ],
)
def test_what_the_type_does_not_have_is_a_syntax_error(body: str) -> None:
    assert refused(body) == (400, SYNTAX)


def test_a_syntax_error_points_to_the_documentation() -> None:
    with pytest.raises(Fault, match="/ovirt-engine/apidoc"):
        read_body(b"<action><nothing/></action>", types.Action, "/ovirt-engine/apidoc")


@pytest.mark.parametrize(
    ("body", "expected", "reason"),
    [
        ("<action><force>maybe</force></action>", types.Action, "Invalid value"),
        ("<action><iscsi><port>many</port></iscsi></action>", types.Action, "Invalid value"),
        ("<storage_domain><type>tape</type></storage_domain>", types.StorageDomain, "Invalid Enum value"),
        ("<vm><creation_time>today</creation_time></vm>", types.Vm, "Invalid value"),
    ],
)
def test_a_value_that_is_none_of_its_kind_is_named(body: str, expected: type, reason: str) -> None:
    assert refused(body, expected) == (400, reason)


def test_a_list_of_targets_is_read_and_a_stray_target_beside_it_does_no_harm() -> None:
    listed = "<iscsi_targets><iscsi_target>a</iscsi_target><iscsi_target>b</iscsi_target></iscsi_targets>"
    action = read_body(f"<action>{listed}</action>".encode(), types.Action, "")
    assert list(action.iscsi_targets) == ["a", "b"]
    action = read_body(b"<action><iscsi_target>a</iscsi_target></action>", types.Action, "")
    assert action.iscsi_targets is None


def test_attributes_comments_links_and_empty_lists_are_fine() -> None:
    body = b"""<?xml version="1.0"?><!-- a --><vm id="x" colour="red"><link rel="nics" href="/n"/><actions/><!-- b -->
    <name>n</name><nics/></vm>"""
    vm = read_body(body, types.Vm, "")
    assert (vm.id, vm.name, list(vm.nics)) == ("x", "n", [])


def test_a_document_type_is_refused() -> None:
    body = '<!DOCTYPE vm [<!ENTITY secret SYSTEM "file:///etc/hostname">]><vm><name>&secret;</name></vm>'
    assert refused(body, types.Vm) == (400, SYNTAX)


def test_the_known_elements_come_from_the_readers_themselves() -> None:
    assert {"backup", "import", "storage", "critical_space_action_blocker"} <= set(members("StorageDomainReader"))
    assert members("StorageDomainReader")["storage"].reader == "HostStorageReader"
    assert len(members("ActionReader")) > 90
