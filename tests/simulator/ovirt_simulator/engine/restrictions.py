# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine refuses because a storage domain is a backup domain, one switch a restriction.

The defaults are the real engine's. Of those restrictions that it does not make the switch invents one, so that tests
can show that they would notice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import schema
from .command import Refusal

if TYPE_CHECKING:
    from .runtime import Context

ON_BACKUP_STORAGE = "ACTION_TYPE_FAILED_VM_DISKS_ON_BACKUP_STORAGE"


@dataclass(frozen=True)
class Restrictions:
    """One engine's switches, in the order of the contract's table (storage, 6.2)."""

    enforce_a: bool = True  # mark a domain that VMs run from
    enforce_b: bool = True  # run a VM with a disk on one
    enforce_c: bool = False  # preview, commit or undo a snapshot of a VM on one
    enforce_d: bool = True  # move a running VM's disk to one
    enforce_e1: bool = True  # elect one as master
    enforce_e2: bool = True  # make one the master by hand
    enforce_e3: bool = False  # mark the master
    enforce_e4: bool = False  # begin a data center with one
    enforce_f: bool = False  # mark the hosted engine's domain
    enforce_g: bool = False  # put a VM's memory on one
    enforce_h: bool = False  # have shareable disks on one
    enforce_i: bool = False  # make and grow VM pools on one
    enforce_j: bool = True  # attach a disk there to a VM, plug or unplug it while the VM runs
    enforce_j_down: bool = False  # plug or unplug it while the VM is down; detach it
    enforce_k: bool = False  # run a VM whose template has a copy on one
    enforce_l: bool = True  # run a VM whose lease is on one; mark a domain with the lease of such a VM
    enforce_l_placement: bool = False  # put a lease on one
    enforce_m: bool = False  # put new or registered entities on one
    enforce_n: bool = True  # add or import an iso or export domain as one
    enforce_n_update: bool = False  # mark an iso or export domain
    enforce_o: bool = False  # live snapshots, merges, growing disks, image transfers, VM backups on one
    enforce_p: bool = False  # attach, activate, deactivate, detach, remove one
    enforce_q: bool = False  # take the mark off


REAL = Restrictions()


def forbid(context: Context, switch: bool, *domain_ids: str | None) -> None:
    """Refuse, if a switch is on, what is about domains of which one is a backup domain."""
    if switch and any_backup(context, domain_ids):
        raise Refusal(ON_BACKUP_STORAGE)


def any_backup(context: Context, domain_ids: Iterable[str | None]) -> bool:
    """Tell whether one of these domains is a backup domain."""
    chosen = {id_ for id_ in domain_ids if id_ is not None}
    found = (context.db.get(schema.StorageDomainStatic, id_) for id_ in chosen)
    return any(domain.backup for domain in found if domain is not None)
