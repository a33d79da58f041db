# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports point downwards only; what a layer must never know, it never imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[3]
COLLECTION = "ansible_collections.lifeboat.ovirt."

# From the lowest to the highest.
LAYERS = ("engine", "ovf", "model", "rules", "use cases", "ansible_glue", "modules")

SDK = {"ovirtsdk4", "pycurl"}
PURE = {"ovf", "model", "rules"}
# The error type is the vocabulary of every layer; the loader is the one part of the model that reads from an engine.
ERRORS = "plugins.module_utils.engine.errors"
LOADER = "plugins/module_utils/model/loader.py"


def layer_of(dotted: str) -> str | None:
    """Return the layer of a dotted path below the checkout, None for what belongs to no layer."""
    parts = dotted.split(".")
    if parts[:2] == ["plugins", "modules"]:
        return "modules"
    if parts[:2] != ["plugins", "module_utils"] or len(parts) < 3:
        return None
    return parts[2] if parts[2] in LAYERS else "use cases"


def imports_of(top: Path, file: Path) -> Iterator[str]:
    """Yield everything that a file imports, wherever in it; what lies in the checkout as a dotted path below it."""
    package = file.relative_to(top).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.removeprefix(COLLECTION) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            start = ".".join([*base, *filter(None, [node.module])]).removeprefix(COLLECTION)
            yield from (f"{start}.{alias.name}" for alias in node.names)


def faults_of_import(file: str, layer: str, imported: str) -> Iterator[str]:
    """Yield what is wrong with one import in a file of a layer."""
    package, target = imported.split(".")[0], layer_of(imported)
    if package in SDK and layer != "engine":
        yield f"{package} belongs to the engine package"
    if package == "ansible" and layer not in {"modules", "ansible_glue"}:
        yield f"a {layer} file knows no Ansible"
    if package == "ovirt_simulator":
        yield "the collection knows no simulator"
    if target is None:
        return
    if LAYERS.index(target) > LAYERS.index(layer):
        yield f"{target} lies above {layer}"
    if target == layer == "modules":
        yield "a module knows no other module"
    if target == "engine" and layer in PURE and file != LOADER and not imported.startswith(ERRORS):
        yield f"{layer} is pure"


def faults_of(top: Path) -> list[str]:
    """Return every import below plugins/ that the layers forbid."""
    faults = []
    for path in sorted((top / "plugins").rglob("*.py")):
        file = path.relative_to(top).as_posix()
        layer = layer_of(".".join(path.relative_to(top).with_suffix("").parts))
        if layer is not None:
            for imported in imports_of(top, path):
                faults += [f"{file} imports {imported}: {fault}" for fault in faults_of_import(file, layer, imported)]
    return faults


def test_imports_in_the_collection_point_downwards() -> None:
    assert faults_of(TOP) == []


def test_every_layer_has_files() -> None:
    """A renamed folder would otherwise take its files out of the check."""
    files = ((path.relative_to(TOP).with_suffix("").parts) for path in (TOP / "plugins").rglob("*.py"))
    found = {layer_of(".".join(parts)) for parts in files}
    assert found >= {"engine", "ovf", "model", "rules", "use cases", "ansible_glue", "modules"}


def test_simulator_knows_nothing_of_the_collection() -> None:
    simulator = TOP / "tests" / "simulator"
    faults = [
        f"{path.relative_to(TOP)} imports {imported}"
        for path in sorted(simulator.rglob("*.py"))
        for imported in imports_of(simulator, path)
        if imported.split(".")[0] in {"ansible", "ansible_collections", "plugins"}
    ]
    assert faults == []


@pytest.mark.parametrize(
    ("file", "statement", "fault"),
    [
        ("modules/vm_power.py", "import ovirtsdk4.types", "ovirtsdk4 belongs to the engine package"),
        ("modules/vm_power.py", "from .site_guard import main", "a module knows no other module"),
        ("module_utils/power.py", "from ovirtsdk4 import types", "ovirtsdk4 belongs to the engine package"),
        ("module_utils/power.py", "from .ansible_glue import session", "ansible_glue lies above use cases"),
        ("module_utils/power.py", "from ansible.module_utils.basic import AnsibleModule", "a use cases file knows no"),
        ("module_utils/power.py", "def late():\n    import ovirt_simulator", "the collection knows no simulator"),
        ("module_utils/engine/bulk.py", "from ..rules import catalogue", "rules lies above engine"),
        ("module_utils/engine/bulk.py", "from .. import power", "use cases lies above engine"),
        ("module_utils/model/site.py", "from ..engine.session import Session", "model is pure"),
        ("module_utils/rules/rule.py", f"from {COLLECTION}plugins.module_utils.engine import bulk", "rules is pure"),
        ("module_utils/ovf/reader.py", "from ..model.site import Site", "model lies above ovf"),
    ],
)
def test_forbidden_import_is_seen(tmp_path: Path, file: str, statement: str, fault: str) -> None:
    source = tmp_path / "plugins" / file
    source.parent.mkdir(parents=True)
    source.write_text(f"{statement}\n", encoding="utf-8")
    [seen] = faults_of(tmp_path)
    assert fault in seen


@pytest.mark.parametrize(
    ("file", "statement"),
    [
        ("modules/vm_power.py", "from ..module_utils.power import ensure"),
        ("module_utils/ansible_glue.py", "from ansible.module_utils.basic import AnsibleModule"),
        ("module_utils/power.py", "from .rules.catalogue import judge"),
        ("module_utils/rules/rule.py", "from ..engine.errors import EngineError"),
        ("module_utils/model/loader.py", "from ..engine.session import Session"),
        ("module_utils/engine/sdk.py", "import ovirtsdk4"),
    ],
)
def test_allowed_import_is_left_alone(tmp_path: Path, file: str, statement: str) -> None:
    source = tmp_path / "plugins" / file
    source.parent.mkdir(parents=True)
    source.write_text(f"{statement}\n", encoding="utf-8")
    assert faults_of(tmp_path) == []
