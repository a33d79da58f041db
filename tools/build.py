# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the collection's artifact, install it into an empty folder and see that it is whole there, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from copies import BIN, BUILD, TOP

ARTIFACTS = BUILD / "artifact"
INSTALLED = BUILD / "installed"
COLLECTION = "lifeboat.ovirt"

# Whatever is new beside these in the checkout has to be put here, or into galaxy.yml's build_ignore.
EXPECTED = frozenset(
    {
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "FILES.json",
        "LICENSE",
        "MANIFEST.json",
        "README.md",
        "bindep.txt",
        "changelogs",
        "docs",
        "meta",
        "playbooks",
        "plugins",
        "requirements.txt",
        "roles",
    }
)

_IMPORT_ALL = """
import importlib, sys
for name in sys.argv[1:]:
    print(importlib.import_module(name).__file__)
"""


class BrokenArtifact(Exception):
    """The artifact holds too much or too little."""


def _run(*command: str | Path, **environment: str) -> str:
    """Run a tool of the virtual environment; only the installed artifact is in reach of it."""
    settings = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(INSTALLED), **environment}
    return subprocess.run(command, cwd=BUILD, env=settings, check=True, stdout=subprocess.PIPE, text=True).stdout


def _build() -> Path:
    shutil.rmtree(ARTIFACTS, ignore_errors=True)
    _run(BIN / "ansible-galaxy", "collection", "build", "--output-path", ARTIFACTS, TOP)
    [artifact] = ARTIFACTS.glob("*.tar.gz")
    return artifact


def _check_contents(artifact: Path) -> None:
    with tarfile.open(artifact) as archive:
        names = archive.getnames()
    surplus = sorted({name.split("/")[0] for name in names} - EXPECTED)
    surplus += [name for name in names if any(part.startswith((".", "__pycache__")) for part in name.split("/"))]
    if surplus:
        raise BrokenArtifact(f"{artifact.name} holds what does not belong into it: {', '.join(surplus)}")


def _install(artifact: Path) -> None:
    shutil.rmtree(INSTALLED, ignore_errors=True)
    _run(BIN / "ansible-galaxy", "collection", "install", "--offline", "-p", INSTALLED, artifact)


def _check_installed() -> list[str]:
    """Load every module of the checkout from the installed artifact, its documentation as well as its code."""
    modules = sorted(path.stem for path in (TOP / "plugins" / "modules").glob("*.py"))
    names = [f"{COLLECTION}.{module}" for module in modules]
    documented = json.loads(_run(BIN / "ansible-doc", "--type", "module", "--json", *names))
    sources = {name: entry["doc"]["filename"] for name, entry in documented.items()}
    imports = [f"ansible_collections.{COLLECTION}.plugins.modules.{module}" for module in modules]
    loaded = _run(BIN / "python", "-c", _IMPORT_ALL, *imports, PYTHONPATH=str(INSTALLED)).split()
    strangers = [path for path in [*sources.values(), *loaded] if not Path(path).is_relative_to(INSTALLED)]
    missing = sorted(set(names) - set(sources))
    if strangers or missing:
        raise BrokenArtifact(f"not loaded from {INSTALLED}: {', '.join(missing + strangers)}")
    return modules


def main() -> int:
    BUILD.mkdir(exist_ok=True)
    try:
        artifact = _build()
        _check_contents(artifact)
        _install(artifact)
        modules = _check_installed()
    except BrokenArtifact as exc:
        print(exc, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as exc:
        print(exc.stdout, file=sys.stderr)
        print(f"failed: {' '.join(str(word) for word in exc.cmd[:3])}", file=sys.stderr)
        return exc.returncode
    print(
        f"{artifact.relative_to(TOP)} is installed in {INSTALLED.relative_to(TOP)}; {len(modules)} modules load there"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
