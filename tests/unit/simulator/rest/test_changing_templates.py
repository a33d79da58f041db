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


def test_a_version_has_the_next_number_and_its_bases_name(api: SystemService) -> None:
    base, vm = types.Template(id=east("template", "base")), types.Vm(id=east("vm", "db"))
    templates = api.templates_service()

    def add(version_name: str, of: types.Template) -> types.Template:
        version = types.TemplateVersion(base_template=of, version_name=version_name)
        return templates.add(types.Template(name="base", vm=vm, version=version))

    first, second = add("hardened", base), add("", types.Template(name="base"))
    shown = [(one.version.version_number, one.version.version_name) for one in (first, second)]
    assert shown == [(2, "hardened"), (3, "")]
    assert first.version.base_template.id == base.id
    shown_base = templates.template_service(base.id).get().version
    assert (shown_base.version_number, shown_base.base_template) == (1, None)
    for of in (types.Template(id=first.id), types.Template(id=BLANK)):
        with pytest.raises(ovirtsdk4.Error) as caught:
            add("x", of)
        assert caught.value.code == 400
    with pytest.raises(ovirtsdk4.Error) as kept:
        templates.template_service(base.id).remove()
    assert kept.value.code == 409
