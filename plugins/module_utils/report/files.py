# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports on disk: written whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkstemp
from typing import Any

from ..engine.errors import EngineError
from ..version import VERSION
from .page import page
from .run import Run, as_document, read_phases

_MODE = 0o644


def _now() -> datetime:
    return datetime.now(UTC)


def write(
    *,
    phases: Sequence[Mapping[str, Any]],
    began: str | None,
    json_path: str | None,
    html_path: str | None,
    check_mode: bool,
    now: Callable[[], datetime] = _now,
    **about: Any,
) -> dict[str, Any]:
    """Return the report of a run, and write it where asked.

    began: UTC in ISO 8601, now for None. about: the other fields of Run, as far as they are known; None is left out.
    EngineError invalid names a file that cannot be written; then none is left half written.
    """
    ended = now()
    start = _start(began, ended)
    known = {field.name for field in fields(Run)}
    given = {key: value for key, value in about.items() if value is not None and key in known}
    given["groups"] = tuple(given.get("groups", ()))
    given["started_by"] = {key: str(value) for key, value in given.get("started_by", {}).items() if value}
    run = Run(began=start, ended=ended, phases=read_phases(phases, start), version=VERSION, **given)
    document = as_document(run)
    wanted = {
        json_path: lambda: json.dumps(document, indent=1, ensure_ascii=False) + "\n",
        html_path: lambda: page(run),
    }
    files = [path for path in wanted if path]
    for path in files:
        if not check_mode:
            _write(Path(path), wanted[path]())
    return {
        "changed": bool(files),
        "files": files,
        "verdict": run.verdict,
        "lines": run.lines,
        "report": document,
    }


def _start(began: str | None, ended: datetime) -> datetime:
    if began is None:
        return ended
    try:
        start = datetime.fromisoformat(began)
    except ValueError:
        raise EngineError("invalid", f"began is no time in ISO 8601: {began}") from None
    return start.astimezone(UTC) if start.tzinfo else start.replace(tzinfo=UTC)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
                file.write(text)
            os.chmod(temporary, _MODE)
            os.replace(temporary, path)
        except OSError:
            with suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as exc:
        raise EngineError("invalid", f"cannot write the report to {path}: {exc.strerror}") from None
