# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of messages, and the answer that follows from several of them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import ovirt_simulator.engine
from ovirt_simulator.engine.command import Refusal
from ovirt_simulator.engine.faults import CATALOGUE, STORAGE_ERRORS, answer

CODES = {
    400: "STORAGE_DOMAIN_DOES_NOT_EXIST",
    409: "VM_CANNOT_IMPORT_VM_EXISTS",
    500: "CAN_DO_ACTION_GENERAL_FAILURE",
    403: "USER_NOT_AUTHORIZED_TO_PERFORM_ACTION",
}
ENGINE = Path(ovirt_simulator.engine.__path__[0])
SOURCES = sorted(path for path in ENGINE.rglob("*.py") if path.name != "faults.py")
MESSAGE = re.compile(r"(ACTION_TYPE_FAILED|ERROR_CANNOT|VALIDATION|VMT?_CANNOT|CANNOT|STORAGE_DOMAIN)_[A-Z_]+")


@pytest.mark.parametrize(
    ("codes", "expected"), [((403, 500), 500), ((403, 500, 409), 409), ((403, 500, 409, 400), 400), ((403,), 403)]
)
def test_of_several_messages_the_first_class_decides(codes: tuple[int, ...], expected: int) -> None:
    code, detail = answer(Refusal(*(CODES[code] for code in codes)))
    assert code == expected
    assert detail.count(".") == len(codes)


def test_detail_is_the_sentences_in_brackets_with_variables_filled_in() -> None:
    refusal = Refusal("ACTION_TYPE_FAILED_VM_IS_RUNNING", "ACTION_TYPE_FAILED_STORAGE_DOMAIN_NOT_EXIST", name="web")
    assert answer(refusal)[1] == "[The VM web is running., There is no such storage domain.]"


def test_unlisted_message_is_a_bad_request() -> None:
    assert answer(Refusal("SOMETHING_ELSE")) == (400, "[SOMETHING_ELSE]")


@pytest.mark.parametrize("id_", CATALOGUE)
def test_every_message_can_be_shown_without_variables(id_: str) -> None:
    assert answer(Refusal(id_))[1].startswith("[")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_command_uses_a_message_that_the_table_lacks(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert {text for text in texts if MESSAGE.fullmatch(text)} <= set(CATALOGUE)


def test_every_failure_of_storage_has_a_text() -> None:
    storage = ENGINE.parent / "storage"
    raised = {
        name for path in storage.glob("*.py") for name in re.findall(r'StorageFailure\("(\w+)"\)', path.read_text())
    }
    assert raised and raised <= set(STORAGE_ERRORS)
