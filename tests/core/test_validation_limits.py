"""What must be right about limits that several rules or programs share."""

from __future__ import annotations

import pytest

from perennial.core.validation.validation import check_agreement
from tests.core.test_validation import found, read

CASH = """\
program: p
name: P
currency: EUR
wallets: [{id: points, name: Points}, {id: stars, name: Stars}, {id: cash, name: Cash, decimals: 2}]
limits: [{id: all, points: 500, across_programs: true}, {id: often, times: 5}]
earning_rules:
  - {id: base, type: fixed, points: 1, wallet: points, shared_limits: [all, often]}
  - {id: back, type: fixed, points: 9, wallet: cash, shared_limits: [often]}
campaigns:
  - id: spring
    limits: [{times: 3}, {points: 50}]
    earning_rules: [{id: star, type: fixed, points: 1, wallet: stars, shared_limits: [all]}]
"""


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("stars, shared", "cash, shared", "limits[0].points"),
        ("cash, shared_limits: [often]", "cash, shared_limits: [all]", "limits[0].points"),
        (
            "[{id: star,",
            "[{id: more, type: fixed, points: 1, wallet: cash}, {id: star,",
            "campaigns[0].limits[1].points",
        ),
    ],
)
def test_one_limit_counts_points_of_the_same_decimals(old: str, new: str, path: str) -> None:
    """Whole numbers of points of 1 and of 0.01 are no sum; how often something was given is one."""
    assert found(CASH) == []
    assert CASH.count(old) == 1
    assert found(CASH.replace(old, new)) == [(path, "other_decimals")]


def test_programs_share_no_points_of_other_decimals() -> None:
    """What two programs limit together are points of the same size; one that counts none may be any."""
    ours = read(CASH)
    assert check_agreement(ours, {"other": ours}) == []
    other = CASH.replace("wallet: points", "wallet: cash").replace("wallet: stars", "wallet: cash")
    assert found(other) == []
    [problem] = check_agreement(ours, {"other": read(other)})
    assert (problem.path, problem.code) == ("limits[0].points", "other_decimals")
    assert problem.words == "program other shares it and counts points of 2 decimals, this one of 0"
    none = read(CASH.replace("[all, often]", "[often]").replace(", shared_limits: [all]}", "}"))
    assert check_agreement(ours, {"other": none}) == []
