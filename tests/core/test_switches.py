"""What is switched off gives nothing and says so; everything that was given before goes on."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest

from perennial.core.codes.codes import IssuedCode
from perennial.core.decide import decide
from perennial.core.effects import Count, IssueVoucher, MoveTier
from perennial.core.events import ClaimRequested
from perennial.core.explaining.explain import explain
from perennial.core.member import Member, Membership, Wallet
from perennial.core.needs import snapshot_of
from perennial.core.pricing.redeemables import Reason, Source, Status
from perennial.core.refusals import RefusalCode
from perennial.core.snapshot import Snapshot
from perennial.core.switches import ALL_ON, Switch, Switches, SwitchKind, SwitchObject, recorded
from perennial.core.version import Version
from perennial.ledger.lot import Lot, LotKey, Origin
from perennial.units import DAY
from tests.core import pricing_stage
from tests.core.earning_stage import CUSTOMER, NOON, Shopper, by_rule, paid, version_of
from tests.core.ledger_stage import at, figures, order, stage
from tests.core.pricing_stage import anna, cart, code, line, quoted

RULES = [
    {"id": "base", "type": "per_amount", "points": 1, "per": 100},
    {"id": "bonus", "type": "fixed", "points": 50},
]
SUMMER = {
    "id": "summer",
    "multiplier": {"by": "2"},
    "earning_rules": [{"id": "extra", "type": "fixed", "points": 7, "multiplied": False}],
    "rewards": [{"id": "mug", "name": "A mug", "price": 10, "gives": [{"type": "free_shipping"}]}],
}
FIVE_OFF = {
    "id": "five-off",
    "name": "5.00 off",
    "price": 500,
    "gives": [{"type": "amount_off", "value": 500}],
}


def off(kind: str, id: str | None = None, program: str | None = "shop", reason: str = "it leaked") -> Switch:
    """Return something of the tests' program that is off."""
    switched = SwitchObject(kind=SwitchKind(kind), program=program, id=id)
    return Switch(object=switched, reason=reason, actor="anybody", off_at=NOON)


CODE = IssuedCode("CODE", UUID(int=1), b"")
EVERYTHING = off("everything", program=None)


def shopper(*switches: Switch) -> Shopper:
    """Return a member of a program with two rules and a campaign, some of it off."""
    return Shopper(version_of(RULES, campaigns=[SUMMER]), switches=Switches(switches))


@pytest.mark.parametrize(
    ("switch", "awards"),
    [
        (None, {"base": 200, "bonus": 100, "extra": 7}),
        (off("rule", "bonus"), {"base": 200, "extra": 7}),
        (off("rule", "extra"), {"base": 200, "bonus": 100}),
        (off("campaign", "summer"), {"base": 100, "bonus": 50}),
        (off("program"), {}),
        (EVERYTHING, {}),
        (off("reward", "mug"), {"base": 200, "bonus": 100, "extra": 7}),
        (off("rule", "bonus", program="another"), {"base": 200, "bonus": 100, "extra": 7}),
        (off("program", program="another"), {"base": 200, "bonus": 100, "extra": 7}),
    ],
)
def test_what_is_off_earns_nothing(switch: Switch | None, awards: dict[str, int]) -> None:
    """A rule, a campaign with its rules and its multiplier, a program, everything: the rest goes on."""
    assert by_rule(shopper(*([switch] if switch else [])).does(paid(10000))) == awards


def test_the_explanation_says_what_was_off() -> None:
    """The rule, the campaign of a rule, the campaign itself, the whole program: each has its words."""
    rules = {rule.rule: rule.words for rule in shopper(off("rule", "bonus")).why(paid(10000)).rules}
    assert rules["bonus"] == "Rule bonus: did not fire: it was switched off."
    explanation = shopper(off("campaign", "summer")).why(paid(10000))
    assert explanation.campaigns[0].words == "Campaign summer: did not apply: it was switched off."
    assert not explanation.campaigns[0].applied
    words = {rule.rule: rule.words for rule in explanation.rules}
    assert words["extra"] == "Rule extra: did not fire: campaign summer was switched off."
    assert words["base"] == "Rule base: 1 point per 1.00 on 100.00, rounded down = 100 points"
    stopped = shopper(off("program")).why(paid(10000))
    assert stopped.words == "Nothing was earned: the program was switched off."
    assert shopper(off("program"), EVERYTHING).why(paid(10000)).why_not == "everything was switched off"


def test_an_old_decision_is_explained_as_it_was_made() -> None:
    """The snapshot keeps what was off; whatever is off now, the same words and points come back."""
    member = shopper(off("rule", "bonus"), off("reward", "mug"))
    event = paid(10000)
    before = member.why(event)
    decision = member.does(event)
    assert decision.facts is not None
    assert decision.facts.off == ("reward/mug", "rule/bonus")
    member.switches = Switches([off("program")])
    stored = msgspec.msgpack.decode(msgspec.msgpack.encode(decision.facts), type=Snapshot)
    assert explain(event, member.version, stored) == before
    assert before.points == {"points": 207}


def test_a_snapshot_grows_by_one_byte_and_old_ones_are_read() -> None:
    """What was stored before there were switches still decodes: nothing was off."""
    member = shopper()
    snapshot = snapshot_of(NOON, member.version, member.member)
    plain = msgspec.to_builtins(snapshot)[:-1]
    old = msgspec.msgpack.encode(plain)
    assert len(msgspec.msgpack.encode(snapshot)) == len(old) + 1
    assert msgspec.msgpack.decode(old, type=Snapshot) == snapshot


def test_a_version_knows_only_its_own_parts() -> None:
    """Switches of other programs, and of parts that a version does not have, leave its facts alone."""
    switches = Switches([off("rule", "gone"), off("voucher_batch", "mug"), off("rule", "base"), EVERYTHING])
    assert switches.keys_of(version_of(RULES)) == ("everything", "rule/base")
    assert switches.keys_of(version_of(RULES, program="other", program_id=2)) == ("everything",)
    assert ALL_ON.keys_of(version_of(RULES)) == ()


def test_recorded_switches_have_the_recorded_keys() -> None:
    """What a snapshot kept makes switches again that mean the same to the version."""
    version = version_of(RULES, campaigns=[SUMMER])
    switches = [
        EVERYTHING,
        off("program"),
        off("campaign", "summer"),
        off("rule", "base"),
        off("reward", "mug"),
    ]
    keys = Switches(switches).keys_of(version)
    assert keys == ("campaign/summer", "everything", "program", "reward/mug", "rule/base")
    assert Switches(recorded("shop", keys)).keys_of(version) == keys


def test_a_stopped_program_counts_but_moves_no_tier() -> None:
    """An order while everything is off counts; the tier and its gift come with the first one after it."""
    version = version_of(
        [*RULES, {"id": "gift", "type": "fixed", "trigger": "tier.entered", "points": 500}],
        tiers={
            "metrics": [{"id": "spend", "measure": "orders.net"}],
            "levels": [{"id": "gold", "name": "Gold", "reach": {"spend": 10000}}],
        },
    )
    member = Shopper(version, switches=Switches([EVERYTHING]))
    stopped = member.does(paid(10000))
    assert {type(effect) for effect in stopped.effects} == {Count}
    assert stopped.follow_ups == ()
    member.switches = ALL_ON
    after = member.does(paid(100, number=2, at=NOON + DAY))
    assert [effect.tier for effect in after.effects if isinstance(effect, MoveTier)] == ["gold"]
    assert len(after.follow_ups) == 1


def test_what_was_given_goes_on_while_everything_is_off() -> None:
    """A return takes back what its order gave, pending points are released, and points expire in time."""
    dates = {
        "pending": {"type": "period", "after": {"days": 7}},
        "expiry": {"type": "rolling", "after": {"days": 30}},
    }
    play = stage(dates)
    play.pay("anna", "o1", at("2026-03-02"), order(10000))
    play.pay("anna", "o2", at("2026-03-02"), order(5000))
    play.turn_off(SwitchObject(kind=SwitchKind.EVERYTHING), at("2026-03-03"), "fraud")
    [returned] = play.give_back("o1", at("2026-03-04"), {})
    assert returned.taken_back == {1: 100}
    play.run_timers("anna", at("2026-03-20"))
    assert figures(play.wallet("anna", "points")) == (50, 0, 0, 0)
    play.run_timers("anna", at("2026-05-20"))
    assert figures(play.wallet("anna", "points")) == (0, 0, 0, 0)


def holder(version: Version, points: int) -> Member:
    """Return a member who has points that can be spent."""
    key = LotKey(Origin.EARNED, 0, None)
    lot = Lot(lot_id=key.lot_id, key=key, granted=points, remaining=points)
    wallet = Wallet(lots={key.lot_id: lot}, balance=points, activated_until=NOON)
    return Member(
        customer_id=CUSTOMER,
        owner=CUSTOMER,
        memberships={version.program_id: Membership(joined_at=0)},
        wallets={1: wallet},
    )


@pytest.mark.parametrize(
    ("switch", "reward", "words"),
    [
        (off("reward", "five-off"), "five-off", "reward five-off"),
        (off("campaign", "summer"), "mug", "campaign summer"),
        (off("program"), "mug", "program shop"),
        (EVERYTHING, "five-off", "everything"),
    ],
)
def test_a_claim_of_what_is_off_is_refused(switch: Switch, reward: str, words: str) -> None:
    """The refusal names what is off and the reason; nothing is spent."""
    version = version_of(RULES, rewards=[FIVE_OFF], campaigns=[SUMMER])
    claim = ClaimRequested(id=UUID(int=5), at=NOON, reward=reward, code=CODE)
    member = holder(version, 1000)
    decision = decide(claim, version, member, switches=Switches([switch]))
    assert decision.effects == ()
    assert decision.refusal is not None
    assert decision.refusal.code is RefusalCode.SWITCHED_OFF
    assert (
        decision.refusal.words == f"Reward {reward} cannot be claimed: {words} is switched off (it leaked)."
    )
    assert decision.refusal.details == {"reward": reward, "switch": switch.object.path, "reason": "it leaked"}


def test_a_claim_of_what_is_on_goes_through() -> None:
    """The other rewards can be claimed, and so can a reward of which only the codes are off."""
    version = version_of(RULES, rewards=[FIVE_OFF | {"codes": {"pattern": "A-########"}}], campaigns=[SUMMER])
    switches = Switches([off("reward", "mug"), off("voucher_batch", "five-off"), off("rule", "base")])
    claim = ClaimRequested(id=UUID(int=5), at=NOON, reward="five-off", code=CODE)
    decision = decide(claim, version, holder(version, 1000), switches=switches)
    assert decision.refusal is None
    assert [effect.reward for effect in decision.effects if isinstance(effect, IssueVoucher)] == ["five-off"]


SHELF = (
    {"id": "ten", "automatic": True, "gives": [{"type": "amount_off", "value": 1000}]},
    {"id": "five", "codes": {"shared": "FIVE"}, "price": 10, "gives": [{"type": "amount_off", "value": 500}]},
)
SHIRT = line("shirt", 5000)


@pytest.mark.parametrize(
    ("switch", "reason", "discount"),
    [
        (None, None, 1500),
        (off("reward", "ten"), None, 500),
        (off("reward", "five"), Reason.SWITCHED_OFF, 1000),
        (off("voucher_batch", "five"), Reason.SWITCHED_OFF, 1000),
        (off("voucher_batch", "ten"), None, 1500),
        (off("program"), Reason.SWITCHED_OFF, 0),
        (EVERYTHING, Reason.SWITCHED_OFF, 0),
    ],
)
def test_a_quote_leaves_out_what_is_off(switch: Switch | None, reason: Reason | None, discount: int) -> None:
    """What was asked for is inapplicable and says why; what would apply by itself is not there."""
    version = pricing_stage.version_of(*SHELF)
    switches = Switches([switch] if switch else [])
    quote = quoted(version, cart(SHIRT), code(version, "five"), switches=switches)
    asked, *automatic = quote.redeemables
    assert asked.standing.reason is reason
    assert asked.standing.status is (Status.APPLICABLE if reason is None else Status.INAPPLICABLE)
    assert quote.discount_total == discount
    assert [each.source for each in automatic] == [Source.AUTOMATIC] * (discount >= 1000)


def test_a_claimed_voucher_outlives_the_codes_but_not_the_reward() -> None:
    """Codes are one pool; what a member claimed for points is stopped with the reward alone."""
    version = pricing_stage.version_of(*SHELF)
    claimed = code(version, "five", claimed=True)
    for switch, reason in (
        (off("voucher_batch", "five"), None),
        (off("reward", "five"), Reason.SWITCHED_OFF),
    ):
        quote = quoted(version, cart(SHIRT), claimed, switches=Switches([switch]), member=anna())
        assert quote.redeemables[0].standing.reason is reason


def test_a_quote_of_what_is_off_earns_as_the_order_would() -> None:
    """The points that a quote promises know the switches too."""
    version = pricing_stage.version_of(earning_rules=RULES)
    for switches, earned in (
        (ALL_ON, 100),
        (Switches([off("rule", "bonus")]), 50),
        (Switches([EVERYTHING]), 0),
    ):
        quote = quoted(version, cart(SHIRT), member=anna(), switches=switches)
        assert sum(award.points for award in quote.earns[1]) == earned


def test_why_off_names_the_widest_switch() -> None:
    """Everything before a program, that before a campaign, then the reward, its codes, and the batch."""
    batch, pool = off("voucher_batch", "batch-7"), off("voucher_batch", "five")
    reward, campaign, program = off("reward", "five"), off("campaign", "summer"), off("program")
    found = []
    for on in range(7):
        switches = Switches([EVERYTHING, program, campaign, reward, pool, batch][on:])
        found.append(switches.why_off("shop", "five", "summer", "batch-7"))
    assert found == [EVERYTHING, program, campaign, reward, pool, batch, None]
    assert Switches([pool]).why_off("shop", "five", None, None) is None
    assert Switches([pool]).why_off("shop", "five", None, "five") is pool
    assert Switches([campaign]).why_off("shop", "five") is None
    assert Switches([program]).why_off("another", "five") is None
    assert Switches([EVERYTHING]).why_off("another") is EVERYTHING


def test_each_kind_can_be_asked_for() -> None:
    """A part is off by its own switch, by its program's, and by that of everything."""
    part = Switches([off("campaign", "summer"), off("rule", "base"), off("reward", "mug")])
    assert (part.everything(), part.off_program("shop")) == (None, None)
    assert part.off_campaign("shop", "summer") == off("campaign", "summer")
    assert part.off_rule("shop", "base") == off("rule", "base")
    assert part.off_reward("shop", "mug") == off("reward", "mug")
    assert part.off_rule("shop", "bonus") is None
    assert part.off_reward("another", "mug") is None
    assert Switches([off("program")]).off_rule("shop", "bonus") == off("program")
    assert Switches([EVERYTHING]).off_campaign("another", "x") == EVERYTHING
