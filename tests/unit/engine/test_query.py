# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.query import (
    checked_uuid,
    clean_path,
    search_equals,
    wire_query,
)


@pytest.mark.parametrize("value", ["erp-db", "two words", "Prüfung_1", "a.b=c", "x and y"])
def test_a_search_value_is_quoted(value):
    assert search_equals("name", value) == f'name="{value}"'


@pytest.mark.parametrize("value", ["", 'a"b', "a'b", "a;b", "a*", "a\\b", "a\nb"])
def test_a_value_that_no_search_can_express_is_refused(value):
    with pytest.raises(EngineError) as caught:
        search_equals("name", value)
    assert caught.value.kind == "invalid"


def test_an_id_is_normalised():
    assert checked_uuid("7B2C3F1E-0000-4000-8000-000000000001", "VM") == "7b2c3f1e-0000-4000-8000-000000000001"


@pytest.mark.parametrize("value", ["", "vault", "7b2c3f1e", "{7b2c3f1e-0000-4000-8000-000000000001}"])
def test_what_is_no_uuid_is_refused_by_name(value):
    with pytest.raises(EngineError, match="not the id of a storage domain") as caught:
        checked_uuid(value, "storage domain")
    assert caught.value.kind == "invalid"


def test_a_path_is_quoted():
    assert clean_path("") == clean_path("/") == ""
    assert clean_path("vms/a b?c/nics/") == "/vms/a%20b%3Fc/nics"


@pytest.mark.parametrize("path", ["vms//nics", "vms/../hosts", "."])
def test_a_path_that_leads_elsewhere_is_a_bug(path):
    with pytest.raises(ValueError):
        clean_path(path)


def test_query_values_go_out_as_the_engine_reads_them():
    assert wire_query({"max": 5, "unregistered": True, "follow": "nics", "format": None, "destroy": False}) == {
        "max": "5",
        "unregistered": "true",
        "follow": "nics",
        "destroy": "false",
    }
