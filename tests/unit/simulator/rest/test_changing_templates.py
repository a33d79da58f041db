# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates: changed in place."""

from __future__ import annotations

import ovirtsdk4
import pytest
from ovirtsdk4 import types
from ovirtsdk4.services import SystemService

from wire_client import east

BLANK = "00000000-0000-0000-0000-000000000000"


def test_a_template_takes_a_new_name_and_description(api: SystemService) -> None:
    template = api.templates_service().template_service(east("template", "base"))
    changed = template.update(types.Template(name="ground", description="what others stand on", memory=3 << 30))
    assert (changed.name, changed.description, changed.memory) == ("ground", "what others stand on", 3 << 30)
    assert [one.name for one in api.templates_service().list(search="name=ground")] == ["ground"]


@pytest.mark.parametrize(
    ("identifier", "name", "code"), [(east("template", "base"), "golden", 409), (BLANK, "white", 400)]
)
def test_a_name_that_is_taken_and_the_blank_template_are_refused(
    api: SystemService, identifier: str, name: str, code: int
) -> None:
    with pytest.raises(ovirtsdk4.Error) as caught:
        api.templates_service().template_service(identifier).update(types.Template(name=name))
    assert caught.value.code == code


def test_a_data_center_is_found_by_its_cluster(api: SystemService) -> None:
    found = api.data_centers_service().list(search="Clusters.name=east-cl1")
    assert [center.name for center in found] == ["east"]
