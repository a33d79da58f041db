# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites as processes: killed and started again they know what they knew."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ovirtsdk4
import pytest
from ovirtsdk4 import types

from ovirt_simulator.__main__ import main
from wire_client import east

AUTH = ("url", "username", "password", "ca_file")


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "state"
    yield folder
    assert main(["stop", "--state", str(folder)]) == 0


def run(state: Path, *words: str) -> dict[str, Any]:
    """Carry out a command and return what is known of the sites then."""
    command, *options = words
    assert main([command, "--state", str(state), *options]) == 0
    known: dict[str, Any] = json.loads((state / "sites.json").read_text())
    return dict(known["sites"])


def connected(site: dict[str, Any]) -> ovirtsdk4.Connection:
    return ovirtsdk4.Connection(**{key: site[key] for key in AUTH})


def test_a_killed_engine_keeps_its_state_and_arrays_and_hosts_outlive_it(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = run(state, "serve")
    assert run(state, "serve") == first, "what runs is left alone"
    vault = east("domain", "vault")
    with connected(first["primary"]) as connection:
        api = connection.system_service()
        api.vms_service().vm_service(east("vm", "web")).shutdown()
        domain = api.storage_domains_service().storage_domain_service(vault)
        domain.update(types.StorageDomain(backup=True, comment="kept"))
        domain.update_ovf_store()
    assert run(state, "kill", "--site", "primary")["primary"]["pid"] is None
    capsys.readouterr()
    run(state, "status")
    assert capsys.readouterr().out.splitlines()[0].startswith("primary: not running")
    run(state, "replicate", "--array", "array-a")
    assert "b-vault is up to date" in capsys.readouterr().out
    run(state, "fence", "--site", "primary")
    again = run(state, "start", "--site", "primary")
    assert again["primary"]["url"] == first["primary"]["url"]
    with connected(again["primary"]) as connection:
        api = connection.system_service()
        shown = api.storage_domains_service().storage_domain_service(vault).get()
        assert (shown.backup, shown.comment) == (True, "kept")
        assert {host.status for host in api.hosts_service().list()} == {types.HostStatus.NON_RESPONSIVE}


def test_commands_without_anything_to_work_on_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stop", "--state", str(tmp_path)]) == 0
    assert main(["status", "--state", str(tmp_path)]) == 1
    assert capsys.readouterr().err.strip().endswith("serve first")
