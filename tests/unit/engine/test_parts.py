# SPDX-License-Identifier: GPL-3.0-or-later
"""Long lists that are read only as far as somebody asks."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.parts import parts_of

LIST = """
<vms>
  <vm id="1"><name>web</name><memory>1024</memory><stateless>true</stateless><comment></comment>
    <disk_attachments><disk_attachment id="d1"/><disk_attachment id="d2"/></disk_attachments>
    <link rel="nics"/><template id="t"/><lease><storage_domain id="sd"/></lease></vm>
  <vm id="2"/>
</vms>
"""


@pytest.fixture
def web():
    return parts_of(LIST)[0]


@pytest.fixture
def bare():
    return parts_of(LIST)[1]


def test_a_list_is_its_objects():
    assert [one.id for one in parts_of(LIST)] == ["1", "2"]


def test_values_are_read_as_what_they_are(web):
    assert (web.text("name"), web.number("memory"), web.flag("stateless")) == ("web", 1024, True)
    assert web.text("comment") is None


def test_what_is_not_there_is_none_or_false_or_empty(bare):
    assert bare.text("name") is bare.number("memory") is bare.part("lease") is bare.reference("template") is None
    assert bare.flag("stateless") is False and bare.parts("disk_attachments") == []


def test_objects_lists_and_references_lead_further(web):
    assert [one.id for one in web.parts("disk_attachments")] == ["d1", "d2"]
    assert web.reference("template") == "t"
    assert web.part("lease").reference("storage_domain") == "sd"
    assert web.reference("lease") is None


@pytest.mark.parametrize("fault", ["<fault><reason>no</reason></fault>", "<action><fault/></action>"])
def test_a_fault_is_no_list(fault):
    assert parts_of(fault) is None


def test_what_is_no_xml_is_a_syntax_error():
    with pytest.raises(SyntaxError):
        parts_of("<vms>")


def test_a_session_gives_the_parts_of_an_answer(stub):
    stub.answer = lambda seen: (200, LIST)
    with stub.session() as session:
        assert [one.id for one in session.parts("vms", follow="snapshots")] == ["1", "2"]
    assert stub.of("GET")[0].path.endswith("/vms?follow=snapshots")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((400, "<fault><detail>[no]</detail></fault>"), "rejected"),
        ((200, "<vms>"), "server_error"),
        ((404, ""), "not_found"),
    ],
)
def test_a_session_fails_as_it_does_for_every_read(stub, answer, kind):
    stub.answer = lambda seen: answer
    with stub.session() as session, pytest.raises(EngineError) as caught:
        session.parts("vms")
    assert caught.value.kind == kind
