# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way in which storage says no."""

from __future__ import annotations


class StorageFailure(Exception):
    """A host could not do what it was told on storage; `name` is the host agent's word for it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name
