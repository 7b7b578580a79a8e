"""Ids are UUIDs of version 7, and ascend however many are wanted within a millisecond."""

from __future__ import annotations

import time

import pytest

from perennial.flows.ids import Ids


def test_ids_ascend_one_by_one_and_several_at_once() -> None:
    """Each is greater than those before it, also when several are taken together."""
    ids = Ids()
    found = [ids.next() for _ in range(1_000)]
    for count in (1, 2, 500):
        several = ids.several(count)
        assert len(several) == count
        found += [*several, ids.next()]
    assert found == sorted(set(found), key=lambda each: each.bytes)
    assert {(each.version, each.variant) for each in found} == {(7, "specified in RFC 4122")}


def test_an_id_begins_with_its_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that stands still, or goes back, gives ids that ascend; a new millisecond draws anew."""
    ids, now = Ids(), 1_700_000_000_123
    monkeypatch.setattr(time, "time_ns", lambda: now * 1_000_000)
    first, second = ids.next(), ids.next()
    assert second.int == first.int + 1
    assert first.int >> 80 == now
    now -= 5
    assert ids.next().int == first.int + 2
    now += 6
    later = ids.next()
    assert later.int >> 80 == now
    assert later.int & ((1 << 61) - 1) != first.int & ((1 << 61) - 1)


def test_the_largest_number_that_can_be_drawn_leaves_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting on never reaches the bits of the variant, whatever was drawn."""
    monkeypatch.setattr("os.urandom", lambda count: b"\xff" * count)
    ids = Ids()
    last = ids.several(100)[-1]
    assert (last.version, last.variant) == (7, "specified in RFC 4122")
