# SPDX-License-Identifier: GPL-3.0-or-later
"""What a description tells of a copy, or of a VM that ran, and that it tells nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ansible_collections.lifeboat.ovirt.plugins.module_utils.markers import (
    LONGEST_DESCRIPTION,
    BackupCopy,
    RanBefore,
    read,
    with_marker,
    without_marker,
)

AT = datetime(2026, 11, 26, 1, 16, 28, tzinfo=UTC)
COPY = BackupCopy("6f1c7a1e-3c1b-4c55-9b57-0a64a1f3a001", "erp-db", AT, complete=True)

MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.timezones())
COPIES = st.builds(BackupCopy, st.uuids().map(str), st.text(), MOMENTS, st.booleans())
MARKERS = COPIES | st.builds(RanBefore, MOMENTS)
PLAIN = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Z")), max_size=300)


@settings(max_examples=100, deadline=None)
@given(description=st.text(max_size=300), marker=MARKERS, older=MARKERS)
def test_what_is_written_is_read(description, marker, older):
    marked = with_marker(description, marker)
    assert read(marked) == marker
    assert read(with_marker(with_marker(description, older), marker)) == marker
    assert read(without_marker(marked)) is None
    assert len(marked.encode("utf-16-le")) <= 2 * LONGEST_DESCRIPTION
    assert all(one.isascii() or one.isalpha() for one in marked)


@settings(max_examples=100, deadline=None)
@given(
    description=st.text(st.characters(codec="ascii"), max_size=60)
    | st.text(st.characters(categories=("L",)), max_size=20),
    marker=MARKERS,
)
def test_other_text_comes_back_unchanged(description, marker):
    assert without_marker(with_marker(description, marker)) == description
    assert without_marker(description) == description


@settings(max_examples=100, deadline=None)
@given(data=st.data(), marker=MARKERS, description=PLAIN)
def test_marker_with_one_character_changed_is_none(data, marker, description):
    marked = with_marker(description, marker)
    start = len(marked) - len(str(marker))
    place = data.draw(st.integers(start, len(marked) - 1))
    other = data.draw(st.characters(codec="utf-8"))
    assume(marked[place] != other)
    assert read(marked[:place] + other + marked[place + 1 :]) is None
    assert read(marked[:place] + marked[place + 1 :]) is None


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300) | st.from_regex(r"\[lifeboat\.ovirt (backup|ran) 1: .* #[0-9a-f]{8}\]"))
def test_text_of_others_is_no_marker(description):
    assert read(description) is None


def test_marker_reads_well_at_the_end_of_the_description():
    assert with_marker("Billing database", COPY) == (
        "Billing database [lifeboat.ovirt backup 1: complete 2026-11-26T01:16:28Z of erp-db "
        "6f1c7a1e-3c1b-4c55-9b57-0a64a1f3a001 #5cfbc4f9]"
    )


def test_time_is_kept_in_utc_to_the_second():
    local = AT.astimezone(timezone(timedelta(hours=2))) + timedelta(microseconds=999_999)
    assert RanBefore(local) == RanBefore(AT)


def test_description_that_ends_in_white_space_is_read():
    assert read(f"{with_marker('', COPY)} \n") == COPY


@pytest.mark.parametrize(
    "form",
    [
        "{}, moved by hand",
        "[{}]",
        "{}]",
        "[backup 1: complete]",
        "lifeboat.ovirt backup",
    ],
)
def test_marker_that_is_not_at_the_end_is_none(form):
    assert read(form.format(COPY)) is None


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_description_is_no_marker(nothing):
    assert read(nothing) is None
    assert with_marker(nothing, COPY) == str(COPY)
    assert without_marker(nothing) == ""


def test_marker_of_a_later_form_is_left_unread_and_replaced():
    later = "Billing [lifeboat.ovirt backup 2: something new #00000000]"
    assert read(later) is None
    assert with_marker(later, COPY) == f"Billing {COPY}"


def test_long_description_loses_its_end_and_not_the_marker():
    marked = with_marker("x" * 255, COPY)
    assert (len(marked), read(marked)) == (255, COPY)


def test_marker_of_a_long_name_leaves_room_for_a_description():
    marker = BackupCopy(COPY.source_id, "n" * 255, AT, complete=False)
    assert marker.source_name == "n" * 64
    assert len(str(marker)) < 200
