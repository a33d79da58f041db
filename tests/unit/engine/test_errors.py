# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ovirtsdk4
import pycurl
import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import (
    Entity,
    NoAnswer,
    fault_text,
    refusal,
)
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.translation import translated


def caught_from(exc):
    with (
        pytest.raises(Exception) as caught,
        translated("read vms", Entity("VM", "1", "erp-db"), engine="the engine at e"),
    ):
        raise exc
    return caught.value


@pytest.mark.parametrize(
    ("detail", "text"),
    [
        ("[Cannot attach Storage. The domain is locked.]", "Cannot attach Storage. The domain is locked."),
        ("[One,\n  two.]", "One, two."),
        ("plain [words]", "plain [words]"),
        ("[]", None),
        ("", None),
        (None, None),
    ],
)
def test_the_engines_words_lose_their_list_brackets(detail, text):
    assert fault_text(detail) == text


@pytest.mark.parametrize(
    ("code", "kind"),
    [(400, "rejected"), (401, "auth"), (403, "auth"), (404, "not_found"), (409, "rejected"), (500, "server_error")],
)
def test_a_status_is_a_kind(code, kind):
    error = refusal("attach it", code, detail="[No.]")
    assert (error.kind, error.code, error.reason, str(error)) == (kind, code, "No.", "cannot attach it: No.")


def test_a_refusal_without_words_says_so():
    error = refusal("attach it", 400, detail="[]")
    assert error.reason is None
    assert str(error) == "cannot attach it: the engine refused without giving a reason (HTTP status 400)"


@pytest.mark.parametrize(
    ("code", "kind", "sent"),
    [(6, "unreachable", False), (7, "unreachable", False), (28, "timeout", True), (52, "unreachable", True)],
)
def test_libcurls_verdict_is_found_in_every_form_the_sdk_gives_it(code, kind, sent):
    transfer = ovirtsdk4.Error(f"Failed to read response: {[(pycurl.Curl(), code, 'It said so')]}")
    call = ovirtsdk4.ConnectionError(f"Error while sending HTTP request: {pycurl.error(code, 'It said so')}")
    for exc in (transfer, call, pycurl.error(code, "It said so")):
        error = caught_from(exc)
        assert isinstance(error, NoAnswer)
        assert (error.kind, error.sent, error.entity.name) == (kind, sent, "erp-db")
        assert "object at" not in str(error)


def test_an_unverified_certificate_names_the_option():
    error = caught_from(pycurl.error(60, "self-signed certificate"))
    assert error.kind == "unreachable"
    assert "auth.ca_file" in error.remedy


@pytest.mark.parametrize("code", [1, 3, 77])
def test_what_the_caller_has_to_change_is_invalid(code):
    assert caught_from(pycurl.error(code, "no")).kind == "invalid"


def test_a_complaint_of_the_sdk_alone_counts_as_no_answer():
    error = caught_from(ovirtsdk4.Error("Something about <pycurl.CurlMulti object at 0x7f00>"))
    assert (error.kind, error.sent) == ("unreachable", True)
    assert "0x7f00" not in str(error)


def test_a_bug_is_not_translated():
    assert isinstance(caught_from(KeyError("name")), KeyError)
