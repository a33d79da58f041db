# SPDX-License-Identifier: GPL-3.0-or-later
"""Boot groups over HTTPS."""

from __future__ import annotations

import socket

import pytest

from ovirt_simulator.engine import schema
from ovirt_simulator.generated import Size, generate
from ovirt_simulator.site import simulated_sites

STARTED, SHUT_DOWN = 32, 33


def power(play, site, *groups, **params):
    named = [{"name": f"g{number}", "vms": list(vms)} for number, vms in enumerate(groups, 1)]
    return play("vm_power", auth=site.auth, groups=named, **{"poll_interval": 0.01, **params})


def sent(site, action):
    return [request.path for request in site.writes if request.path.endswith(f"/{action}")]


def starts(site):
    return sent(site, "start")


def row(context, name):
    return context.db.query(schema.VmStatic).filter_by(name=name).one()


def identifier_of(site, name):
    with site.engine.transaction() as context:
        return row(context, name).id


def describe(site, name):
    with site.engine.transaction() as context:
        return row(context, name).description


def change(site, name, **values):
    """Change what a guest does."""
    with site.engine.transaction() as context:
        for key, value in values.items():
            setattr(row(context, name), key, value)


def test_groups_start_in_order_and_are_seen_up(play, primary):
    result = power(play, primary, ["db"], ["app"])
    assert result["counts"]["succeeded"] == 2
    ids = {one["name"]: one["id"] for one in result["entities"]}
    assert [path.split("/")[-2] for path in starts(primary)] == [ids["db"], ids["app"]]


def test_a_second_run_changes_nothing(play, primary):
    power(play, primary, ["db"])
    again = power(play, primary, ["db"])
    assert not again["changed"] and again["counts"]["skipped"] == 1
    assert len(starts(primary)) == 1


def test_check_mode_predicts_and_sends_no_write(play, primary):
    result = power(play, primary, ["db"], check=True)
    assert result["changed"] and result["diff"] == {"before": {"db": "down"}, "after": {"db": "up"}}
    assert not primary.writes


def test_a_shutdown_waits_until_the_guest_is_down(play, primary):
    result = power(play, primary, ["web"], state="stopped")
    assert result["changed"] and result["entities"][0]["outcome"] == "succeeded"
    assert not power(play, primary, ["web"], state="stopped")["changed"]


def test_an_unknown_vm_is_not_found_and_nothing_starts(play, primary):
    result = power(play, primary, ["db", "nobody"])
    assert result["error_kind"] == "not_found" and "nobody" in result["msg"]
    assert not primary.writes


def test_a_vm_that_the_engine_refuses_fails_alone_and_stops_the_next_group(play, primary):
    primary.mishaps.add("POST", "/vms/{id}/start", "status", status=409, detail="[no]")
    result = power(play, primary, ["db"], ["app"])
    outcomes = {one["name"]: one["outcome"] for one in result["entities"]}
    assert result["error_kind"] == "partial" and outcomes == {"db": "failed", "app": "skipped"}
    assert "not tried" in next(one["reason"] for one in result["entities"] if one["name"] == "app")


def test_a_vm_that_the_engine_does_not_have_can_be_its_own_failure(play, primary):
    result = power(play, primary, ["db", "lost"], absent="report", on_partial="report")
    outcomes = {one["name"]: one["outcome"] for one in result["entities"]}
    assert (result["error_kind"], outcomes) == ("partial", {"lost": "failed", "db": "succeeded"})
    assert not result.get("failed")


@pytest.mark.parametrize("check", [True, False])
def test_a_vm_that_must_not_start_can_be_left_out(play, primary, check):
    with primary.engine.transaction() as context:
        context.db.query(schema.StorageDomainStatic).filter_by(name="mixed-file").one().backup = True
    assert power(play, primary, ["erp", "db"], check=check)["error_kind"] == "rule"
    result = power(play, primary, ["erp", "db"], on_obstacle="leave_out", on_partial="report", check=check)
    told = {one["name"]: (one["outcome"], one["reason"]) for one in result["entities"]}
    assert told["erp"] == ("failed", "VM erp has a disk or its lease on backup domain mixed-file")
    assert told["db"][0] == "succeeded" and len(starts(primary)) == (0 if check else 1)


def test_the_times_of_each_vm_are_told(play, primary):
    [entity] = power(play, primary, ["db"])["entities"]
    assert entity["began"] <= entity["ended"]


def test_a_group_can_wait_for_the_guest_agent(play, primary):
    groups = [{"vms": ["db"], "ready": "agent"}, {"vms": ["erp"], "ready": "agent", "timeout": 1}]
    result = play("vm_power", auth=primary.auth, groups=groups, poll_interval=0.05)
    reasons = {one["name"]: one["reason"] for one in result["entities"]}
    assert reasons["db"] == "group 1" and "its guest agent tells no address" in reasons["erp"]


def test_a_group_that_need_not_be_seen_is_started_without_another_look(play, primary):
    groups = [{"vms": ["db"], "ready": "accepted"}, {"vms": ["app"], "ready": "accepted"}]
    assert play("vm_power", auth=primary.auth, groups=groups)["counts"]["succeeded"] == 2
    after = [request.method for request in primary.requests[primary.requests.index(primary.writes[0]) :]]
    assert after[:2] == ["POST", "POST"] and "GET" not in after
    again = play("vm_power", auth=primary.auth, groups=groups)
    assert not again["changed"] and again["counts"]["skipped"] == 2


def test_a_group_can_wait_for_a_port_also_of_a_vm_that_is_up_already(play, primary):
    change(primary, "web", guest_address="127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        group = {"vms": ["web"], "ready": "tcp", "port": port, "timeout": 1}
        answered = play("vm_power", auth=primary.auth, groups=[group], poll_interval=0.05)
    assert answered["counts"]["skipped"] == 1 and not primary.writes
    silent = play("vm_power", auth=primary.auth, groups=[group], poll_interval=0.05)
    assert f"its port {port} does not answer" in silent["msg"]


def test_a_guest_that_ignores_the_shutdown_is_powered_off_only_when_allowed(play, primary):
    change(primary, "web", guest_ignores_shutdown=True)
    kept = power(play, primary, ["web"], state="stopped", timeout=1)
    assert kept["counts"]["failed"] == 1 and not sent(primary, "stop")
    forced = power(play, primary, ["web"], state="stopped", timeout=1, power_off=True)
    assert forced["counts"]["succeeded"] == 1 and len(sent(primary, "stop")) == 1


def test_a_vm_is_powered_off_at_once_where_its_guest_has_no_time(play, primary):
    change(primary, "web", guest_ignores_shutdown=True)
    result = power(play, primary, ["web"], state="stopped", timeout=0, power_off=True)
    assert result["counts"]["succeeded"] == 1, result


def test_what_ran_before_is_known_from_its_mark_and_the_mark_goes_once_it_runs_again(play, primary):
    power(play, primary, ["web", "db"], state="stopped", mark_ran=True)
    web = describe(primary, "web")
    assert "[lifeboat.ovirt ran 1:" in web and "ran" not in describe(primary, "db")
    result = power(play, primary, ["web", "db"], only_ran=True)
    assert [one["name"] for one in result["entities"]] == ["web"]
    assert describe(primary, "web") == "Web front end"


@pytest.mark.parametrize("status", ["down", "suspended", "image_locked"])
def test_whatever_would_start_is_isolated_first(play, primary, status):
    change(primary, "db", status=status)
    primary.mishaps.add("PUT", "/vms/{id}/nics/{id}", "status", status=409, detail="[no]", times=0)
    isolated = {"network": "ovirtmgmt", "profile": "ovirtmgmt"}
    result = power(play, primary, ["db"], isolated_profile=isolated)
    assert "could reach production" in result["entities"][0]["reason"] and not starts(primary)


def test_others_on_a_domain_come_last(play, primary):
    result = play("vm_power", auth=primary.auth, groups=[{"vms": ["app"]}], others_on=["east-data"], poll_interval=0.01)
    assert [one["name"] for one in result["entities"]] == ["app", "db", "thin1"]


class TestManyVms:
    """500 VMs in five groups; what happened is read from the engine's own event log."""

    GROUPS = tuple(tuple(f"vm-{100 * group + one:05}" for one in range(1, 101)) for group in range(5))

    @pytest.fixture(scope="class")
    @classmethod
    def state(cls):
        with simulated_sites(generate(Size(vms=500, domains=4, templates=0, hosts=50))) as sites:
            yield sites.snapshot()

    @pytest.fixture
    def site(self, state):
        with simulated_sites(state) as sites:
            yield sites["primary"]

    def turns(self, site, code):
        """Return for each event of this kind, in their order, the number of the group of its VM."""
        with site.engine.transaction() as context:
            events = context.db.query(schema.Event).filter_by(code=code).order_by(schema.Event.id)
            names = [context.db.get_one(schema.VmStatic, event.subjects["vm"]).name for event in events]
        return [(int(name.removeprefix("vm-")) - 1) // 100 for name in names]

    def test_groups_start_one_after_the_other(self, play, site):
        assert power(play, site, *self.GROUPS)["counts"]["succeeded"] == 500
        assert self.turns(site, STARTED) == sorted(number for number in range(5) for _vm in range(100))
        reads = [one for one in site.requests if one.method == "GET" and one.path.endswith("/vms")]
        assert len(reads) <= 20, "statuses are read for all VMs at once"

    def test_they_shut_down_the_other_way_round(self, play, site):
        some = [group[:4] for group in self.GROUPS]
        power(play, site, *some)
        assert power(play, site, *some, state="stopped")["counts"]["succeeded"] == 20
        assert self.turns(site, SHUT_DOWN) == sorted((number for number in range(5) for _vm in range(4)), reverse=True)

    @pytest.mark.parametrize(("policy", "tried"), [("stop", [0, 1]), ("continue", [0, 1, 2, 3, 4])])
    def test_a_failing_vm_stops_the_next_groups_or_not_by_policy(self, play, site, policy, tried):
        identifier = identifier_of(site, self.GROUPS[1][0])
        site.mishaps.add("POST", f"/vms/{identifier}/start", "status", status=409, detail="[no]")
        result = power(play, site, *(group[:3] for group in self.GROUPS), on_failure=policy)
        assert result["counts"]["failed"] == 1
        assert sorted(set(self.turns(site, STARTED))) == tried
