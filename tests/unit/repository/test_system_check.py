# SPDX-License-Identifier: GPL-3.0-or-later
"""A missing system package is named, as Debian and Fedora call it, before anything else is tried."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[3]
COMMANDS = {
    "git": ("git", "git"),
    "gcc": ("gcc", "gcc"),
    "xml2-config": ("libxml2-dev", "libxml2-devel"),
    "curl-config": ("libcurl4-openssl-dev", "libcurl-devel"),
}


def check(commands: set[str], folder: Path, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    """Run the check where only the given commands exist."""
    for command in commands:
        (folder / command).symlink_to("/bin/true")
    bash = shutil.which("bash")
    assert bash
    return subprocess.run(
        [bash, str(TOP / "tools" / "check_system.sh")],
        env={"PATH": str(folder), "PYTHON": python},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("missing", COMMANDS)
def test_missing_package_is_named(missing: str, tmp_path: Path) -> None:
    result = check(set(COMMANDS) - {missing}, tmp_path)
    debian, fedora = COMMANDS[missing]
    assert result.returncode == 1
    assert f"apt install {debian}\n" in result.stderr
    assert f"dnf install {fedora}\n" in result.stderr
    assert result.stderr.count("missing:") == 1


def test_missing_python_is_named(tmp_path: Path) -> None:
    result = check(set(COMMANDS), tmp_path, python="python3.11")
    assert result.returncode == 1
    assert "apt install python3.11\n" in result.stderr


def test_complete_system_passes_in_silence(tmp_path: Path) -> None:
    result = check(set(COMMANDS), tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_every_named_package_stands_in_bindep() -> None:
    script = (TOP / "tools" / "check_system.sh").read_text(encoding="utf-8")
    named = {name for pair in re.findall(r"report \".*?\" (\S+) (\S+)", script.replace("\\\n", " ")) for name in pair}
    listed = {line.split(" ")[0] for line in (TOP / "bindep.txt").read_text(encoding="utf-8").splitlines()}
    assert len(named) > len(COMMANDS)
    assert named <= listed
