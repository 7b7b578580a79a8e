"""Campaigns: where they stand, in which turn they give, and how a draft is changed in one place."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from perennial.core.campaigns.state import CampaignState, Openings, openings, state_of
from perennial.core.document.document import program_of, read_program
from perennial.core.document.draft_edit import with_part
from perennial.core.document.program import Program
from perennial.core.document.text import parse_text
from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.core.rehearsal.checkout import CartAsked, CheckoutRehearsal
from perennial.core.rehearsal.rehearsal import Rehearsal
from perennial.core.validation.validation import validate
from perennial.units import format_instant, parse_instant

BERLIN = ZoneInfo("Europe/Berlin")


def _program(*campaigns: dict[str, Any], **changes: Any) -> Program:
    document = {
        "program": "shop",
        "name": "Shop",
        "time_zone": "Europe/Berlin",
        "wallets": [{"id": "points", "name": "Points"}],
        "earning_rules": [{"id": "base", "type": "per_amount", "points": 1, "per": 100}],
        "campaigns": list(campaigns),
    } | changes
    program = program_of(document)
    assert isinstance(program, Program), program
    assert validate(program) == []
    return program


def order_of(amount: int) -> Order:
    """Return a paid order of one line."""
    return Order(status=OrderStatus.PAID, lines=(Line(sku="item", amount=amount),))


def _campaign(schedule: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    campaign: dict[str, Any] = {"id": "c", "multiplier": {"by": "2"}} | changes
    return campaign | ({} if schedule is None else {"schedule": schedule})


def _opened(program: Program, at: str) -> tuple[bool, str | None, str | None]:
    found = openings(program, program.campaigns[0], BERLIN, parse_instant(at))
    return (
        found.is_open,
        None if found.opens_at is None else format_instant(found.opens_at),
        None if found.closes_at is None else format_instant(found.closes_at),
    )


@pytest.mark.parametrize(
    ("schedule", "at", "expected"),
    [
        (None, "2026-12-01T00:00:00Z", (True, None, None)),
        (
            {"starts": "2026-12-24", "ends": "2026-12-26"},
            "2026-12-01T00:00:00Z",
            (False, "2026-12-23T23:00:00Z", "2026-12-26T23:00:00Z"),
        ),
        (
            {"starts": "2026-12-24", "ends": "2026-12-26"},
            "2026-12-23T23:00:00Z",
            (True, None, "2026-12-26T23:00:00Z"),
        ),
        ({"ends": "2026-12-26"}, "2026-12-26T23:00:00Z", (False, None, None)),
        (
            {"windows": [{"days": ["fri"], "start": "17:00", "end": "19:00"}]},
            "2026-12-01T12:00:00Z",
            (False, "2026-12-04T16:00:00Z", "2026-12-04T18:00:00Z"),
        ),
        (
            {"windows": [{"days": ["fri"], "start": "17:00", "end": "19:00"}]},
            "2026-12-04T17:00:00Z",
            (True, None, "2026-12-04T18:00:00Z"),
        ),
        (
            {"rrule": "FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=1"},
            "2026-12-01T12:00:00Z",
            (False, "2027-04-30T22:00:00Z", "2027-05-01T22:00:00Z"),
        ),
        (
            {"rrule": "FREQ=WEEKLY;COUNT=2", "starts": "2026-11-02"},
            "2026-12-01T12:00:00Z",
            (False, None, None),
        ),
        (
            {"holidays": "DE", "starts": "2026-12-10"},
            "2026-12-01T12:00:00Z",
            (False, "2026-12-24T23:00:00Z", "2026-12-26T23:00:00Z"),
        ),
        ({"birthday": [3, 3]}, "2026-12-01T12:00:00Z", (True, None, None)),
    ],
)
def test_when_a_campaign_is_open(
    schedule: dict[str, Any] | None, at: str, expected: tuple[bool, str | None, str | None]
) -> None:
    """Start and end, happy hours, recurrences that end, holidays in a row, and days of members."""
    assert _opened(_program(_campaign(schedule)), at) == expected


def test_a_campaign_ends_with_its_program() -> None:
    """What the program does not outlive, no campaign does."""
    program = _program(_campaign({"ends": "2026-12-31"}), ends="2026-12-10")
    assert _opened(program, "2026-12-01T12:00:00Z") == (True, None, "2026-12-10T23:00:00Z")
    assert _opened(program, "2026-12-11T12:00:00Z") == (False, None, None)


@pytest.mark.parametrize(
    ("opened", "is_off", "is_full", "state"),
    [
        (Openings(True), False, False, CampaignState.RUNNING),
        (Openings(True), True, True, CampaignState.PAUSED),
        (Openings(True), False, True, CampaignState.BUDGET_EXHAUSTED),
        (Openings(False, opens_at=1), False, False, CampaignState.SCHEDULED),
        (Openings(False, opens_at=1), True, False, CampaignState.PAUSED),
        (Openings(False), True, True, CampaignState.ENDED),
    ],
)
def test_the_first_that_is_true_is_said(
    opened: Openings, is_off: bool, is_full: bool, state: CampaignState
) -> None:
    """Over is over; a switch says more than a budget, and a budget more than the time."""
    assert state_of(opened, is_off=is_off, is_full=is_full) is state


def _bonus(name: str, priority: int) -> dict[str, Any]:
    rule = {"id": f"{name}-bonus", "type": "fixed", "points": 8, "multiplied": False}
    return {"id": name, "priority": priority, "earning_rules": [rule]}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (0, 0, {"a-bonus": 8, "b-bonus": 2}),
        (5, 1, {"b-bonus": 8, "a-bonus": 2}),
        (-1, 0, {"a-bonus": 8, "b-bonus": 2}),
    ],
)
def test_the_lower_priority_is_served_first(first: int, second: int, expected: dict[str, int]) -> None:
    """Where a cap leaves little, it goes to the campaign with the lower number, whatever stands first."""
    wallet = {"id": "points", "name": "Points", "caps": [{"points": 10, "every": "day"}]}
    program = _program(_bonus("a", first), _bonus("b", second), wallets=[wallet], earning_rules=[])
    rehearsal = Rehearsal(program)
    decisions = rehearsal.pay("anna", "o1", parse_instant("2026-12-01T12:00:00Z"), order_of(1_000))
    awards = [award for decision in decisions for award in decision.awards]
    assert {award.rule: award.points for award in awards} == expected


@pytest.mark.parametrize(("first", "second", "name"), [(0, 0, "a-off"), (5, 1, "b-off")])
def test_rewards_of_the_lower_priority_go_first(first: int, second: int, name: str) -> None:
    """Of two that exclude each other and are alike in everything else, the campaign's number decides."""

    def campaign(own: str, priority: int) -> dict[str, Any]:
        reward = {
            "id": f"{own}-off",
            "name": own,
            "automatic": True,
            "category": "only",
            "gives": [{"type": "amount_off", "value": 100}],
        }
        return {"id": own, "priority": priority, "rewards": [reward]}

    stacking = {"categories": [{"id": "only", "combines": "exclusive"}]}
    program = _program(campaign("a", first), campaign("b", second), stacking=stacking)
    checkout = CheckoutRehearsal(program).quote(
        "anna", parse_instant("2026-12-01T12:00:00Z"), CartAsked(order=order_of(1_000))
    )
    applied = [one.name for one in checkout.quote.redeemables if one.standing.status.value == "applicable"]
    assert applied == [name]


DRAFT = """\
# The shop's program.
program: shop
name: Shop   # for now

# Nobody shall touch this.
wallets:
  - {id: points, name: Points}

campaigns:
  - {id: old, multiplier: {by: 1.5}}

# What things cost.
rewards:
  - {id: off, name: Off, price: 100, gives: [{type: amount_off, value: 100}]}
"""


def test_only_the_campaigns_of_a_draft_are_written_anew() -> None:
    """Comments and order elsewhere stay as their author left them."""
    edited = with_part(DRAFT, "campaigns", [{"id": "new", "multiplier": {"by": "2"}}])
    assert edited == DRAFT.replace(
        "campaigns:\n  - {id: old, multiplier: {by: 1.5}}\n",
        "campaigns:\n- id: new\n  multiplier: {by: '2'}\n",
    )
    gone = with_part(DRAFT, "campaigns", None)
    assert "campaigns" not in gone
    assert "# What things cost.\nrewards:" in gone
    added = with_part(gone, "campaigns", [{"id": "new", "multiplier": {"by": "2"}}])
    assert added.startswith(gone.rstrip())
    program = read_program(added)
    assert isinstance(program, Program)
    assert [campaign.id for campaign in program.campaigns] == ["new"]


@pytest.mark.parametrize(
    "text",
    [
        '{"program": "shop", "name": "Shop", "campaigns": [{"id": "old"}], "rewards": []}',
        "program: shop\nname: Größe\n? campaigns\n: - id: old\nrewards: []\n",
        "{program: shop, name: Shop, campaigns: [{id: old}]}",
        "program: shop\nname: |\n  campaigns:\n  - no\ncampaigns: []\n",
    ],
)
def test_a_draft_of_any_layout_can_be_changed(text: str) -> None:
    """Whatever it looks like, what is read afterwards is what was meant, and nothing else changed."""
    data, problems = parse_text(text)
    assert problems in ([], problems)
    if not isinstance(data, dict):
        with pytest.raises(ValueError, match="no document"):
            with_part(text, "campaigns", [])
        return
    wanted = [{"id": "new", "name": "größer: # no comment", "multiplier": {"by": "2"}}]
    assert parse_text(with_part(text, "campaigns", wanted)) == (data | {"campaigns": wanted}, [])
