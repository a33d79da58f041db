# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scenario's VMs and templates on export domains leave there: images and configurations, and nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from sqlalchemy import delete, select

from . import scenario as spec
from .engine import entities, schema
from .engine.ovf_documents import document_of
from .engine.runtime import Context
from .history import History
from .machines import Machines
from .ovf.writer import write
from .scenario import identifier
from .storage.contents import Contents


class Exports:
    """Lets the machines live in the engine for as long as it takes to describe them."""

    def __init__(self, context: Context, site: spec.Site, contents: Mapping[str, Contents]) -> None:
        self._context = context
        self._site = dataclasses.replace(site, templates=site.exported_templates, vms=site.exported_vms, pools=[])
        self._taken = len(site.vms)  # places in the order of addresses, which the site's own VMs have
        self._contents = contents

    def write(self) -> None:
        """Have everything on the export domains; the engine knows nothing of it afterwards."""
        exported = [("template", one) for one in self._site.templates] + [("vm", one) for one in self._site.vms]
        if not exported:
            return
        machines = Machines(self._context, self._site, self._contents)
        for index, (kind, machine) in enumerate(exported, self._taken):
            machines.add(machine, kind, index)
        machines.write()
        History(self._context, self._site).write()
        for kind, machine in exported:
            self._describe(kind, machine)
        self._forget([identifier(self._site.name, kind, machine.name) for kind, machine in exported])

    def _describe(self, kind: str, machine: spec.Machine) -> None:
        row = self._context.db.get_one(schema.VmStatic, identifier(self._site.name, kind, machine.name))
        text = write(document_of(self._context, row))
        for name in {disk.domain for disk in machine.disks}:
            self._contents[name].write_document(row.id, text)

    def _forget(self, ids: list[str]) -> None:
        """Delete the machines with their disks, those that hold memory included, but not what lies on storage."""
        db = self._context.db
        entities.delete_disks(self._context, db.scalars(select(schema.BaseDisk.id)).all())
        db.execute(delete(schema.VmStatic).where(schema.VmStatic.id.in_(ids)))
        db.flush()
        db.expire_all()
