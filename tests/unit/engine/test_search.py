# SPDX-License-Identifier: GPL-3.0-or-later
"""A search of the operator's reaches the engine only if the engine reads it as it was meant."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.search import FIELDS, checked_search
from ovirt_simulator.rest.search.fields import OBJECTS
from ovirt_simulator.rest.search.grammar import Condition, parse
from ovirt_simulator.rest.search.query import _Compiler, _resolve

VALUES = {"name": ["db", "web*", '"a b"', '"and"'], "status": ["up", '"down"'], "creationdate": ["today", '"3/5/2026"']}


def read(text: str) -> list[list[Condition]]:
    """Return the conditions that the engine makes of a search for VMs, compiled once so that a bad value shows."""
    searchable = OBJECTS["vms"]
    query = parse(text, lambda name: _resolve(searchable, name) is not None)
    compiler = _Compiler(searchable, False, 0.0)
    for group in query.groups:
        compiler.group(group)
    return [list(group) for group in query.groups]


def refused(text: str, collection: str = "vms") -> str:
    with pytest.raises(EngineError) as caught:
        checked_search(collection, text, "vm_search")
    assert caught.value.kind == "invalid" and caught.value.remedy and text in str(caught.value).replace("\\\\", "\\")
    return str(caught.value)


@st.composite
def conditions(draw):
    """Draw a condition as the engine would read it, with its text."""
    field = draw(st.sampled_from(sorted(VALUES)))
    operators = ["=", "!=", ">"] if field == "creationdate" else ["=", "!="]
    operator, value = draw(st.sampled_from(operators)), draw(st.sampled_from(VALUES[field]))
    blank = draw(st.sampled_from(["", " "]))
    spelled = draw(st.sampled_from([field, field.upper()]))
    return Condition(field, operator, value.strip('"')), f"{spelled}{blank}{operator}{blank}{value}"


@given(st.lists(st.tuples(conditions(), st.sampled_from([" and ", " or ", " AND ", " "])), min_size=1, max_size=5))
@settings(max_examples=150, deadline=None)
def test_a_good_search_passes_and_the_engine_reads_what_was_written(parts):
    text, groups = "", [[]]
    for number, ((condition, spelled), connector) in enumerate(parts):
        if number:
            text += connector
            if connector == " or ":
                groups.append([])
        text += spelled
        groups[-1].append(condition)
    assert checked_search("vms", text, "vm_search") == text
    assert read(text) == groups


WORDS = st.sampled_from(
    [
        *"()';\"=",
        "!=",
        "<",
        "and",
        "or",
        "sortby",
        "page",
        "1",
        "name",
        "status",
        "up",
        "cluster.name",
        "tag",
        "db",
        " ",
    ]
)


@given(st.one_of(st.lists(WORDS, max_size=8).map("".join), st.text(max_size=20)))
@settings(max_examples=300, deadline=None)
def test_whatever_passes_has_no_condition_that_the_engine_would_read_as_a_text_or_not_at_all(text):
    try:
        passed = checked_search("vms", text, "vm_search")
    except EngineError as exc:
        assert exc.kind == "invalid"
        return
    found = [condition for group in read(passed) for condition in group]
    assert found and all(condition.field in FIELDS["vms"] for condition in found)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it is empty"),
        ("db", "is no condition"),
        ("cluster.name=prod", "cluster.name is no field"),
        ("datacenter.name=east", "datacenter.name is no field"),
        ("origin=ovirt", "origin is no field"),
        ("(cluster=prod)", "where ( stands"),
        ("name='db'", "where ' stands"),
        ("name=db;", "where ; stands"),
        ("name=web server", "'server' is no condition"),
        ('name="web', "not closed"),
        ("status=image_locked", "'image_locked' is no value of status"),
        ("status>up", "cannot be compared by >"),
        ("creationdate>2026-03-05", "is no value of creationdate"),
        ("name=", "no value follows name="),
        ("name=and", "no value follows name="),
        ("name=db and", "nothing follows and"),
        ("or name=db", "or cannot stand here"),
        ("name=db sortby name", "sortby cannot stand here"),
        ("name=db page 2", "page cannot stand here"),
    ],
)
def test_what_the_engine_would_misread_is_named(text, told):
    assert told in refused(text)


def test_templates_have_fields_of_their_own():
    assert checked_search("templates", " cluster=prod and name=gold* ", "template_search")
    assert "tag is no field" in refused("tag=backup", "templates")


@pytest.mark.parametrize("collection", sorted(FIELDS))
def test_every_field_is_one_that_the_engine_knows(collection):
    assert [name for name in FIELDS[collection] if _resolve(OBJECTS[collection], name) is None] == []
