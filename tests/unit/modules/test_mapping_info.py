# SPDX-License-Identifier: GPL-3.0-or-later
"""A mapping proposed from two sites over HTTPS."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.document import Node, parse
from ansible_collections.lifeboat.ovirt.plugins.module_utils.mapping import read_mapping
from arrived_world import LEDGER, LEDGER_COPY, SPARE_COPY, arrive
from ovirt_simulator.site import simulated_sites


@pytest.fixture
def propose(play, primary, secondary):
    def run(**params):
        return play("mapping_info", auth=secondary.auth, source_auth=primary.auth, **params)

    return run


def test_proposes_what_is_alike_and_what_is_the_only_candidate(propose, primary, secondary):
    result = propose()
    assert result["mapping"]["clusters"] == [{"source": "east-cl1", "target": "west-cl1"}]
    lan = {"network": "east-lan", "profile": "east-lan", "data_center": "east"}
    assert {"section": "vnic_profiles", "source": lan, "by": "only_candidate"} in [
        {key: one[key] for key in ("section", "source", "by")} for one in result["to_check"]
    ]
    assert result["unresolved"] == [] and not result["changed"]
    assert not primary.writes and not secondary.writes


def test_the_document_is_the_mapping(propose):
    result = propose()
    written = read_mapping(parse(result["document"], "the file"))
    assert written == read_mapping(Node(result["mapping"], "", "mapping"))


def test_the_proposal_is_itself_a_mapping_to_go_on_from(propose):
    mapping = propose()["mapping"]
    mapping["clusters"][0]["target"] = "elsewhere"
    again = propose(mapping=mapping)
    assert again["mapping"]["clusters"] == [{"source": "east-cl1", "target": "elsewhere"}]
    assert again["to_check"] == []


def test_a_direct_lun_is_left_to_who_made_its_copy(play):
    with simulated_sites(arrive()) as sites:
        logins = {"auth": sites["secondary"].auth, "source_auth": sites["primary"].auth}
        result = play("mapping_info", **logins)
    [lun] = [one for one in result["unresolved"] if one["section"] == "luns"]
    assert lun["source"] == {"id": LEDGER}
    assert lun["candidates"] == [{"id": id_, "type": "fcp"} for id_ in (LEDGER_COPY, SPARE_COPY)]
    assert f'# please decide; there are "{LEDGER_COPY}"' in result["document"]


def test_a_password_is_neither_returned_nor_shown(propose):
    target = {"id": "u2", "username": "me", "password": "lun-secret"}
    luns = [{"source": {"id": "u1"}, "target": target}]
    result = propose(mapping={"version": 1, "luns": luns})
    assert result["mapping"]["luns"] == [{"source": {"id": "u1"}, "target": {"id": "u2", "username": "me"}}]
    assert "lun-secret" not in str(result)


def test_a_wrong_mapping_is_told_with_its_place(propose, secondary):
    result = propose(mapping={"version": 1, "clusters": [{"source": "a"}, {"source": "a"}]})
    assert result["error_kind"] == "invalid" and "mapping: clusters[1] maps a a second time" in result["msg"]
    assert not secondary.requests
