# SPDX-License-Identifier: GPL-3.0-or-later
"""Collections that the simulator has nothing for."""

from __future__ import annotations

from collections.abc import Callable

from ..call import Call
from ..wire import Answer
from .vms import of_kind


def collection(root: str) -> Callable[[Call], Answer]:
    """Return what answers for an empty collection with this root tag; a VM or template in its path has to exist."""

    def answer(call: Call) -> Answer:
        for kind in ("vm", "template"):
            if kind in call.ids:
                of_kind(call.context, call.ids[kind], kind)
        return Answer([], root=root)

    return answer
