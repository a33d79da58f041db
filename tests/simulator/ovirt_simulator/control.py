# SPDX-License-Identifier: GPL-3.0-or-later
"""The control endpoint, `/control/...`: JSON, for test drivers in other processes. It asks for no login."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from .administration import ArrayAdministrator, SiteAdministrator
from .mishaps import Entry, Mishaps
from .rest.server import CONTROL_PATH
from .rest.wire import Request, Response

Operation = Callable[[dict[str, Any]], Any]


class Control:
    """One site's control endpoint."""

    def __init__(
        self,
        requests: list[Entry],
        mishaps: Mishaps,
        site: SiteAdministrator,
        arrays: ArrayAdministrator,
        restart: Callable[[], None],
    ) -> None:
        self._requests = requests
        self._mishaps = mishaps
        self._hosts = {"fenced": site.fence, "lost": site.lose, "up": site.recover}
        self._operations: dict[str, Operation] = {
            "GET requests": lambda _unused: self._log(),
            "DELETE requests": lambda _unused: requests.clear(),
            "GET mishaps": lambda _unused: mishaps.describe(),
            "POST mishaps": lambda data: asdict(mishaps.add(**data)),
            "DELETE mishaps": lambda _unused: mishaps.clear(),
            "POST hosts": lambda data: self._hosts[data["state"]](data.get("names")),
            "POST guest": lambda data: site.set_guest(**data),
            "POST replicate": lambda data: arrays.replicate(**data),
            "POST reverse": lambda data: arrays.reverse(**data),
            "POST lag": lambda data: arrays.set_lag(**data),
            "POST snapshot": lambda data: arrays.snapshot(**data),
            "POST restore": lambda data: arrays.restore(**data),
            "POST resize": lambda data: arrays.resize(**data),
            "POST path": lambda data: site.set_path(**data),
            "POST storage": lambda data: site.set_storage(**data),
            "POST monitor": lambda _unused: site.monitor(),
            "POST portal": lambda data: arrays.set_portal(**data),
            "POST export": lambda data: arrays.set_export(**data),
            "POST read_only": lambda data: arrays.set_read_only(**data),
            "POST restart": lambda _unused: restart(),
        }

    def respond(self, request: Request) -> Response:
        """Answer a request: the operation's result, 404 for an unknown one, 400 for data that it cannot use."""
        operation = self._operations.get(f"{request.method} {request.path.removeprefix(CONTROL_PATH)}")
        if operation is None:
            return _json(404, {"error": f"no such operation; there are: {', '.join(sorted(self._operations))}"})
        try:
            result = operation(json.loads(request.body or b"{}"))
        except (KeyError, TypeError, ValueError) as exc:
            return _json(400, {"error": f"{type(exc).__name__}: {exc}"})
        return _json(200, result)

    def _log(self) -> dict[str, Any]:
        entries = list(self._requests)
        return {"requests": [asdict(entry) for entry in entries], "writes": sum(entry.writes for entry in entries)}


def _json(status: int, data: Any) -> Response:
    return Response(status, {"Content-Type": "application/json"}, json.dumps(data).encode())
