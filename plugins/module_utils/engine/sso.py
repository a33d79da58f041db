# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in and out: the engine's single sign-on, which is not part of the API. Source: workloads contract 1.1, 1.2.

The SDK's own login waits for ever for an engine that accepts a connection and then falls silent, and stumbles over
answers that are not JSON; both happen while an engine starts or dies.
"""

from __future__ import annotations

import io
import json
from typing import Any
from urllib.parse import urlencode

from .credentials import Credentials
from .errors import URL_REMEDY, EngineError, NoAnswer
from .sdk import pycurl
from .translation import translated

_SCOPE = "ovirt-app-api"
_CONNECT_LIMIT = 30
_ANSWER_LIMIT = 60


def log_in(credentials: Credentials) -> str:
    """Return a new token. EngineError "auth" is a refused login, "unreachable" and "timeout" are no answer."""
    if credentials.kerberos:
        service, form = "token-http-auth", {"grant_type": "urn:ovirt:params:oauth:grant-type:http", "scope": _SCOPE}
    else:
        user = {"username": credentials.username or "", "password": credentials.password or ""}
        service, form = "token", {"grant_type": "password", "scope": _SCOPE, **user}
    answer = _post(credentials, f"/ovirt-engine/sso/oauth/{service}", form, "log in")
    token = answer.get("access_token")
    if not isinstance(token, str) or not token or not token.isascii():
        message = f"cannot log in: the engine at {credentials.host} sent no token"
        raise EngineError("server_error", message, remedy=URL_REMEDY)
    return token


def log_out(credentials: Credentials, token: str) -> None:
    """Revoke the token; a token that the engine no longer knows is no error."""
    _post(credentials, "/ovirt-engine/services/sso-logout", {"scope": _SCOPE, "token": token}, "log out")


def _post(credentials: Credentials, path: str, form: dict[str, str], doing: str) -> dict[str, Any]:
    body = io.BytesIO()
    curl = pycurl.Curl()
    try:
        with translated(doing, engine=f"the engine at {credentials.host}"):
            _prepare(curl, credentials)
            curl.setopt(pycurl.URL, credentials.site + path)
            curl.setopt(pycurl.POSTFIELDS, urlencode(form))
            curl.setopt(pycurl.WRITEFUNCTION, body.write)
            curl.perform()
            status = curl.getinfo(pycurl.RESPONSE_CODE)
    finally:
        curl.close()
    return _judged(status, body.getvalue(), credentials, doing)


def _prepare(curl: Any, credentials: Credentials) -> None:
    curl.setopt(pycurl.NOSIGNAL, 1)
    curl.setopt(pycurl.CONNECTTIMEOUT, _CONNECT_LIMIT)
    curl.setopt(pycurl.TIMEOUT, credentials.timeout or _ANSWER_LIMIT)
    curl.setopt(pycurl.SSL_VERIFYPEER, 0 if credentials.insecure else 1)
    curl.setopt(pycurl.SSL_VERIFYHOST, 0 if credentials.insecure else 2)
    if credentials.ca_file and not credentials.insecure:
        curl.setopt(pycurl.CAINFO, credentials.ca_file)
    # The engine compares this header as a whole, so nothing may be added to it.
    curl.setopt(pycurl.HTTPHEADER, ["Accept: application/json"])
    if credentials.kerberos:
        curl.setopt(pycurl.HTTPAUTH, pycurl.HTTPAUTH_GSSNEGOTIATE)
        curl.setopt(pycurl.USERPWD, ":")


def _judged(status: int, body: bytes, credentials: Credentials, doing: str) -> dict[str, Any]:
    where = f"the engine at {credentials.host}"
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    # Some engines wrap the object in a list, behind the name of a Java class.
    if isinstance(answer, list):
        answer = next((item for item in answer if isinstance(item, dict)), None)
    if isinstance(answer, dict) and "error" in answer:
        reason = str(answer.get("error_description") or answer["error"])
        remedy = "check auth.username, which has the form user@profile, and auth.password"
        message = f"cannot {doing}: {where} refuses the login: {reason}"
        raise EngineError("auth", message, remedy=remedy, reason=reason, code=status)
    if isinstance(answer, dict) and status == 200:
        return answer
    if status == 401:
        message = f"cannot {doing}: {where} refuses the login"
        raise EngineError("auth", message, remedy="check the Kerberos ticket", code=status)
    if status in (404, 502, 503, 504):
        message = f"cannot {doing}: {where} offers no login at the moment (HTTP status {status})"
        raise NoAnswer("unreachable", message, sent=False, remedy=URL_REMEDY)
    message = f"cannot {doing}: {where} sent an unreadable answer (HTTP status {status})"
    raise EngineError("server_error", message, remedy=URL_REMEDY)
