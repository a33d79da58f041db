# SPDX-License-Identifier: GPL-3.0-or-later
"""recovery_plan writes what two sites tell; what nobody knows is left open, and recovery_plan_info names the place."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

OFFICIAL = Path(__file__).parents[2] / "data" / "official" / "disaster_recovery_vars.yml"
BOTH = {"source": "primary", "target": "secondary"}
TARGETS = [{"target": "iqn.2031-05.test.array-b:vault", "address": "10.20.1.10"}]
AT_WEST = {
    "storage_type": "iscsi",
    "portals": [{"address": "10.20.1.10", "port": 3260}],
    "targets": ["iqn.2031-05.test.array-b:vault"],
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "plans" / "plan.yml"


@pytest.fixture
def generate(play, sites, path):
    """Return a function that writes a plan of both sites."""

    def run(**params):
        logins = {"auth": sites["secondary"].auth, "source_auth": sites["primary"].auth}
        return play("recovery_plan", **{**logins, **BOTH, "path": str(path), **params})

    return run


def read(play, path):
    return play("recovery_plan_info", path=str(path), **BOTH)


def test_groups_what_belongs_together_and_leaves_open_what_nobody_knows(generate, play, sites, path):
    result = generate()
    assert [one["name"] for one in result["groups"]] == ["east-nfs2", "mixed-block-mixed-file", "nfs-vault", "vault"]
    assert {"name": "mixed-block-mixed-file", "vms": ["erp"]} in result["groups"]
    assert "groups.vault.domains.vault.sites.secondary" in result["undecided"]
    assert result["to_check"][0] == "mappings[0].clusters: east-cl1 becomes west-cl1"
    assert result["changed"] and path.read_text() == result["document"] == result["diff"]["after"]
    assert "please fill in where secondary finds the storage domain" in result["document"]
    refused = read(play, path)
    assert refused["error_kind"] == "invalid" and "sites.secondary" in refused["msg"]
    assert not [entry for site in sites.values() for entry in site.writes]


def test_what_is_filled_in_by_hand_is_a_plan_that_is_ready(generate, play, sites, path):
    generate(storage_domains=["vault"], name="shop")
    document = yaml.safe_load(path.read_text())
    document["groups"]["vault"]["domains"]["vault"]["sites"]["secondary"] = AT_WEST
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    assert read(play, path)["run"]["boot_groups"][0]["vms"] == ["web"]
    logins = {"auth": sites["secondary"].auth, "source_auth": sites["primary"].auth}
    assert play("preflight_info", path=str(path), **BOTH, **logins)["score"] == 100


def test_a_replica_that_the_hosts_of_the_target_see_tells_its_place(generate, play, sites, path):
    sites.arrays.replicate()
    play("iscsi_login", auth=sites["secondary"].auth, data_center="west", targets=TARGETS)
    result = generate(storage_domains=["vault"])
    assert result["undecided"] == []
    assert yaml.safe_load(result["document"])["groups"]["vault"]["domains"]["vault"]["sites"]["secondary"] == AT_WEST
    assert read(play, path)["run"]["targets"]


def test_overwrites_nothing_unless_told(generate, path):
    generate(storage_domains=["vault"])
    assert not generate(storage_domains=["vault"])["changed"]
    path.write_text(path.read_text() + "# decided\n")
    refused = generate(storage_domains=["vault"])
    assert refused["error_kind"] == "invalid" and "is there already" in refused["msg"]
    assert path.read_text().endswith("# decided\n")
    assert generate(storage_domains=["vault"], overwrite=True)["changed"]
    assert not path.read_text().endswith("# decided\n")


def test_check_mode_shows_the_plan_and_writes_none(generate, path):
    result = generate(check=True)
    assert result["changed"] and result["document"] and not path.exists()


def test_names_a_domain_that_the_plan_leaves_out_although_it_is_needed(generate):
    result = generate(storage_domains=["mixed-block"])
    assert "groups.mixed-block needs mixed-file, which the plan leaves out" in result["to_check"]
    assert "# please check: what lies here also needs mixed-file" in result["document"]


def test_begins_with_a_variable_file_of_the_official_role(generate, play, path, tmp_path):
    text = OFFICIAL.read_text()
    for key, value in (("address", "10.20.1.10"), ("port", "3260"), ("target", '["iqn.2031-05.test.array-b:vault"]')):
        text = text.replace(f"dr_secondary_{key}: #", f"dr_secondary_{key}: {value} #", 1)
    file = tmp_path / "disaster_recovery_vars.yml"
    file.write_text(text)
    result = generate(official_vars=str(file))
    assert [one["name"] for one in result["groups"]] == ["vault"] and result["undecided"] == []
    assert {"source": "north-cl1", "target": "south-cl1"} in yaml.safe_load(result["document"])["mappings"][0][
        "clusters"
    ]
    assert result["warnings"], "what could not be taken over is told"
    assert read(play, path)["run"]["targets"][0]["address"] == "10.20.1.10"


def test_a_variable_file_given_as_a_plan_is_told_what_to_do_with_it(play):
    result = read(play, OFFICIAL)
    assert result["error_kind"] == "invalid" and "official" in result["msg"] and "official_vars" in result["remedy"]


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"target": "primary"}, "both primary"),
        ({"storage_domains": ["nothing"]}, "nothing does not exist"),
        ({"data_center": "nowhere"}, "nowhere does not exist"),
        ({"official_vars": "/nowhere.yml"}, "/nowhere.yml"),
        ({"official_vars": str(OFFICIAL.parents[1] / "sick_plan.yml")}, "is no variable file"),
        ({"path": "/proc/plan.yml"}, "cannot write the recovery plan /proc/plan.yml"),
    ],
)
def test_bad_input_is_named(generate, params, told):
    result = generate(**params)
    assert result["failed"] and told in result["msg"]
