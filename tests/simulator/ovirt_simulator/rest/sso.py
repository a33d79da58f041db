# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in and out, and who sent a request."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from sqlalchemy import delete

from ..engine import people
from ..engine.runtime import Engine
from ..engine.schema import Token
from .wire import Request, Response

ADMINISTRATOR = people.ADMINISTRATOR
PASSWORD = "simulated"  # guards nothing: an engine that holds nothing real, on the loopback
SCOPE = "ovirt-app-api"
TOKEN_PATH = "/ovirt-engine/sso/oauth/token"
LOGOUT_PATH = "/ovirt-engine/services/sso-logout"
NEVER = str(2**63 - 1)

_REALM = {"WWW-Authenticate": 'Basic realm="RESTAPI"', "Content-Type": "text/html; charset=UTF-8"}
_UNAUTHORIZED = b"<html><head><title>Error</title></head><body>Unauthorized</body></html>"


class Accounts:
    """Users, their passwords and their live tokens; tokens outlive a restart."""

    def __init__(self, engine: Engine, passwords: Mapping[str, str]) -> None:
        self._engine = engine
        self._passwords = dict(passwords)
        self._known: dict[str, str] = {}
        with engine.transaction(now=engine.clock()) as context:
            people.know(context, self._passwords)

    def log_in(self, username: str, password: str) -> str | None:
        """Return a new token, None for wrong credentials."""
        if not self._matches(username, password):
            return None
        token = secrets.token_urlsafe(48)
        with self._engine.transaction() as context:
            context.db.add(Token(token=token, user=username))
        self._known[token] = username
        return token

    def log_out(self, token: str) -> None:
        """Forget a token; an unknown one is no error."""
        self._known.pop(token, None)
        with self._engine.transaction() as context:
            context.db.execute(delete(Token).where(Token.token == token))

    def user_of(self, request: Request) -> str | None:
        """Return who sent a request, None for nobody."""
        scheme, _unused, value = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._owner(value.strip())
        if scheme.lower() == "basic":
            return self._basic(value.strip())
        return None

    def _owner(self, token: str) -> str | None:
        if token not in self._known:
            with self._engine.transaction() as context:
                row = context.db.get(Token, token)
            if row is None:
                return None
            self._known[token] = row.user
        return self._known[token]

    def _basic(self, value: str) -> str | None:
        try:
            username, _unused, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return username if self._matches(username, password) else None

    def _matches(self, username: str, password: str) -> bool:
        expected = self._passwords.get(username)
        return expected is not None and secrets.compare_digest(expected.encode(), password.encode())


def unauthorized() -> Response:
    """Return the answer to a request that nobody sent."""
    return Response(401, _REALM, _UNAUTHORIZED)


def answer_token(accounts: Accounts, request: Request) -> Response:
    """Answer a login."""
    form = _form(request)
    if request.headers.get("accept") != "application/json":
        return _error(form, "invalid_request", "The client does not accept application/json")
    if form.get("grant_type") != "password":
        return _error(form, "unsupported_grant_type", f"The grant type {form.get('grant_type')} is not supported")
    username = form.get("username", "")
    if "@" not in username:
        return _error(form, "access_denied", "The user name lacks the profile to log in to")
    token = accounts.log_in(username, form.get("password", ""))
    if token is None:
        return _error(form, "access_denied", "The user name or password is wrong, or the account is locked")
    return _json(200, {"access_token": token, "scope": SCOPE, "exp": NEVER, "token_type": "bearer"})


def answer_logout(accounts: Accounts, request: Request) -> Response:
    """Answer a logout, which never fails."""
    accounts.log_out(_form(request).get("token", ""))
    return _json(200, {})


def _form(request: Request) -> dict[str, str]:
    fields = parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items()}


def _error(form: Mapping[str, str], code: str, text: str) -> Response:
    if form.get("scope") == SCOPE:
        return _json(400, {"error_code": code, "error": text})
    return _json(400, {"error": code, "error_description": text})


def _json(status: int, data: dict[str, Any]) -> Response:
    return Response(status, {"Content-Type": "application/json; charset=UTF-8"}, json.dumps(data).encode())
