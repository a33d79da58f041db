# SPDX-License-Identifier: GPL-3.0-or-later
"""The mapping that a task is given: as data, or as the text of a mapping file or of the official role's variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .document import Node, parse
from .engine.errors import EngineError
from .mapping import SiteMapping, read_mapping
from .official_vars import OfficialVars, convert, is_official


def given_mapping(data: Mapping[str, Any] | None, text: str | None, target: str | None) -> OfficialVars:
    """Return what was given, nothing for nothing; EngineError invalid names the place of an error.

    target: which site of the official role's variables this is, None for the one that they say.
    """
    if data is not None and text is not None:
        raise EngineError("invalid", "mapping and mapping_yaml are both given", remedy="keep one of them")
    if data is None and text is None:
        return OfficialVars(SiteMapping())
    node = Node(dict(data), "", "mapping") if data is not None else parse(text or "", "mapping_yaml")
    return convert(node, target) if is_official(node) else OfficialVars(read_mapping(node))
