# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import subprocess
import sys
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any

import pytest
import yaml
from ansible.module_utils import basic

from ansible_collections.lifeboat.ovirt.plugins.doc_fragments.auth import ModuleDocFragment
from ansible_collections.lifeboat.ovirt.plugins.module_utils import ansible_glue
from ansible_collections.lifeboat.ovirt.plugins.module_utils.ansible_glue import (
    auth_spec,
    credentials,
    partial_spec,
    reported,
    session,
    subset,
)
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine import session as engine_session
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError, Entity
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.session import Intent, WriteInCheckMode

AUTH = {"url": "https://e.example.com", "username": "admin@internal", "password": "s3cret-word"}
VARIABLES = ("URL", "HOSTNAME", "USERNAME", "PASSWORD", "TOKEN", "CAFILE", "INI_PATH")


def given_arguments(monkeypatch: pytest.MonkeyPatch, params: dict[str, Any]) -> AbstractContextManager[None]:
    try:
        from ansible.module_utils.testing import patch_module_args
    except ImportError:
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": params}).encode())
        return nullcontext()
    return patch_module_args(params)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(f"OVIRT_{name}", raising=False)


@pytest.fixture
def ini(tmp_path, monkeypatch):
    file = tmp_path / "ovirt.ini"
    lines = ["[ovirt]", "ovirt_url=https://ini.example.com", "ovirt_username=ini@internal", "ovirt_password=100%s3cret"]
    file.write_text("\n".join([*lines, f"ovirt_ca_file={file}"]))
    monkeypatch.setenv("OVIRT_INI_PATH", str(file))
    return file


@pytest.fixture
def module(monkeypatch):
    """Make an AnsibleModule as a task with these parameters would, on old and new releases of ansible-core."""

    def make(**params: Any) -> basic.AnsibleModule:
        task.enter_context(given_arguments(monkeypatch, params))
        return basic.AnsibleModule({**auth_spec(), **partial_spec(), "text": {"type": "str"}}, supports_check_mode=True)

    with ExitStack() as task:
        yield make


def outcome(capsys):
    return json.loads(capsys.readouterr().out)


def test_spec_and_documentation_agree():
    documented = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]["auth"]["suboptions"]
    spec = auth_spec()["auth"]["options"]
    described = {
        key: {name: option[name] for name in ("type", "default") if name in option}
        for key, option in documented.items()
    }
    assert described == {key: {k: v for k, v in option.items() if k != "no_log"} for key, option in spec.items()}
    assert [key for key, option in spec.items() if option.get("no_log")] == ["password", "token"]
    assert all(option["description"] for option in documented.values())


def test_the_attributes_are_yaml():
    attributes = yaml.safe_load(ModuleDocFragment.ATTRIBUTES)["attributes"]
    assert attributes["action_group"]["membership"] == ["lifeboat.ovirt.all"]
    assert {"check_mode", "diff_mode", "action_group"} == set(attributes)


def test_every_key_is_looked_up_on_its_own(ini, monkeypatch):
    monkeypatch.setenv("OVIRT_USERNAME", "env@internal")
    found = credentials({"auth": {"url": "https://task.example.com"}})
    assert (found.api, found.username, found.password, found.ca_file) == (
        "https://task.example.com/ovirt-engine/api",
        "env@internal",
        "100%s3cret",
        str(ini),
    )


def test_an_empty_string_is_not_given(ini):
    assert credentials({"auth": {"url": "", "username": "", "ca_file": ""}}).username == "ini@internal"


def test_without_any_option_the_environment_will_do(monkeypatch):
    monkeypatch.setenv("OVIRT_HOSTNAME", "env.example.com")
    monkeypatch.setenv("OVIRT_TOKEN", "t0ken-text")
    found = credentials({"auth": None})
    assert (found.api, found.token) == ("https://env.example.com/ovirt-engine/api", "t0ken-text")


def test_a_stronger_hostname_wins_over_a_weaker_url(monkeypatch):
    monkeypatch.setenv("OVIRT_URL", "https://env.example.com")
    assert credentials({"auth": {**AUTH, "url": None, "hostname": "task.example.com"}}).host == "task.example.com"
    assert credentials({"auth": {**AUTH, "hostname": "task.example.com"}}).host == "e.example.com"


def test_a_token_in_the_environment_does_not_replace_the_tasks_user(monkeypatch):
    monkeypatch.setenv("OVIRT_TOKEN", "t0ken-text")
    assert credentials({"auth": AUTH}).token is None
    assert credentials({"auth": {"url": AUTH["url"], "kerberos": True}}).token is None
    assert credentials({"auth": {**AUTH, "token": "given"}}).token == "given"


def test_the_fact_of_a_login_is_taken_as_it_is():
    fact = {"url": AUTH["url"], "token": "t", "ca_file": None, "insecure": True, "timeout": 0, "compress": True}
    found = credentials({"auth": {**fact, "kerberos": False, "headers": None}})
    assert (found.token, found.insecure, found.kerberos, found.compress, found.headers) == ("t", True, False, True, {})


def test_an_unreadable_ini_file_is_named_without_its_contents(tmp_path, monkeypatch):
    file = tmp_path / "ovirt.ini"
    monkeypatch.setenv("OVIRT_INI_PATH", str(file))
    with pytest.raises(EngineError, match="OVIRT_INI_PATH names the file .*ovirt.ini, which cannot be read: No such"):
        credentials({"auth": AUTH})
    file.write_text("[ovirt]\ns3cret-word\n")
    with pytest.raises(EngineError) as caught:
        credentials({"auth": AUTH})
    assert caught.value.kind == "invalid"
    assert "s3cret-word" not in str(caught.value)


def test_check_mode_reaches_the_session():
    with session({"auth": AUTH}, check_mode=True) as engine, pytest.raises(WriteInCheckMode):
        engine.remove("vms/1", Intent("remove it"))


def test_a_failure_reports_its_kind_and_more(module, capsys):
    error = EngineError(
        "partial",
        "cannot start 1 of 2",
        remedy="add memory",
        entity=Entity("VM", "1", "web"),
        details={"changed": True, "counts": {"failed": 1}},
    )
    task = module(auth=AUTH)
    with pytest.raises(SystemExit), reported(task):
        raise error
    result = outcome(capsys)
    assert {key: result[key] for key in ("failed", "msg", "error_kind", "remedy", "entity", "changed", "counts")} == {
        "failed": True,
        "msg": "cannot start 1 of 2",
        "error_kind": "partial",
        "remedy": "add memory",
        "entity": {"kind": "VM", "id": "1", "name": "web"},
        "changed": True,
        "counts": {"failed": 1},
    }


@pytest.mark.parametrize(("kind", "fails"), [("partial", False), ("rejected", True)])
def test_only_a_partial_failure_is_no_failure_where_it_shall_be_reported(module, capsys, kind, fails):
    task = module(auth=AUTH, on_partial="report")
    with pytest.raises(SystemExit) as left, reported(task):
        raise EngineError(kind, "cannot start 1 of 2", details={"changed": True, "counts": {"failed": 1}})
    result = outcome(capsys)
    assert (bool(left.value.code), result.get("failed", False)) == (fails, fails)
    assert {key: result[key] for key in ("msg", "error_kind", "remedy", "entity", "changed", "counts")} == {
        "msg": "cannot start 1 of 2",
        "error_kind": kind,
        "remedy": None,
        "entity": None,
        "changed": True,
        "counts": {"failed": 1},
    }


def test_a_failure_has_the_same_keys_where_nothing_is_known(module, capsys):
    task = module(auth={})
    with pytest.raises(SystemExit), reported(task), session(task.params):
        pass
    result = outcome(capsys)
    assert (result["error_kind"], result["entity"]) == ("invalid", None)
    assert 0 <= result["elapsed"] < 60
    assert "OVIRT_URL" in result["remedy"]


def test_a_bug_looks_like_one(module):
    with pytest.raises(KeyError), reported(module(auth=AUTH)):
        raise KeyError("name")


def test_no_secret_leaves_the_module(module, capsys, ini, monkeypatch):
    monkeypatch.setenv("OVIRT_TOKEN", "t0ken-text")
    headers = {"Authorization": "Basic c00kie", "X-Site": "east"}
    secrets = ["s3cret-word", "100%s3cret", "t0ken-text", "Basic c00kie"]
    task = module(auth={**AUTH, "headers": headers}, text="; ".join(secrets))
    with reported(task):
        pass
    with pytest.raises(SystemExit):
        task.exit_json(site="east", text=task.params["text"])
    shown = capsys.readouterr().out
    assert '"east"' in shown
    for secret in secrets:
        assert secret not in shown


def test_a_missing_library_is_named(module, capsys, monkeypatch):
    monkeypatch.setattr(engine_session, "IMPORT_TRACE", "Traceback: No module named 'ovirtsdk4'")
    task = module(auth=AUTH)
    with pytest.raises(SystemExit), reported(task), session(task.params):
        pass
    result = outcome(capsys)
    assert "ovirtsdk4" in result["msg"]
    assert result["error_kind"] == "invalid"


def test_subset_takes_the_named_parameters():
    assert subset({"a": 1, "b": 2, "c": 3}, "a", "c") == {"a": 1, "c": 3}
    assert ansible_glue.auth_spec() is not ansible_glue.auth_spec()


@pytest.mark.parametrize("name", ["recovery_plan_info", "run_report"])
def test_a_module_without_an_engine_does_not_wait_for_the_sdk(name):
    code = f"""if True:
        import sys
        sys.path[:] = {sys.path!r}
        import ansible_collections.lifeboat.ovirt.plugins.modules.{name}
        print(sorted({{"ovirtsdk4", "pycurl"}} & set(sys.modules)))
    """
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"
