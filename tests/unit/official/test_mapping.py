# SPDX-License-Identifier: GPL-3.0-or-later
"""What is filled into the file that the official role generates."""

from __future__ import annotations

from mapping import filled_in

GENERATED = """\
dr_sites_primary_url: https://here/api
dr_sites_secondary_url: # https://here/api
- dr_domain_type: nfs
  dr_primary_dc_name: east
  dr_secondary_name: # base
  dr_secondary_dc_name: # east
# secondary_network_dc: # east
  secondary_name: # east-cl1
"""


def test_the_secondary_side_is_filled_in_and_nothing_else_changes() -> None:
    site = {"url": "https://there/api", "username": "admin", "ca_file": "ca.pem"}
    assert filled_in(GENERATED, site).splitlines() == [
        "dr_sites_primary_url: https://here/api",
        "dr_sites_secondary_url: https://there/api",
        "- dr_domain_type: nfs",
        "  dr_primary_dc_name: east",
        "  dr_secondary_name: base",
        "  dr_secondary_dc_name: west",
        "# secondary_network_dc: # east",
        "  secondary_name: west-cl1",
    ]
