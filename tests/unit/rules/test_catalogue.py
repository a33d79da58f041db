# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue as a whole: identifiers, the guard's vocabulary, and the pages made from it."""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from ansible_collections.lifeboat.ovirt.plugins.module_utils.allowance import KINDS
from ansible_collections.lifeboat.ovirt.plugins.module_utils.rules.catalogue import ACTIONS, CATALOGUE
from ansible_collections.lifeboat.ovirt.plugins.modules import backup_guard

TOP = Path(__file__).resolve().parents[3]

VOCABULARY = [
    "configure_backup",
    "start_vm",
    "preview_snapshot",
    "live_move_disk",
    "switch_master",
    "memory_snapshot",
    "suspend_vm",
    "attach_disk",
    "hot_plug_disk",
    "create_lease",
    "move_lease",
    "create_vm",
    "create_disk",
    "create_vm_pool",
    "change_data",
    "attach_domain",
]


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, TOP / "tools" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_actions_of_the_rules_are_those_of_the_guard_and_of_its_documentation():
    options = yaml.safe_load(backup_guard.DOCUMENTATION)["options"]
    documented = options["actions"]["suboptions"]["action"]["choices"]
    assert list(ACTIONS) == list(KINDS) == documented == VOCABULARY


def test_each_acting_rule_has_an_action_of_its_own():
    used = Counter(rule.action for rule in CATALOGUE if rule.action != "configure_backup")
    assert used == Counter(VOCABULARY[1:])


def test_every_rule_has_an_id_of_its_own_and_says_everything():
    ids = [rule.id for rule in CATALOGUE]
    assert len(ids) == len(set(ids)) == 12 + 15
    for rule in CATALOGUE:
        assert rule.id.startswith("backup.")
        assert rule.sentence.endswith(".") and rule.remedy.endswith(".") and rule.alone
        assert rule.alone.startswith("refuses") or rule.enforced_by == "collection"


def test_the_rules_page_is_up_to_date():
    page = tool("rules_page")
    assert page.PAGE.read_text(encoding="utf-8") == page.render(CATALOGUE), "run tools/rules_page.py"


@pytest.mark.parametrize(("path", "text"), tool("role_readmes").pages().items(), ids=lambda value: Path(value).name)
def test_the_readme_of_a_role_is_up_to_date(path, text):
    assert path.read_text(encoding="utf-8") == text, "run tools/role_readmes.py"


@pytest.mark.parametrize("role", sorted(path.name for path in (TOP / "roles").iterdir()))
def test_the_defaults_of_a_role_are_those_of_its_argument_specification(role):
    folder = TOP / "roles" / role
    specification = yaml.safe_load((folder / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    options = specification["argument_specs"]["main"]["options"]
    assert all(option["description"] for option in options.values())
    documented = {name: option["default"] for name, option in options.items() if "default" in option}
    defaults = folder / "defaults" / "main.yml"
    assert (yaml.safe_load(defaults.read_text(encoding="utf-8")) if defaults.exists() else {}) == documented
