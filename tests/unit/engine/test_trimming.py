# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of a long answer."""

from __future__ import annotations

from xml.etree import ElementTree

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.trimming import trimmed

LIST = """
<vms>
  <vm id="1"><name>web</name><bios><type>q35</type></bios>
    <disk_attachments><disk_attachment id="d"><active>true</active><boot>x</boot></disk_attachment></disk_attachments>
    <template id="t"><name>golden</name></template></vm>
  <vm id="2"/>
</vms>
"""


def left(*only):
    document = ElementTree.fromstring(trimmed(LIST, only))
    return [[element.tag for element in item.iter()][1:] for item in document]


def test_elements_that_nobody_asked_for_are_gone_at_every_depth():
    deep = "disk_attachments.disk_attachment.active"
    assert left("name", deep) == [["name", "disk_attachments", "disk_attachment", "active"], []]


def test_an_element_is_kept_with_all_that_is_in_it():
    assert left("template") == [["template", "name"], []]


def test_items_and_attributes_always_stay():
    document = ElementTree.fromstring(trimmed(LIST, ("template.nothing",)))
    assert [item.get("id") for item in document] == ["1", "2"]
    assert document[0][0].attrib == {"id": "t"} and not len(document[0][0])


def test_a_fault_keeps_its_words():
    fault = "<fault><detail>[no]</detail><reason>Operation Failed</reason></fault>"
    assert trimmed(fault, ("name",)).decode() == fault
