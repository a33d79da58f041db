# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of a storage domain's properties, shared by adding and updating."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ..storage.fabric import BLOCK_TYPES
from . import schema
from .command import Refusal

if TYPE_CHECKING:
    from .runtime import Context

NAME_LIMIT = 50
_DESCRIPTION_LIMIT = 4000


def check_values(values: Mapping[str, Any]) -> None:
    """Refuse values out of their range; keys that are absent or None are not looked at."""
    name, description = values.get("name"), values.get("description")
    if name is not None and not re.fullmatch(r"[0-9a-zA-Z_-]+", name):
        raise Refusal("VALIDATION_STORAGE_DOMAIN_NAME_INVALID")
    if description is not None and len(description) > _DESCRIPTION_LIMIT:
        raise Refusal("VALIDATION_STORAGE_DOMAIN_DESCRIPTION_MAX")
    if description is not None and any(not (char.isprintable() or char in "\r\n\t") for char in description):
        raise Refusal("VALIDATION_STORAGE_DOMAIN_DESCRIPTION_INVALID")
    warning, critical = values.get("warning_low_space_indicator"), values.get("critical_space_action_blocker")
    if warning is not None and not 0 <= warning <= 100:
        raise Refusal("VALIDATION_STORAGE_DOMAIN_WARNING_LOW_SPACE_INDICATOR_RANGE")
    if critical is not None and critical < 0:
        raise Refusal("VALIDATION_STORAGE_DOMAIN_CRITICAL_SPACE_ACTION_BLOCKER_RANGE")


def check_name_length(name: str) -> None:
    """Refuse a name that is too long."""
    if len(name) > NAME_LIMIT:
        raise Refusal("ACTION_TYPE_FAILED_NAME_LENGTH_IS_TOO_LONG")


def check_name_free(context: Context, name: str) -> None:
    """Refuse a name that another domain of the engine has."""
    if context.db.scalar(select(schema.StorageDomainStatic.id).filter_by(name=name)) is not None:
        raise Refusal("ACTION_TYPE_FAILED_STORAGE_DOMAIN_NAME_ALREADY_EXIST", name=name)


def check_unknown(context: Context, domain_id: str) -> None:
    """Refuse a domain that the engine knows."""
    if context.db.get(schema.StorageDomainStatic, domain_id) is not None:
        raise Refusal("ACTION_TYPE_FAILED_STORAGE_DOMAIN_ALREADY_EXIST")


def check_kind(function: str, storage_type: str) -> None:
    """Refuse iso and export domains on block storage, and what is neither of them nor data."""
    if function in ("iso", "export") and storage_type in BLOCK_TYPES:
        raise Refusal("ACTION_TYPE_FAILED_DOMAIN_TYPE_CAN_BE_CREATED_ONLY_ON_SPECIFIC_STORAGE_DOMAINS")
    if function not in ("data", "iso", "export"):
        raise Refusal("ACTION_TYPE_FAILED_STORAGE_DOMAIN_TYPE_ILLEGAL")


def check_backup_function(function: str) -> None:
    """Refuse the backup flag on iso and export domains."""
    if function in ("iso", "export"):
        raise Refusal("ACTION_TYPE_FAILED_DOMAIN_TYPE_DOES_NOT_SUPPORT_BACKUP")


def check_format(storage_format: str, function: str, storage_type: str) -> None:
    """Refuse a format that does not go with the function: v2 is for block data, v3 and later for data only."""
    data = function == "data"
    if storage_format == "v2" and not (data and storage_type in BLOCK_TYPES) or storage_format > "v2" and not data:
        raise Refusal("ACTION_TYPE_FAILED_STORAGE_DOMAIN_FORMAT_ILLEGAL_HOST", format=storage_format)


def check_discard(storage_type: str) -> None:
    """Refuse discard after delete: no simulated logical unit supports discard."""
    if storage_type not in BLOCK_TYPES:
        raise Refusal("ACTION_TYPE_FAILED_DISCARD_AFTER_DELETE_SUPPORTED_ONLY_BY_BLOCK_DOMAINS")
    raise Refusal("ACTION_TYPE_FAILED_DISCARD_AFTER_DELETE_NOT_SUPPORTED_BY_UNDERLYING_STORAGE")
