"""Instants of the API: RFC 3339, and nothing else that a parser would be glad to guess."""

from __future__ import annotations

import pytest

from perennial.flows.problems import ProblemError
from perennial.http.door.instants import read_instant
from perennial.units import EARLIEST, LATEST


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1970-01-01T00:00:00.123456789Z", 123_456),
        ("1969-12-31T23:59:59.5-00:00", -500_000),
        ("1900-01-01T00:00:00Z", EARLIEST),
        ("2199-12-31T23:59:59.999999Z", LATEST),
    ],
)
def test_an_instant_is_exact(text: str, instant: int) -> None:
    """To the microsecond; what is smaller is dropped."""
    assert read_instant(text, "$.at") == instant


@pytest.mark.parametrize(
    "text",
    [
        "2016-12-31T23:59:60Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T10:00:00",
        "2026-01-01",
        "2026-01-01 10:00:00Z",
        "2026-01-01t10:00:00Z",
        "2026-01-01T10:00:00z",
        "2026-01-01T10:00Z",
        "2026-01-01T10:00:00+0100",
        "2026-01-01T10:00:00+24:00",
        "2026-01-01T10:00:00.Z",
        "2026-01-01T10:00:00Z\n",
        " 2026-01-01T10:00:00Z",
        "20260101T100000Z",
        "2026-W10-1T10:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "1899-12-31T23:59:59Z",
        "2200-01-01T00:00:00Z",
        "2199-12-31T23:59:59-00:01",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "infinity",
        "now",
        "\uff12026-01-01T10:00:00Z",
    ],
)
def test_what_is_no_instant_is_refused_at_its_path(text: str) -> None:
    """Leap seconds, 24:00, missing offsets, impossible days, other years: a 422 that names the field."""
    with pytest.raises(ProblemError) as caught:
        read_instant(text, "$.at")
    found = caught.value.problem
    assert (found.status, found.code, found.errors[0].path) == (422, "invalid_instant", "$.at")
