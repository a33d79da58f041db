# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts: added, changed, in maintenance and back, removed; and jobs, steps and events from outside."""

from __future__ import annotations

import ovirtsdk4
import pytest
from ovirtsdk4 import types
from ovirtsdk4.services import SystemService

from wire_client import east

UP, MAINTENANCE = types.HostStatus.UP, types.HostStatus.MAINTENANCE
NEW = types.Host(name="east-h3", address="east-h3.test", cluster=types.Cluster(name="east-cl1"), root_password="x")


def test_a_new_host_is_up_unless_that_is_unwanted(api: SystemService) -> None:
    hosts = api.hosts_service()
    added = hosts.add(NEW)
    assert hosts.host_service(added.id).get().status == UP
    other = types.Host(name="east-h4", address="east-h4.test", cluster=types.Cluster(name="east-cl1"))
    assert hosts.host_service(hosts.add(other, activate=False).id).get().status == MAINTENANCE


def test_name_and_address_of_a_host_are_its_own(api: SystemService) -> None:
    for body in (
        types.Host(name="east-h1", address="other.test", cluster=types.Cluster(name="east-cl1")),
        types.Host(name="other", address="east-h1.test", cluster=types.Cluster(name="east-cl1")),
    ):
        with pytest.raises(ovirtsdk4.Error) as caught:
            api.hosts_service().add(body)
        assert caught.value.code == 409


def test_maintenance_moves_vms_and_the_storage_manager(api: SystemService) -> None:
    web = api.vms_service().vm_service(east("vm", "web"))
    host = api.hosts_service().host_service(web.get().host.id)
    host.deactivate()
    others = [one for one in api.hosts_service().list() if one.id != web.get().host.id]
    assert host.get().status == MAINTENANCE and host.get().spm.status == types.SpmStatus.NONE
    assert web.get().status == types.VmStatus.UP and [one.status for one in others] == [MAINTENANCE]
    host.activate()
    assert host.get().status == UP


def test_the_last_host_keeps_its_vms_and_stays_on_its_way(api: SystemService) -> None:
    web = api.vms_service().vm_service(east("vm", "web")).get()
    other = next(one for one in api.hosts_service().list() if one.id != web.host.id)
    api.hosts_service().host_service(other.id).deactivate()
    api.hosts_service().host_service(web.host.id).deactivate()
    last = api.hosts_service().host_service(web.host.id).get()
    assert last.status == types.HostStatus.PREPARING_FOR_MAINTENANCE


def test_only_a_host_in_maintenance_is_removed(api: SystemService) -> None:
    hosts = api.hosts_service()
    host = hosts.host_service(hosts.add(NEW).id)
    with pytest.raises(ovirtsdk4.Error) as caught:
        host.remove()
    assert caught.value.code == 409
    host.deactivate()
    host.remove()
    assert "east-h3" not in [one.name for one in hosts.list()]


def test_a_host_that_is_up_keeps_its_cluster(api: SystemService) -> None:
    host = api.hosts_service().host_service(east("host", "east-h1"))
    changed = host.update(types.Host(comment="rack 4", spm=types.Spm(priority=9)))
    assert (changed.comment, changed.spm.priority) == ("rack 4", 9)
    with pytest.raises(ovirtsdk4.Error) as caught:
        host.activate()
    assert caught.value.code == 409


@pytest.mark.conforms("workloads 6.1")
def test_a_job_from_outside_has_its_own_steps(api: SystemService) -> None:
    added = api.jobs_service().add(types.Job(description="Changing tapes", external=True, auto_cleared=True))
    job = api.jobs_service().job_service(added.id)
    step = job.steps_service().add(types.Step(description="Opening", type=types.StepEnum.UNKNOWN))
    job.steps_service().step_service(step.id).end(succeeded=False)
    assert [one.status for one in job.steps_service().list()] == [types.StepStatus.FAILED]
    job.end(succeeded=True)
    assert job.get().status == types.JobStatus.FINISHED and job.get().external
    job.clear()
    assert added.id not in [one.id for one in api.jobs_service().list()]


@pytest.mark.conforms("workloads 6.1")
def test_a_job_of_the_engine_is_not_ended_from_outside(api: SystemService) -> None:
    api.vms_service().vm_service(east("vm", "db")).start()
    job = api.jobs_service().list()[-1]
    with pytest.raises(ovirtsdk4.Error) as caught:
        api.jobs_service().job_service(job.id).end(succeeded=True)
    assert caught.value.code == 400


@pytest.mark.conforms("workloads 6.2")
def test_an_origin_reports_an_event_once(api: SystemService) -> None:
    body = types.Event(
        description="A tape was changed",
        severity=types.LogSeverity.WARNING,
        origin="robot",
        custom_id=7,
        vm=types.Vm(id=east("vm", "web")),
    )
    added = api.events_service().add(body)
    found = api.events_service().list(search="severity=warning", max=1)[0]
    assert (found.id, found.origin, found.custom_id, found.vm.id) == (added.id, "robot", 7, east("vm", "web"))
    with pytest.raises(ovirtsdk4.Error) as caught:
        api.events_service().add(body)
    assert caught.value.code == 409
    api.events_service().event_service(added.id).remove()
    assert added.id not in [event.id for event in api.events_service().list(max=5)]
