# SPDX-License-Identifier: GPL-3.0-or-later
"""From a method and a path to a route."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from .errors import ContainerError, Gone, not_a_uuid

if TYPE_CHECKING:
    from .call import Call
    from .wire import Answer

# How the engine answers: who writes the body of a refusal, and what `async` does.
Style = Literal["read", "query", "create", "update", "perform", "action"]

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True)
class Route:
    """What answers a method on a path; `{name}` in the path is a UUID, `{name:text}` any text."""

    method: str
    path: str
    style: Style
    handler: Callable[[Call], Answer]
    since: str = "4.3"  # the first release of the engine that has it


class Router:
    """Finds routes; a fixed path wins over one with a placeholder."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._tree: dict[str | None, Any] = {}
        for route in routes:
            node = self._tree
            for part in route.path.strip("/").split("/"):
                node = node.setdefault("{}" if part.startswith("{") else part, {})
            node.setdefault(None, {})[route.method] = route

    def find(self, method: str, segments: Sequence[str]) -> tuple[Route, dict[str, str]]:
        """Return the route and the values of its placeholders; raise Gone where nothing answers."""
        methods = self._walk(self._tree, tuple(segments) or ("",))
        if methods is None:
            raise Gone
        route = methods.get("GET" if method == "HEAD" else method)
        if route is None:
            raise ContainerError(405)
        return route, _values(route, segments)

    def _walk(self, node: dict[Any, Any], segments: tuple[str, ...]) -> dict[str, Route] | None:
        if not segments:
            found: dict[str, Route] | None = node.get(None)
            return found
        for key in (segments[0], "{}"):
            if key in node and (found := self._walk(node[key], segments[1:])) is not None:
                return found
        return None


def is_uuid(text: str) -> bool:
    """Tell whether a text is an identifier in the usual form."""
    return _UUID.fullmatch(text) is not None


def _values(route: Route, segments: Sequence[str]) -> dict[str, str]:
    """Return the placeholders' values; a malformed UUID is Gone where it names the addressed resource itself."""
    parts = route.path.strip("/").split("/")
    named = {part: segment for part, segment in zip(parts, segments, strict=False) if part.startswith("{")}
    malformed = [part for part, value in named.items() if not part.endswith(":text}") and not is_uuid(value)]
    addressed = parts[-2:-1] if route.method == "POST" and route.style != "create" else parts[-1:]
    for part in malformed:
        if part in addressed:
            raise Gone
        raise not_a_uuid(named[part])
    return {
        part[1:-1].partition(":")[0]: value if part.endswith(":text}") else value.lower()
        for part, value in named.items()
    }
