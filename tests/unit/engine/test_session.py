# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import socket
import threading
import time

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.bulk import each
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError, Entity, NoAnswer
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.session import Intent, Session, WriteInCheckMode

VAULT = Entity("storage domain", "1", "vault")
DOMAIN = '<storage_domain id="1"><name>vault</name></storage_domain>'
VERSION = "<api><product_info><version><major>4</major><minor>5</minor></version></product_info></api>"


def failure(session, path="storagedomains/1"):
    with session, pytest.raises(EngineError) as caught:
        session.get(path, doing="read storage domain vault", entity=VAULT)
    return caught.value


def test_reads_share_one_login_and_one_connection(stub):
    stub.answer = lambda seen: (200, f"<storage_domains>{DOMAIN}</storage_domains>")
    with stub.session() as engine:
        assert [one.name for one in engine.list("storagedomains", search='name="vault"', max=5)] == ["vault"]
        engine.list("storagedomains")
    login, first, second, logout = stub.seen
    assert first.path == "/ovirt-engine/api/storagedomains?max=5&search=name%3D%22vault%22"
    assert first.headers["Authorization"] == "Bearer fresh-token"
    assert first.connection == second.connection
    assert "Correlation-Id" not in first.headers
    assert login.body == "grant_type=password&scope=ovirt-app-api&username=admin%40internal&password=s3cret-word"
    assert login.headers["Accept"] == "application/json"
    assert logout.path == "/ovirt-engine/services/sso-logout"
    assert logout.body == "scope=ovirt-app-api&token=fresh-token"


def test_threads_share_the_login_but_not_a_connection(stub):
    together = threading.Barrier(4)

    def answer(seen):
        together.wait(timeout=5)
        return (200, DOMAIN)

    stub.answer = answer
    with stub.session() as engine:
        assert len(each(engine, range(4), lambda item: engine.get("storagedomains/1"), concurrency=4)) == 4
    assert len({seen.connection for seen in stub.of("GET")}) == 4
    assert len(stub.of("GET")) + 2 == len(stub.seen)


def test_a_long_answer_is_there_when_its_last_byte_is(stub):
    took = []
    with stub.session() as engine:
        # Of these sizes libcurl leaves an end behind that only TLS knows of.
        for size in range(208_000, 212_000, 400):
            stub.answer = lambda seen, size=size: (200, DOMAIN.replace("vault", "x" * size))
            began = time.monotonic()
            engine.get("storagedomains/1")
            took.append(time.monotonic() - began)
    assert max(took) < 0.9


def test_a_given_token_is_used_as_it_is(stub):
    with stub.session(username=None, password=None, token="given") as engine:
        engine.get("")
    assert [seen.headers["Authorization"] for seen in stub.seen] == ["Bearer given"]


def test_nothing_asked_nothing_sent(stub):
    with stub.session():
        pass
    assert stub.seen == []


def test_own_headers_go_with_every_request(stub):
    with stub.session(headers={"X-Site": "east"}) as engine:
        engine.get("")
    assert stub.of("GET")[0].headers["X-Site"] == "east"


def test_an_expired_token_is_renewed_once(stub):
    stub.answer = lambda seen: (401, "", "text/html") if "Bearer old" in str(seen.headers) else (200, DOMAIN)
    with stub.session(token="old") as engine:
        assert engine.get("storagedomains/1").name == "vault"
        engine.get("storagedomains/1")
    assert [seen.headers["Authorization"][7:] for seen in stub.of("GET")] == ["old", "fresh-token", "fresh-token"]


def test_a_refused_token_is_an_auth_error(stub):
    stub.answer = lambda seen: (401, "<html>who are you</html>", "text/html")
    error = failure(stub.session(username=None, password=None, token="given"))
    assert (error.kind, error.code, error.entity) == ("auth", 401, VAULT)
    assert len(stub.seen) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"error_code": "access_denied", "error": "The user name or password is incorrect."},
        {"error": "access_denied", "error_description": "The user name or password is incorrect."},
    ],
)
def test_a_wrong_password_is_one_clear_sentence(stub, answer):
    stub.login = lambda seen: (400, json.dumps(answer), "application/json")
    error = failure(stub.session())
    assert error.kind == "auth"
    assert str(error).endswith("refuses the login: The user name or password is incorrect.")
    assert "s3cret-word" not in f"{error}{error.reason}{error.remedy}"
    assert stub.of("GET") == []


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ((200, "<html/>", "text/html"), "server_error"),
        ((200, "{}", "application/json"), "server_error"),
        ((500, "Internal error", "text/html"), "server_error"),
        ((503, "Service Unavailable", "text/html"), "unreachable"),
        ((404, "<html>not deployed</html>", "text/html"), "unreachable"),
        (None, "unreachable"),
    ],
)
def test_a_login_service_that_is_not_well(stub, reply, kind):
    stub.login = lambda seen: reply
    assert failure(stub.session()).kind == kind


def test_a_logout_that_fails_is_no_failure(stub):
    stub.login = lambda seen: (
        None if "logout" in seen.path else (200, '{"access_token": "fresh-token"}', "application/json")
    )
    with stub.session() as engine:
        engine.get("")


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ((404, ""), "not_found"),
        ((403, "<fault><detail>[No permission.]</detail></fault>"), "auth"),
        ((400, "<fault><detail>[Bad.]</detail></fault>"), "rejected"),
        ((500, "<html>Internal error</html>", "text/html"), "server_error"),
        ((500, "<fault><detail>[Broken.]</detail></fault>"), "server_error"),
        ((200, "<html>welcome</html>", "text/html"), "server_error"),
        ((200, "<storage_domain><name>"), "server_error"),
        ((200, "not xml at all"), "server_error"),
        ((200, "<unheard_of/>"), "server_error"),
        ((200, "<storage_domain><backup>maybe</backup></storage_domain>"), "server_error"),
        ((200, ""), "server_error"),
        ((503, "<html>Service Unavailable</html>", "text/html"), "unreachable"),
        ((404, "<html>not deployed</html>", "text/html"), "unreachable"),
        (None, "unreachable"),
    ],
)
def test_every_answer_has_a_kind(stub, reply, kind, capfd):
    stub.answer = lambda seen: reply
    error = failure(stub.session())
    assert error.kind == kind
    assert str(error).startswith("cannot read storage domain vault: ")
    assert "object at" not in str(error)
    assert capfd.readouterr().err == ""


def test_find_takes_only_a_404_for_absent(stub):
    stub.answer = lambda seen: (404, "")
    with stub.session() as engine:
        assert engine.find("storagedomains/1") is None
        stub.answer = lambda seen: (500, "")
        with pytest.raises(EngineError):
            engine.find("storagedomains/1")


def test_a_refused_connection_is_unreachable(stub):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{taken.getsockname()[1]}"
        for login in ({}, {"token": "given"}):
            error = failure(stub.session(url=url, **login))
            assert isinstance(error, NoAnswer)
            assert (error.kind, error.sent) == ("unreachable", False)
            assert "127.0.0.1" in str(error)


def test_an_unknown_ca_is_refused_unless_insecure(stub, stranger):
    for login in ({}, {"token": "given"}):
        error = failure(stub.session(ca_file=stranger, **login))
        assert error.kind == "unreachable"
        assert "auth.ca_file" in error.remedy
    assert stub.seen == []
    with stub.session(ca_file=stranger, insecure=True) as engine:
        engine.get("")


def test_a_ca_file_without_a_certificate_is_invalid(stub, tmp_path):
    (tmp_path / "ca.pem").write_text("nothing")
    error = failure(stub.session(ca_file=str(tmp_path / "ca.pem")))
    assert error.kind == "invalid"


def test_a_silent_engine_is_a_timeout(stub):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        error = failure(stub.session(url=url, insecure=True, token="given", timeout=1))
    assert error.kind == "timeout"


def test_the_version_is_read_once(stub):
    stub.answer = lambda seen: (200, VERSION)
    with stub.session() as engine:
        assert engine.product_version == engine.product_version == (4, 5)
    assert len(stub.of("GET")) == 1


def test_a_query_action_is_allowed_in_check_mode_and_a_change_is_not(stub):
    stub.answer = lambda seen: (200, "<action><is_attached>true</is_attached><status>complete</status></action>")
    with Session(stub.credentials(), read_only=True) as engine:
        assert engine.query_action("storagedomains/1", "isattached", {"host": {"id": "h"}}).is_attached is True
        intent = Intent("remove storage domain vault")
        for change in (
            lambda: engine.add("storagedomains", "storage_domain", {}, intent),
            lambda: engine.update("storagedomains/1", "storage_domain", {}, intent),
            lambda: engine.remove("storagedomains/1", intent),
            lambda: engine.act("storagedomains/1", "updateovfstore", None, intent),
        ):
            with pytest.raises(WriteInCheckMode, match="remove storage domain vault"):
                change()
    assert [seen.path for seen in stub.of("POST")] == ["/ovirt-engine/api/storagedomains/1/isattached"]
    assert not stub.of("PUT") and not stub.of("DELETE")


def test_an_action_that_failed_carries_the_engines_words(stub):
    stub.answer = lambda seen: (
        409,
        "<action><fault><detail>[Not now.]</detail></fault><status>failed</status></action>",
    )
    with stub.session() as engine, pytest.raises(EngineError) as caught:
        engine.act("storagedomains/1", "activate", {}, Intent("activate vault", VAULT))
    error = caught.value
    assert (error.kind, error.reason, str(error)) == ("rejected", "Not now.", "cannot activate vault: Not now.")


def test_changes_travel_each_on_a_fresh_connection_with_its_own_id(stub):
    stub.answer = lambda seen: (201, DOMAIN) if seen.method == "POST" else (200, DOMAIN)
    with stub.session() as engine:
        engine.get("storagedomains/1")
        made = engine.add("storagedomains", "storage_domain", {"name": "vault", "backup": True}, Intent("add vault"))
        engine.update("storagedomains/1", "storage_domain", {"backup": False}, Intent("change vault"))
        engine.remove("storagedomains/1", Intent("remove vault"), host="h1", format=False)
        engine.get("storagedomains/1")
    assert made.id == "1"
    reads, changes = stub.of("GET"), stub.of("POST") + stub.of("PUT") + stub.of("DELETE")
    assert len({seen.connection for seen in reads}) == 1
    assert len({seen.connection for seen in reads + changes}) == 4
    assert len({seen.headers["Correlation-Id"] for seen in changes}) == 3
    assert all(len(seen.headers["Correlation-Id"]) <= 36 for seen in changes)
    assert "".join(changes[0].body.split()) == (
        "<storage_domain><backup>true</backup><name>vault</name></storage_domain>"
    )
    assert changes[2].path == "/ovirt-engine/api/storagedomains/1?format=false&host=h1"


def test_an_expired_token_does_not_cost_a_change(stub):
    stub.answer = lambda seen: (401, "") if "Bearer old" in str(seen.headers) else (200, "<action/>")
    with stub.session(token="old") as engine:
        engine.act("vms/1", "start", {}, Intent("start erp-db"))
    assert [seen.headers["Authorization"][7:] for seen in stub.of("POST")] == ["old", "fresh-token"]
