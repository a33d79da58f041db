# SPDX-License-Identifier: GPL-3.0-or-later
"""What people write by hand is read without surprises, and every error names its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.document import Node, dump, parse
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError


def _error(read: Callable[[], object]) -> str:
    with pytest.raises(EngineError) as caught:
        read()
    assert caught.value.kind == "invalid"
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\na: 2\n", "plan.yml, line 2: the key a stands twice"),
        ("a: {b: 1, b: 2}\n", "plan.yml, line 1: the key b stands twice"),
        ("a: [1\n", "plan.yml, line 2: expected ',' or ']', but got '<stream end>'"),
        ("a: !!python/object:os.system {}\n", "plan.yml, line 1: could not determine a constructor for the tag"),
        ("? [1]\n: 2\n", "plan.yml, line 1: this is no key"),
        ("a: \x07", "plan.yml is no YAML"),
    ],
)
def test_a_document_that_is_no_proper_yaml_is_refused_with_its_line(text: str, says: str) -> None:
    assert says in _error(lambda: parse(text, "plan.yml"))


def test_what_is_dumped_reads_the_same_in_the_same_order() -> None:
    data = {"b": ["no", "010", "ü # x"], "a": None}
    assert parse(dump(data), "plan.yml").value == data
    assert list(parse(dump(data), "plan.yml").value) == ["b", "a"]


def test_anchors_and_merges_are_read() -> None:
    root = parse("base: &base {a: 1}\nother: {<<: *base, b: 2}\n", "plan.yml")
    assert root.entries()["other"].value == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("value", "read", "says"),
    [
        (3, Node.text, "sites.east has to be a text, not a number"),
        ("  ", Node.text, "sites.east is empty"),
        ("yes", Node.flag, "sites.east has to be true or false, not a text"),
        (True, Node.whole, "sites.east has to be a whole number, not true or false"),
        (-1, Node.whole, "sites.east has to be at least 0, not -1"),
        ([], Node.entries, "sites.east has to be a mapping, not a list"),
        ({}, Node.items, "sites.east has to be a list, not a mapping"),
        (["a", "b", "a"], Node.texts, "sites.east[2] names a a second time"),
        ({1: 2}, Node.entries, "sites.east.1 is no text"),
        ("x", Node.uuid, "sites.east has to be a UUID, not 'x'"),
        ("x", lambda node: node.choice("fail", "warn"), "sites.east has to be one of fail, warn, not 'x'"),
        (70000, lambda node: node.whole(1, 65535), "sites.east has to be from 1 to 65535, not 70000"),
        ({"a b": 1}, lambda node: node.keys("a"), 'sites.east."a b" is not known'),
        ({"a": None}, lambda node: node.keys("a", required=("a",)), "sites.east lacks the key a"),
        ({}, lambda node: node.keys("a")["a"], "sites.east lacks the key a"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_with_its_path(
    value: object, read: Callable[[Node], object], says: str
) -> None:
    assert _error(lambda: read(Node(value, "sites.east", "plan.yml"))).startswith(f"plan.yml: {says}")


def test_a_key_without_a_value_counts_as_left_out() -> None:
    fields = Node({"a": None, "b": 0}, "", "plan.yml").keys("a", "b", "c")
    assert (list(fields), "a" in fields, fields.get("a"), fields["b"].whole()) == (["b"], False, None, 0)
