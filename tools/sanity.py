# SPDX-License-Identifier: GPL-3.0-or-later
"""Run `ansible-test sanity` on a copy of the checkout.

ansible-test resolves symlinks and works only below `ansible_collections`, hence the copy. Its environments lie in the
home folder, hence a home of its own, which also makes them go with `make clean`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

from ansible_test._internal.python_requirements import get_venv_packages

from copies import BIN, BUILD, lay_copy

HOME = BUILD / "sanity" / "home"
COPY = BUILD / "sanity" / "ansible_collections" / "lifeboat" / "ovirt"

_PYTHON = "3.11"
_GET_PIP = "import ensurepip\n\nensurepip.bootstrap()\n"


def _provide_get_pip() -> None:
    """Python brings pip along; without this file ansible-test would download it from a host that CI may not reach."""
    version = get_venv_packages(SimpleNamespace(version=_PYTHON))["pip"]
    script = HOME / ".ansible" / "test" / "cache" / f"get_pip_{version.replace('.', '_')}.py"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(_GET_PIP, encoding="utf-8")


def _keep_pip_settings() -> None:
    """Hand over PIP_* variables as a file: ansible-test drops them, and a mirror or a CA may be named there."""
    settings = {
        name.removeprefix("PIP_").lower().replace("_", "-"): value
        for name, value in os.environ.items()
        if name.startswith("PIP_") and name != "PIP_CONFIG_FILE"
    }
    lines = ["[global]", *(f"{name} = {value}" for name, value in sorted(settings.items()))]
    target = HOME / ".config" / "pip" / "pip.conf"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    lay_copy(COPY)
    subprocess.run(["git", "init", "--quiet"], cwd=COPY, check=True)
    _provide_get_pip()
    _keep_pip_settings()
    command = [str(BIN / "ansible-test"), "sanity", "--local", "--python", _PYTHON, "--color", "no", *arguments]
    environment = {**os.environ, "HOME": str(HOME), "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(command, cwd=COPY, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
