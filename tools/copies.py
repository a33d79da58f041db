# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the tools work, and how they lay a copy of the checkout."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
BUILD = TOP / "build"
BIN = TOP / ".venv" / "bin"


def source_files() -> list[str]:
    """Return the files that git knows or would add, so that a change counts before it is committed."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=TOP, check=True, capture_output=True, text=True).stdout
    return sorted(name for name in listed.split("\0") if name and (TOP / name).exists())


def lay_copy(target: Path) -> None:
    """Put a copy of the source files at target, in place of what was there."""
    shutil.rmtree(target, ignore_errors=True)
    for name in source_files():
        destination = target / name
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(TOP / name, destination, follow_symlinks=False)
