# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies that the engine takes its time for, and that come to grief in the meantime."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ovirt_simulator.engine import schema
from ovirt_simulator.engine.commands import RemoveVm, RunVm
from wire.conftest import Clock
from wire_client import east

OPTIONS = {"method": "copy", "storage_domains": ["nfs-vault"], "allow_non_backup": True, "name_template": "{name}-copy"}


class Interfering(Clock):
    """A clock on which something happens while somebody waits."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Callable[[], bool]] = []

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.meanwhile = [happen for happen in self.meanwhile if not happen()]


@pytest.fixture
def clock() -> Interfering:
    return Interfering()


def vms(site) -> dict[str, str]:
    with site.engine.transaction() as context:
        return {row.name: row.status for row in context.db.scalars(select(schema.VmStatic).filter_by(entity_type="vm"))}


def remove_what_is_made(site) -> Callable[[], bool]:
    """Return what takes away the first copy that is made and has a working name, and tells whether there was one."""

    def happen() -> bool:
        with site.engine.transaction() as context:
            copies = select(schema.VmStatic.id).where(schema.VmStatic.name.startswith("lifeboat-"))
            made = context.db.scalar(copies.where(schema.VmStatic.status == "down"))
        if made is not None:
            site.engine.execute(RemoveVm(vm_id=made))
        return made is not None

    return happen


def test_it_waits_as_long_as_the_engine_copies_and_finishes_then(use, clock, busy_site):
    result = use(busy_site, "backup_transfer", vms=["db", "erp"], **OPTIONS)
    assert result["counts"]["succeeded"] == 2 and clock.passed >= 3.0
    assert {name: vms(busy_site)[name] for name in ("db-copy", "erp-copy")} == {"db-copy": "down", "erp-copy": "down"}


@pytest.mark.parametrize("runs", [False, True])
def test_a_copy_that_the_engine_gives_up_is_told_and_leaves_no_snapshot(use, clock, busy_site, runs):
    if runs:
        busy_site.engine.execute(RunVm(east("vm", "db")))
        clock.sleep(60)
    clock.meanwhile.append(remove_what_is_made(busy_site))
    with pytest.raises(EngineError, match="the engine has given it up") as caught:
        use(busy_site, "backup_transfer", vms=["db", "app"], concurrency=1, **OPTIONS)
    counts = caught.value.details["counts"]
    assert (counts["failed"], counts["succeeded"]) == (1, 1)
    with busy_site.engine.transaction() as context:
        assert not context.db.scalars(select(schema.Snapshot).where(schema.Snapshot.type != "active")).all()
    again = use(busy_site, "backup_transfer", vms=["db", "app"], **OPTIONS)
    assert (again["counts"]["succeeded"], again["counts"]["skipped"]) == (1, 1)


def test_a_copy_that_takes_too_long_is_gone_on_with_by_the_next_run(use, clock, busy_site):
    with pytest.raises(EngineError, match="gave up waiting for the copy of VM db"):
        use(busy_site, "backup_transfer", vms=["db"], timeout=1, poll_interval=0.4, **OPTIONS)
    before = len([one for one in busy_site.writes if one.path.endswith("/clone")])
    result = use(busy_site, "backup_transfer", vms=["db"], **OPTIONS)
    assert result["counts"]["succeeded"] == 1
    assert len([one for one in busy_site.writes if one.path.endswith("/clone")]) == before == 1
    assert [name for name in vms(busy_site) if name.startswith(("db", "lifeboat"))] == ["db", "db-copy"]
