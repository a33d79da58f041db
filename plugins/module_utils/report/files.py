# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports on disk: written whole or not at all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..engine.errors import EngineError
from ..text_files import write_text
from ..version import VERSION
from .page import page
from .run import Run, as_document, read_phases

_NAMED_GROUPS = 3
_UNSAFE = re.compile(r"[^\w.-]")


def _now() -> datetime:
    return datetime.now(UTC)


def write(
    *,
    phases: Sequence[Mapping[str, Any]],
    began: str | None,
    directory: str | None,
    file_name: str | None,
    check_mode: bool,
    now: Callable[[], datetime] = _now,
    **about: Any,
) -> dict[str, Any]:
    """Return the report of a run, and write it where asked: as <file_name>.json and <file_name>.html.

    began: UTC in ISO 8601, now for None. about: the other fields of Run, as far as they are known; None is left out.
    EngineError invalid names a file that cannot be written; then none is left half written.
    """
    ended = now()
    start = _start(began, ended)
    known = {field.name for field in fields(Run)} - {"foreseen"}
    given = {key: value for key, value in about.items() if value is not None and key in known}
    given["groups"] = tuple(given.get("groups", ()))
    given["started_by"] = {key: str(value) for key, value in given.get("started_by", {}).items() if value}
    run = Run(
        began=start, ended=ended, phases=read_phases(phases, start), version=VERSION, foreseen=check_mode, **given
    )
    document = as_document(run)
    files: dict[Path, str] = {}
    if directory:
        stem = Path(directory) / (file_name or _stem(run))
        files[stem.with_name(f"{stem.name}.json")] = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
        files[stem.with_name(f"{stem.name}.html")] = page(run)
    for path, text in files.items():
        if not check_mode:
            write_text(path, text, "the report")
    return {
        "changed": bool(files),
        "files": [str(path) for path in files],
        "verdict": run.verdict,
        "lines": run.lines,
        "report": document,
    }


def _stem(run: Run) -> str:
    """Return a name that tells runs apart, also those of protection groups side by side."""
    groups = "-".join(run.groups[:_NAMED_GROUPS])
    words = (run.procedure, groups, run.began.strftime("%Y%m%dT%H%M%SZ"))
    return _UNSAFE.sub("_", "-".join(filter(None, words)))


def _start(began: str | None, ended: datetime) -> datetime:
    if began is None:
        return ended
    try:
        start = datetime.fromisoformat(began)
    except ValueError:
        raise EngineError("invalid", f"began is no time in ISO 8601: {began}") from None
    return start.astimezone(UTC) if start.tzinfo else start.replace(tzinfo=UTC)
