# SPDX-License-Identifier: GPL-3.0-or-later
"""Text files on disk: read with a clear error, written whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

from .engine.errors import EngineError

_LARGEST = 16 * 2**20
_MODE = 0o644


def read_text(path: str, what: str) -> str:
    """Return the text of a file that somebody wrote; EngineError invalid says what is wrong with the file."""
    file = Path(path)
    try:
        if file.stat().st_size > _LARGEST:
            raise EngineError("invalid", f"{what} {path} is larger than {_LARGEST >> 20} MiB")
        return file.read_text(encoding="utf-8")
    except OSError as exc:
        raise EngineError("invalid", f"cannot read {what} {path}: {exc.strerror}") from None
    except UnicodeDecodeError:
        raise EngineError("invalid", f"{what} {path} is not encoded in UTF-8") from None


def write_text(path: Path, text: str, what: str) -> None:
    """Write a file, in a folder that is made if it is missing; EngineError invalid where that cannot be done."""
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
        raise EngineError("invalid", f"cannot write {what} {path}: {exc.strerror}") from None
