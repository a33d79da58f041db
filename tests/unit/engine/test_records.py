# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import datetime

import pytest
from ovirtsdk4.reader import Reader
from ovirtsdk4.writer import Writer

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.records import Record, to_struct

DOMAIN = """
<storage_domain href="/ovirt-engine/api/storagedomains/1" id="1">
  <name>vault</name><backup>false</backup><type>data</type><available>5</available><import>true</import>
  <storage><type>iscsi</type><volume_group id="vg"/></storage>
  <data_centers><data_center id="dc1"/><data_center id="dc2"/></data_centers>
  <disk_snapshots/>
  <link href="/ovirt-engine/api/storagedomains/1/disks" rel="disks"/>
</storage_domain>
"""


@pytest.fixture
def domain():
    return Record(Reader.read(DOMAIN))


def test_values_are_plain(domain):
    assert (domain.id, domain.href, domain.name) == ("1", "/ovirt-engine/api/storagedomains/1", "vault")
    assert (domain.backup, domain.available, domain.import_) == (False, 5, True)
    assert (domain.type, domain.storage.type) == ("data", "iscsi")
    assert [center.id for center in domain.data_centers] == ["dc1", "dc2"]


def test_a_date_stays_a_date():
    job = Record(Reader.read("<job><start_time>2024-03-05T09:10:12.000Z</start_time></job>"))
    assert isinstance(job.start_time, datetime)


def test_what_is_absent_is_none(domain):
    assert domain.description is None
    assert domain.at("host", "cluster", "id") is None
    assert domain.at("storage", "volume_group", "id") == "vg"


def test_an_empty_list_differs_from_one_that_was_not_followed(domain):
    assert domain.disk_snapshots == ()
    assert domain.disks is None


def test_a_wrong_name_is_a_bug(domain):
    with pytest.raises(AttributeError):
        print(domain.bakcup)


def test_repr_is_short_and_holds_no_secret():
    connection = Reader.read('<storage_connection id="c1"><password>ch4p-word</password></storage_connection>')
    assert repr(Record(connection)) == "<Record StorageConnection id='c1' name=None>"


def test_the_way_back_writes_what_the_api_reads():
    wanted = {
        "id": "1",
        "import": True,
        "type": "data",
        "backup": True,
        "name": None,
        "warning_low_space_indicator": 10,
        "host": {"id": "h1"},
        "storage": {"type": "iscsi", "logical_units": [{"id": "lun", "address": "192.0.2.1", "port": 3260}]},
    }
    text = Writer.write(to_struct("storage_domain", wanted))
    assert text == (
        '<storage_domain id="1"><backup>true</backup><import>true</import><storage><logical_units>'
        '<logical_unit id="lun"><address>192.0.2.1</address><port>3260</port></logical_unit></logical_units>'
        "<type>iscsi</type></storage><type>data</type>"
        '<warning_low_space_indicator>10</warning_low_space_indicator><host id="h1"/></storage_domain>'
    )


def test_lists_of_text_and_empty_lists_are_sent():
    text = Writer.write(to_struct("action", {"iscsi_targets": ["iqn.a", "iqn.b"]}))
    items = "<iscsi_target>iqn.a</iscsi_target><iscsi_target>iqn.b</iscsi_target>"
    assert text == f"<action><iscsi_targets>{items}</iscsi_targets></action>"
    empty = to_struct("action", {"vnic_profile_mappings": []})
    assert Writer.write(empty) == "<action><vnic_profile_mappings/></action>"


@pytest.mark.parametrize(
    ("kind", "values", "complaint"),
    [
        ("storage_domian", {}, "no type 'storage_domian'"),
        ("error", {}, "no type 'error'"),
        ("storage_domain", {"bakcup": True}, "storage_domain has no attribute 'bakcup'"),
        ("storage_domain", {"_name": "x"}, "storage_domain has no attribute '_name'"),
        ("storage_domain", {"name": 5}, "storage_domain.name has to be of type str, not int"),
        ("storage_domain", {"id": 5}, "storage_domain.id has to be of type str, not int"),
        ("storage_domain", {"backup": "true"}, "storage_domain.backup has to be of type bool, not str"),
        ("storage_domain", {"available": True}, "storage_domain.available has to be of type int, not bool"),
        ("storage_domain", {"host": "h1"}, "storage_domain.host has to be a mapping, not str"),
        ("storage_domain", {"type": "vault"}, "storage_domain.type has to be one of"),
        (
            "storage_domain",
            {"storage": {"logical_units": {"id": "1"}}},
            "storage_domain.storage.logical_units has to be a",
        ),
        (
            "storage_domain",
            {"storage": {"logical_units": ["1"]}},
            "storage_domain.storage.logical_units[0] has to be a",
        ),
        ("action", {"iscsi_targets": "iqn.a"}, "action.iscsi_targets has to be a list"),
        ("job", {"start_time": "now"}, "job.start_time has to be of type datetime, not str"),
    ],
)
def test_a_body_that_the_api_does_not_know_is_a_bug(kind, values, complaint):
    with pytest.raises(TypeError) as caught:
        to_struct(kind, values)
    assert complaint in str(caught.value)
