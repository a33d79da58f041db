# SPDX-License-Identifier: GPL-3.0-or-later
"""One read for everybody who waits, over HTTPS."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.bulk import each
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.query import search_equals
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.session import Credentials, Session
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.watch import Watch

NAMES = ["web", "db", "app", "thin1", "erp"] + [f"absent-{number}" for number in range(70)]


def wait_for(watch: Watch, name: str, timeout: float = 30.0) -> list[str]:
    """Return the names of all VMs that a read has shown as soon as there is one of that name."""
    return watch.until(
        search_equals("name", name),
        lambda parts: [part.text("name") or "" for part in parts],
        lambda names: name in names or name.startswith("absent"),
        what=f"VM {name}",
        timeout=timeout,
    )


def test_all_who_wait_find_what_they_wait_for_with_few_reads(primary):
    with Session(Credentials(**primary.auth)) as engine, Watch(engine, "vms", poll_interval=0.01) as watch:
        shown = each(engine, NAMES, lambda name: wait_for(watch, name), concurrency=len(NAMES))
    assert all(name in found for name, found in zip(NAMES, shown, strict=True) if not name.startswith("absent"))
    reads = [entry for entry in primary.requests if entry.path.endswith("/vms")]
    assert len(reads) < len(NAMES) / 2 and all(entry.query.count("name%3D") <= 50 for entry in reads)


def test_a_read_that_fails_is_told_to_all_and_one_without_an_answer_is_tried_again(primary):
    with Session(Credentials(**primary.auth)) as engine, Watch(engine, "vms", poll_interval=0.01) as watch:
        primary.mishaps.add("GET", "/vms", "reset_before", times=2)
        assert wait_for(watch, "db") == ["db"]
        primary.mishaps.add("GET", "/vms", "status", status=500, detail="[broken]", times=0)
        failed = each(engine, ["db", "app"], lambda name: wait_for(watch, name), concurrency=2)
        assert [one.kind for one in failed if isinstance(one, EngineError)] == ["server_error", "server_error"]
        primary.mishaps.clear()
        with pytest.raises(EngineError, match="gave up waiting for VM nobody"):
            wait_for(watch, "nobody", timeout=0.1)
