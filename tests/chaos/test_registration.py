# SPDX-License-Identifier: GPL-3.0-or-later
"""A registration with templates, repairs of NICs, direct LUNs and floating disks, disturbed at every request."""

from __future__ import annotations

from disturbance import World

from arrived_world import DOMAINS, MAPPING, arrive


def test_registering_everything_that_arrived(withstands, clock, play):
    def register(auth):
        options = {"storage_domains": list(DOMAINS), "mapping": MAPPING, "unmapped_networks": "unplug"}
        return play("entity_registration", auth=auth["secondary"], **options)

    withstands(register, World(arrive(), clock))
