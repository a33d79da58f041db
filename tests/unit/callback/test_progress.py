# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress from a module to the terminal, over a real socket; and that nothing ever suffers from it."""

from __future__ import annotations

import os
import pty
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.ovirt.plugins.callback.progress import Bars, Lines, Receiver, wants_bars
from ansible_collections.lifeboat.ovirt.plugins.module_utils.progress import ENVIRONMENT, Progress, Report

COLLECTIONS = Path(sys.prefix) / "collections"
NUMBERS = st.none() | st.integers(-10, 10**15)

MODULE = """
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lifeboat.ovirt.plugins.module_utils.progress import Progress

module = AnsibleModule(argument_spec={})
progress = Progress.from_environment()
for done in (0, 1, 50, 51):
    progress.report("VM db", "copying", done, 100)
progress.report("VM db", "copied", 100, 100)
module.exit_json()
"""
PLAYBOOK = """
- hosts: localhost
  gather_facts: false
  tasks:
    - copier:
"""


@pytest.fixture
def lines():
    """Return a receiver, and the lines that it writes."""
    written = []
    receiver = Receiver(Lines(written.append))
    yield receiver, written
    receiver.close()


@given(st.builds(Report, st.text(), st.text(), NUMBERS, NUMBERS))
def test_report_survives_the_way(report):
    assert Report.decode(report.encode()) == report


@given(st.binary() | st.sampled_from([b"[]", b"{}", b'{"entity": 1, "state": "x", "done": null, "total": null}']))
def test_what_is_no_report_is_none(datagram):
    assert Report.decode(datagram) is None


@given(st.builds(Report, st.text(), st.text(), NUMBERS, NUMBERS))
def test_percent_stays_between_nothing_and_all(report):
    assert report.percent is None or 0 <= report.percent <= 100


def test_line_for_each_state_and_each_tenth():
    written = []
    lines = Lines(written.append)
    lines.show(Report("VM db", "snapshot"))
    for done in range(101):
        lines.show(Report("VM db", "copying", done, 300))
    lines.show(Report("VM db", "copied", 300, 300))
    assert written == [
        "VM db: snapshot",
        "VM db: copying 0%",
        "VM db: copying 10%",
        "VM db: copying 20%",
        "VM db: copying 30%",
        "VM db: copied",
    ]


def test_datagram_of_somebody_else_is_passed_over(lines):
    receiver, written = lines
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(b"\xff\x00", receiver.path)
    Progress(receiver.path).report("VM db", "copying")
    receiver.clear()
    assert written == ["VM db: copying"]


def test_nobody_else_can_enter_the_folder_of_the_socket(lines):
    receiver, _written = lines
    assert Path(receiver.path).parent.stat().st_mode & 0o077 == 0


def test_closed_receiver_leaves_nothing_behind():
    receiver = Receiver(Lines(list))
    receiver.close()
    assert not Path(receiver.path).parent.exists()


def test_full_socket_neither_blocks_nor_fails(tmp_path):
    path = str(tmp_path / "full")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(path)
        progress = Progress(path)
        for done in range(10_000):
            progress.report("VM db", "copying", done, 10_000)


@pytest.mark.parametrize("path", [None, "", "/nowhere/progress", "/" + "long" * 50])
def test_socket_that_is_not_there_is_no_failure(path):
    Progress(path).report("VM db", "copying", 1, 2)


def test_without_the_callback_nothing_is_opened(monkeypatch):
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    monkeypatch.delattr(socket, "socket")
    Progress.from_environment().report("VM db", "copying", 1, 2)


def test_report_of_a_very_long_name_still_fits(lines):
    receiver, written = lines
    Progress(receiver.path).report("\N{SNOWMAN}" * 9000, "\N{SNOWMAN}" * 9000, 10**15, 10**15)
    receiver.clear()
    assert len(written) == 1


def test_bars_show_entities_and_go_away(monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setenv("TERM", "xterm")
    outer, inner = pty.openpty()
    with os.fdopen(inner, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        receiver = Receiver(Bars())
        progress = Progress(receiver.path)
        progress.report("VM [red]db", "copying", 1, 2)
        progress.report("VM app", "copying")
        receiver.clear()
        progress.report("VM web", "copied", 2, 2)
        receiver.close()
    shown = os.read(outer, 65536).decode()
    os.close(outer)
    assert "VM [red]db" in shown and "50%" in shown and "VM app" in shown
    assert "VM web" not in shown


@pytest.mark.parametrize(
    ("style", "environment", "terminal", "bars"),
    [
        ("auto", {"TERM": "xterm"}, True, True),
        ("auto", {"TERM": "xterm"}, False, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"TERM": "xterm", "AWX_ISOLATED_DATA_DIR": "/runner"}, True, False),
        ("lines", {"TERM": "xterm"}, True, False),
        ("bars", {}, False, True),
    ],
)
def test_bars_where_somebody_looks_at_a_terminal(style, environment, terminal, bars):
    pytest.importorskip("rich")
    assert wants_bars(style, environment, terminal) is bars


def test_playbook_shows_what_its_module_does(tmp_path):
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "copier.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "play.yml").write_text(PLAYBOOK, encoding="utf-8")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("OVIRT_", "ANSIBLE_"))},
        "ANSIBLE_HOME": str(tmp_path),
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_CALLBACKS_ENABLED": "lifeboat.ovirt.progress",
        "ANSIBLE_LIBRARY": str(tmp_path / "library"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "LC_ALL": "C.UTF-8",
        "TMPDIR": str(tmp_path),
    }
    command = [sys.executable, "-m", "ansible", "playbook", "play.yml"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    shown = [line for line in done.stdout.splitlines() if line.startswith("VM db")]
    assert done.returncode == 0, done.stdout + done.stderr
    assert shown == ["VM db: copying 0%", "VM db: copying 50%", "VM db: copied"]
    assert not list(tmp_path.glob("lifeboat-*"))
