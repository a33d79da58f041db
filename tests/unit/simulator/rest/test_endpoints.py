# SPDX-License-Identifier: GPL-3.0-or-later
"""Every address that clients of an engine are known to use."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ovirt_simulator.rest.routes import ROUTES
from ovirt_simulator.rest.routing import Router
from wire_client import Client, east

_LISTED: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[3] / "data" / "endpoints.yml").read_text(encoding="utf-8")
)
API_ROWS = [row for row in _LISTED if not row["path"].startswith("/ovirt-engine")]
_PLAIN = [row["path"] for row in API_ROWS if "GET" in row["methods"] and "{" not in row["path"]]
_KNOWN = {
    "cluster": east("cluster", "east-cl1"),
    "disk": east("disk", "app_Disk1"),
    "domain": east("domain", "east-data"),
    "host": east("host", "east-h1"),
    "nic": east("nic", "app/nic1"),
    "pool": east("data_center", "east"),
    "snapshot": east("snapshot", "app/active"),
    "template": east("template", "golden"),
    "vm": east("vm", "app"),
}
_BELOW = [
    row["path"]
    for row in API_ROWS
    if "GET" in row["methods"] and "{" in row["path"] and set(re.findall(r"{(\w+)}", row["path"])) <= set(_KNOWN)
]


@pytest.mark.conforms("workloads 9.7")
@pytest.mark.parametrize("path", [*_PLAIN, *_BELOW])
def test_what_is_there_is_shown(client: Client, path: str) -> None:
    reply = client.get(path.format(**_KNOWN))
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("application/xml")


@pytest.mark.conforms("workloads 9.7")
@pytest.mark.parametrize("row", API_ROWS, ids=[row["path"] for row in API_ROWS])
def test_each_method_is_served(row: dict[str, Any]) -> None:
    some = "5c1f2a9e-7c2b-4e0d-9a55-1d6f0d3b7a10"
    segments = [part for part in re.sub(r"{\w+}", some, row["path"]).split("/") if part]
    for method in row["methods"]:
        route, _unused = Router(ROUTES).find(method, segments)
        assert route.method == method


@pytest.mark.conforms("workloads B.9")
@pytest.mark.parametrize("more", ["", "<snapshots><snapshot id='5c1f2a9e-7c2b-4e0d-9a55-1d6f0d3b7a10'/></snapshots>"])
def test_a_new_vm_needs_a_cluster(client: Client, more: str) -> None:
    assert client.post("/vms", f"<vm><name>new</name>{more}</vm>").status == 400


@pytest.mark.conforms("workloads B.7")
def test_no_snapshot_is_called_none(client: Client) -> None:
    assert client.get(f"/vms/{_KNOWN['vm']}/snapshots/None").status == 404
