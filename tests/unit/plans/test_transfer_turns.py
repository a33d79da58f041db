# SPDX-License-Identifier: GPL-3.0-or-later
"""How many disks go to a target at a time, and how targets go side by side."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.credentials import Credentials
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.session import Session
from ansible_collections.lifeboat.ovirt.plugins.module_utils.model.site import Domain
from ansible_collections.lifeboat.ovirt.plugins.module_utils.transfer.work import Workshop, on_each_target, workshop
from site_builder import OTHER, VAULT


@dataclass(frozen=True)
class Piece:
    target: Domain
    disks: int


def open_workshop(concurrency: int):
    """Return a workshop whose engine is never asked for anything."""
    engine = Session(Credentials(url="https://127.0.0.1:1/ovirt-engine/api", token="none"))
    return workshop(engine, timeout=1, poll_interval=1, concurrency=concurrency)


PIECES = st.lists(st.builds(Piece, st.sampled_from([VAULT, OTHER]), st.integers(0, 5)), max_size=12)


@given(PIECES, st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_no_target_ever_takes_more_disks_at_a_time_than_allowed(pieces, concurrency):
    under_way: Counter[str] = Counter()
    turn = threading.Lock()
    seen = []

    def call(piece: Piece) -> int:
        with turn:
            under_way[piece.target.id] += min(max(1, piece.disks), concurrency)
            seen.append(under_way[piece.target.id])
        with turn:
            under_way[piece.target.id] -= min(max(1, piece.disks), concurrency)
        if piece.disks == 5:
            raise EngineError("rejected", "five are too many")
        return piece.disks

    with open_workshop(concurrency) as shop:
        outcomes = on_each_target(shop, pieces, call, lambda piece: piece.disks)
    assert [5 if isinstance(one, EngineError) else one for one in outcomes] == [piece.disks for piece in pieces]
    assert all(number <= concurrency for number in seen)


def test_targets_and_the_disks_allowed_on_each_go_side_by_side():
    together = threading.Barrier(4, timeout=30)

    def call(_piece: Piece) -> int:
        return together.wait()

    with open_workshop(2) as shop:
        assert isinstance(shop, Workshop)
        outcomes = on_each_target(shop, [Piece(one, 1) for one in (VAULT, VAULT, OTHER, OTHER)], call, lambda _one: 1)
    assert sorted(outcomes) == [0, 1, 2, 3]
