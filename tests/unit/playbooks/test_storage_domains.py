# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks that let storage domains go and bring them in, and with them the roles, as an operator runs them."""

from __future__ import annotations

from wire_client import east


def test_letting_go_in_check_mode_predicts_and_sends_no_write(run_on, primary):
    given = {"release_domains_storage_domains": ["vault", "east-nfs2"], "release_domains_shutdown_vms": True}
    code, shown = run_on(primary, "release_storage_domains", "--check", **given)
    assert code == 0 and "changed=1" in shown and "release_domains_result" in shown, shown
    assert not primary.writes


def test_what_fails_turns_the_play_red_after_the_others_are_in_and_shows_no_secret(run_on, sites):
    west = sites["secondary"]
    sites.arrays.replicate()
    domains = [
        {"id": east("domain", "mixed-block"), "storage_type": "iscsi"},
        {"id": east("domain", "mixed-file"), "storage_type": "nfs", "address": "nfs.array-b.test", "path": "/vault"},
    ]
    target = {"target": "iqn.2031-05.test.array-b:mixed", "address": "10.20.1.10"}
    code, shown = run_on(
        west,
        "import_storage_domains",
        "-vvv",
        discover_and_import_data_center="west",
        discover_and_import_targets=[{**target, "username": "mixed-user", "password": "mixed-secret"}],
        discover_and_import_storage_domains=domains,
        discover_and_import_take_over=True,
    )
    assert code != 0 and "cannot import 1 of 2" in shown and "discover_and_import_result" in shown
    assert "mixed-secret" not in shown
    with west.engine.transaction() as context:
        found = context.db.connection().exec_driver_sql("select name from storage_domain_static").scalars()
        assert sorted(found) == ["mixed-block", "west-data"]
