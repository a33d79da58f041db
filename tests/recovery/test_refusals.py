# SPDX-License-Identifier: GPL-3.0-or-later
"""What must not happen does not: no request to the other site before the fence, no drill on production storage."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ovirt_simulator.site import Sites
from site_facts import BACK, THERE, running


def test_a_failover_while_the_primary_holds_the_domains_is_refused_and_sends_nothing(
    sites: Sites, procedure: Callable[..., tuple[int, str]]
) -> None:
    code, output = procedure("failover", recovery_fenced="primary", **THERE)
    assert code and "still holds the storage domains" in output
    assert sites["secondary"].requests == []


def test_a_failover_from_a_silent_site_that_nobody_declared_fenced_is_refused_and_sends_nothing(
    sites: Sites, procedure: Callable[..., tuple[int, str]]
) -> None:
    sites["primary"].stop()
    code, output = procedure("failover", **THERE)
    assert code and "does not prove that its hosts no longer write" in output
    assert sites["secondary"].requests == []


@pytest.mark.parametrize("name", ["failover", "planned_migration", "failback", "drill"])
def test_check_mode_prints_the_steps_and_changes_nothing(sites: Sites, succeed: Callable[..., str], name: str) -> None:
    if name == "failover":
        sites["primary"].stop()
    output = succeed(name, "--check", recovery_fenced="primary", **THERE)
    assert "import vault" in output and "start databases" in output
    for site in sites:
        changed = [one for one in sites[site].writes if not one.path.startswith("/ovirt-engine/s")]
        assert [one for one in changed if not one.path.endswith(("iscsidiscover", "discoveriscsi"))] == []


def test_a_drill_at_a_site_that_uses_the_storage_itself_is_refused_and_touches_nothing(
    sites: Sites, procedure: Callable[..., tuple[int, str]]
) -> None:
    before = running(sites["primary"])
    code, output = procedure("drill", **BACK)
    assert code and "storage domains of the plan itself" in output
    assert running(sites["primary"]) == before
    assert [one for one in sites["primary"].writes if not one.path.startswith("/ovirt-engine/s")] == []
