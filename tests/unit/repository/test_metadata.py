# SPDX-License-Identifier: GPL-3.0-or-later
"""What the metadata promises is what lies in the checkout and what the oldest environment tests."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

TOP = Path(__file__).resolve().parents[3]
MODULES = sorted((TOP / "plugins" / "modules").glob("*.py"))


def load(name: str) -> dict[str, Any]:
    loaded = yaml.safe_load((TOP / name).read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def requirements(name: str, operator: str) -> dict[str, str]:
    """Return the versions in a requirements file that are given with an operator."""
    found = re.findall(rf"^([\w.-]+){operator}([\w.]+)$", (TOP / name).read_text(encoding="utf-8"), re.MULTILINE)
    return dict(found)


def test_action_group_names_every_module_and_nothing_else() -> None:
    group = load("meta/runtime.yml")["action_groups"]["all"]
    assert MODULES
    assert group == [path.stem for path in MODULES]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_module_takes_its_common_documentation_from_the_fragment(path: Path) -> None:
    assigned = {
        target.id: node.value
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    documentation = yaml.safe_load(ast.literal_eval(assigned["DOCUMENTATION"]))
    fragments = set(documentation["extends_documentation_fragment"])
    assert fragments >= {"lifeboat.ovirt.auth", "lifeboat.ovirt.auth.attributes"}
    assert documentation["module"] == path.stem


def test_oldest_environment_holds_the_promised_lower_bounds() -> None:
    oldest = requirements("requirements/oldest.txt", "==")
    core = load("meta/runtime.yml")["requires_ansible"].removeprefix(">=")
    promised = {"ansible-core": core, **requirements("requirements.txt", ">=")}
    assert promised.items() <= oldest.items()


def test_modules_report_the_version_that_the_collection_has() -> None:
    told = (TOP / "plugins" / "module_utils" / "version.py").read_text(encoding="utf-8")
    assert f'VERSION = "{load("galaxy.yml")["version"]}"' in told


def test_execution_environment_names_existing_files() -> None:
    for name in load("meta/execution-environment.yml")["dependencies"].values():
        assert (TOP / name).is_file()


def test_every_role_has_a_molecule_scenario_of_its_name() -> None:
    roles = {path.name for path in (TOP / "roles").iterdir()}
    scenarios = {path.parent.name for path in (TOP / "extensions" / "molecule").glob("*/molecule.yml")}
    assert roles and roles <= scenarios
    assert "default" in scenarios


def test_every_target_for_a_benchmark_names_a_script() -> None:
    called = re.findall(r"\$\(BENCHMARK\)/(\w+)\.py", (TOP / "Makefile").read_text(encoding="utf-8"))
    assert called and {path.stem for path in (TOP / "tests" / "benchmarks").glob("*.py")} >= set(called)
