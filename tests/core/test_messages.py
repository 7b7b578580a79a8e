"""Messages fire as rules do: what they are sent for, how often, to whom, and how that is explained."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from perennial.core.award import Award
from perennial.core.customers.blocks import Block
from perennial.core.decide import decide
from perennial.core.decision import Decision, sent_by
from perennial.core.effects import SendMessage, Touch, UseBudget, UseLimit
from perennial.core.events import OrderReturned, TierEntered
from perennial.core.explaining.retelling import retell
from perennial.core.fold import fold
from perennial.core.languages import LANGUAGES
from perennial.core.member import Member, Membership
from perennial.core.needs import snapshot_of
from perennial.core.switches import Switch, Switches, SwitchKind, SwitchObject, recorded, sent_before
from perennial.core.version import Version
from perennial.units import DAY, HOUR, Instant, named_id
from tests.core.earning_stage import NOON, Shopper, by_rule, happened, line, paid, version_of
from tests.core.ledger_stage import at as at_local
from tests.core.ledger_stage import order, stage
from tests.core.tier_stage import levels

Document = dict[str, Any]

BASE = {"id": "base", "type": "per_amount", "points": 1, "per": 100}
EVENTS = {"events": {"review.posted": {"attributes": {"shop": {"type": "text"}}}}}


def mail(id: str = "thanks", **fields: Any) -> Document:
    """An e-mail after an order, with the given fields."""
    return {"id": id, "type": "email", "subject": "Thank you", "body": "You are welcome.", **fields}


def shop(*messages: Document, **parts: Any) -> Version:
    """A shop with a point per 1.00 that sends these messages."""
    return version_of([BASE], messages=list(messages), declarations=EVENTS, **parts)


def off(kind: SwitchKind, id: str | None = None) -> Switches:
    """The switches while one thing is off."""
    program = None if kind is SwitchKind.EVERYTHING else "shop"
    return Switches(
        [Switch(object=SwitchObject(kind=kind, program=program, id=id), reason="", actor="", off_at=0)]
    )


def test_a_message_is_sent_beside_what_rules_give_and_earns_nothing() -> None:
    """An order of 10.00 earns its 10 points and sends one e-mail, which is valid for three days."""
    decision = Shopper(shop(mail())).does(paid(1000))
    assert by_rule(decision) == {"base": 10}
    [sent] = [effect for effect in decision.effects if isinstance(effect, SendMessage)]
    assert sent == SendMessage("thanks", "email", NOON, NOON + 3 * DAY)


@pytest.mark.parametrize(
    ("fields", "event", "fires"),
    [
        ({"when": {"fact": "order.total", "at_least": 1000}}, paid(1000), True),
        ({"when": {"fact": "order.total", "at_least": 1001}}, paid(1000), False),
        ({"lines": {"fact": "line.sku", "is": "tea"}}, paid(line("tea", 5), line("coffee", 5)), True),
        ({"lines": {"fact": "line.sku", "is": "tea"}}, paid(line("coffee", 5)), False),
        ({"lines": {"all": []}}, paid(5), True),
        ({"schedule": {"starts": "2026-11-24"}}, paid(5), True),
        ({"schedule": {"starts": "2026-11-25"}}, paid(5), False),
        ({"schedule": {"windows": [{"days": ["tue"]}]}}, paid(5), True),
        ({"trigger": "review.posted"}, happened("review.posted"), True),
        ({"trigger": "review.posted"}, paid(5), False),
        (
            {"trigger": "tier.entered", "when": {"fact": "event.tier", "is": "gold"}},
            TierEntered(id=UUID(int=1), at=NOON, before=None, after="gold"),
            True,
        ),
        (
            {"trigger": "tier.entered", "when": {"fact": "event.tier", "is": "gold"}},
            TierEntered(id=UUID(int=1), at=NOON, before=None, after="silver"),
            False,
        ),
    ],
)
def test_it_fires_as_a_rule_with_the_same_words_does(fields: Document, event: Any, *, fires: bool) -> None:
    """A message and a rule that gives one point, with the same fields: both fire, or neither."""
    rule = {"id": "twin", "type": "fixed", "points": 1, **fields}
    metrics = [{"measure": "orders.net"}]
    tiers = {
        "metrics": metrics,
        "levels": [
            {"id": "silver", "name": "Silver", "reach": {"metric": 10_000_000}},
            {"id": "gold", "name": "Gold", "reach": {"metric": 20_000_000}},
        ],
        "lasts": "life",
    }
    version = version_of([rule], messages=[mail(**fields)], declarations=EVENTS, tiers=tiers)
    decision = Shopper(version).does(event)
    assert sent_by(decision) == (["thanks"] if fires else [])
    assert by_rule(decision) == ({"twin": 1} if fires else {})
    [message] = Shopper(version).why(event).messages
    assert message.fired is fires


def test_a_program_without_messages_compiles_to_the_same_functions() -> None:
    """The code of the order's function is byte for byte that of before, and with a message it is not."""
    plain, mailing = version_of([BASE]), shop(mail())
    again = version_of([BASE], messages=[])
    code = plain.triggers["order.paid"].__code__
    assert code.co_code == again.triggers["order.paid"].__code__.co_code
    assert "x1" not in code.co_names
    assert "x1" in mailing.triggers["order.paid"].__code__.co_names


def test_limits_count_the_times_and_shared_ones_are_for_all_messages() -> None:
    """Twice a day of its own, and three times a day whatever is sent: the program's cap on frequency."""
    daily = {"id": "daily", "times": 3, "every": "day"}
    version = shop(
        mail("first", limits=[{"times": 2, "every": "day"}], shared_limits=["daily"]),
        mail("second", shared_limits=["daily"]),
        limits=[daily],
    )
    shopper = Shopper(version)
    days = [sent_by(shopper.does(paid(100, at=NOON + hour * HOUR, number=hour + 1))) for hour in range(3)]
    assert days == [["first", "second"], ["first"], []]
    tomorrow = sent_by(shopper.does(paid(100, at=NOON + DAY, number=9)))
    assert tomorrow == ["first", "second"]
    assert shopper.member.limits.keys() == {limit.number for limit in version.limits}


def test_a_budget_of_all_members_is_held_by_its_cap() -> None:
    """The first hundred: an effect on the budget with the cap that the write enforces."""
    version = shop(mail(limits=[{"per": "total", "times": 100}]))
    decision = Shopper(version, spent={(version.budgets[0].number, 0): 99}).does(paid(100))
    [use] = [effect for effect in decision.effects if isinstance(effect, UseBudget)]
    assert (use.amount, use.cap) == (1, 100)
    full = Shopper(version, spent={(version.budgets[0].number, 0): 100})
    assert sent_by(full.does(paid(100))) == []
    assert full.why(paid(100)).messages[0].words == (
        "Message thanks: fired, but is not sent "
        "(message thanks: 100 times in all, all members together: used up)"
    )


def test_a_rule_comes_first_where_both_share_a_limit() -> None:
    """One time a day for a gift and a message: the gift is given."""
    once = {"id": "once", "times": 1, "every": "day"}
    rule = {**BASE, "shared_limits": ["once"]}
    version = version_of([rule], messages=[mail(shared_limits=["once"])], limits=[once])
    decision = Shopper(version).does(paid(1000))
    assert (by_rule(decision), sent_by(decision)) == ({"base": 10}, [])
    assert [effect.amount for effect in decision.effects if isinstance(effect, UseLimit)] == [1]


def test_a_message_rests_for_its_cooldown_and_no_rule_does() -> None:
    """A day of rest: the next one goes out a day later, and the explanation says until when it rests."""
    shopper = Shopper(shop(mail(cooldown={"days": 1})))
    first = shopper.does(paid(100))
    assert [type(effect) for effect in first.effects if isinstance(effect, Touch)] == [Touch]
    assert sent_by(shopper.does(paid(100, at=NOON + HOUR, number=2))) == []
    assert shopper.why(paid(100, at=NOON + HOUR, number=3)).messages[0].cut_by == (
        "cooldown of message thanks: until 2026-11-25 12:00"
    )
    assert sent_by(shopper.does(paid(100, at=NOON + DAY, number=4))) == ["thanks"]


def test_it_rests_in_each_store_by_itself() -> None:
    """Two stores in an hour are two messages, one store is one."""
    version = shop(mail(cooldown={"days": 1}, cooldown_per="location"))
    member = Member(customer_id=UUID(int=7), owner=UUID(int=7), memberships={1: Membership(joined_at=0)})
    sent = []
    for number, place in enumerate(("a", "b", "a"), 1):
        decision = decide(paid(100, number=number, location=place), version, member)
        fold(member, version, decision.effects, NOON)
        sent.append(sent_by(decision))
    assert sent == [["thanks"], ["thanks"], []]


def test_numbers_of_a_rule_and_a_message_of_one_id_are_apart() -> None:
    """Limits and cooldowns of two parts that are both called ``thanks`` count for themselves."""
    same: Document = {"limits": [{"times": 5}], "cooldown": {"days": 1}}
    rule = {"id": "thanks", "type": "fixed", "points": 1, **same}
    version = version_of([rule], messages=[mail(**same)])
    assert len({limit.number for limit in version.limits}) == len(version.limits) == 4
    decision = Shopper(version).does(paid(100))
    assert (by_rule(decision), sent_by(decision)) == ({"thanks": 1}, ["thanks"])


def campaign(**fields: Any) -> Document:
    """A campaign for gold members until the end of November, which has a message."""
    return {
        "id": "autumn",
        "schedule": {"ends": "2026-11-30"},
        "when": {"fact": "order.channel", "is": "web"},
        "messages": [mail("autumn-mail")],
        **fields,
    }


def test_a_message_of_a_campaign_has_its_time_audience_and_switch() -> None:
    """It is sent while the campaign applies, and neither outside of it nor while that is off."""
    version = shop(campaigns=[campaign()])
    assert sent_by(Shopper(version).does(paid(100, channel="web"))) == ["autumn-mail"]
    assert sent_by(Shopper(version).does(paid(100, channel="store"))) == []
    assert sent_by(Shopper(version).does(paid(100, at=NOON + 20 * DAY, channel="web"))) == []
    stopped = Shopper(version, switches=off(SwitchKind.CAMPAIGN, "autumn"))
    assert sent_by(stopped.does(paid(100, channel="web"))) == []
    [told] = stopped.why(paid(100, channel="web")).messages
    assert (told.campaign, told.words) == (
        "autumn",
        "Message autumn-mail: did not fire: campaign autumn was switched off.",
    )


def test_a_campaigns_limits_count_no_message() -> None:
    """One gift per member: the message of the same campaign goes out with every order."""
    gift = {"id": "gift", "type": "fixed", "points": 50}
    version = shop(
        campaigns=[{"id": "c", "earning_rules": [gift], "messages": [mail()], "limits": [{"times": 1}]}]
    )
    shopper = Shopper(version)
    found = [shopper.does(paid(100, at=NOON + n * HOUR, number=n + 1)) for n in range(2)]
    assert [by_rule(each)["gift"] for each in found] == [50, 0]
    assert [sent_by(each) for each in found] == [["thanks"], ["thanks"]]


@pytest.mark.parametrize(
    ("switches", "words"),
    [
        (off(SwitchKind.MESSAGE, "thanks"), "it was switched off"),
        (off(SwitchKind.PROGRAM), "the program was switched off"),
        (off(SwitchKind.EVERYTHING), "everything was switched off"),
    ],
)
def test_what_is_off_sends_nothing_and_says_so(switches: Switches, words: str) -> None:
    """The message's own switch, the program's and that of everything."""
    shopper = Shopper(shop(mail()), switches=switches)
    assert sent_by(shopper.does(paid(100))) == []
    assert shopper.why(paid(100)).messages[0].words == f"Message thanks: did not fire: {words}."


def test_the_switch_of_a_rule_with_the_same_id_leaves_the_message_alone() -> None:
    """And the other way round: each kind is asked for its own."""
    rule = {"id": "thanks", "type": "fixed", "points": 1}
    version = version_of([rule], messages=[mail()])
    by_switch = {
        kind: Shopper(version, switches=off(kind, "thanks")).does(paid(100))
        for kind in (SwitchKind.RULE, SwitchKind.MESSAGE)
    }
    assert sent_by(by_switch[SwitchKind.RULE]) == ["thanks"]
    assert by_rule(by_switch[SwitchKind.RULE]) == {}
    assert sent_by(by_switch[SwitchKind.MESSAGE]) == []
    assert by_rule(by_switch[SwitchKind.MESSAGE]) == {"thanks": 1}


def test_the_switch_of_a_channel_decides_nothing() -> None:
    """It is asked as messages are sent: what was decided may go out when the channel is on again."""
    switches = off(SwitchKind.CHANNEL, "email")
    assert sent_by(Shopper(shop(mail()), switches=switches).does(paid(100))) == ["thanks"]
    assert switches.off_channel("shop", "email") is not None
    assert switches.off_message("shop", "thanks") is None


def test_who_is_blocked_from_earning_gets_no_message() -> None:
    """Nothing of the program reaches somebody who is blocked."""
    shopper = Shopper(shop(mail()))
    shopper.member.blocked = Block.EARNING
    assert sent_by(shopper.does(paid(100))) == []
    assert "blocked" in shopper.why(paid(100)).messages[0].words


def test_a_stranger_gets_no_message() -> None:
    """Who is no member of the program is written to by nobody."""
    assert sent_by(Shopper(shop(mail()), joined_at=None).does(paid(100))) == []


def test_what_was_sent_for_a_cause_is_neither_sent_nor_counted_again() -> None:
    """An order that is judged anew sends what it now also asks for, and nothing twice; the reason is kept."""
    version = shop(
        mail(limits=[{"times": 5}]),
        mail("large", when={"fact": "order.total", "at_least": 5000}, limits=[{"times": 5}]),
    )
    member = Member(customer_id=UUID(int=7), owner=UUID(int=7), memberships={1: Membership(joined_at=0)})
    first = decide(paid(1000), version, member)
    assert sent_by(first) == ["thanks"]
    fold(member, version, first.effects, NOON)
    again = decide(paid(6000), version, member, sent=sent_by(first))
    assert sent_by(again) == ["large"]
    uses = [effect.limit for effect in again.effects if isinstance(effect, UseLimit)]
    assert uses == [version.messages[1].bounds[0].limit.number]
    assert again.facts is not None
    assert sent_before(again.facts.off) == ["thanks"]
    assert recorded("shop", again.facts.off) == []
    control = decide(paid(6000), version, member)
    assert sent_by(control) == ["thanks", "large"]


def test_a_return_recalls_no_message_and_gives_no_time_back() -> None:
    """The limit of a message stays used when its order comes back whole; the points leave."""
    version = shop(mail(limits=[{"times": 1}]))
    shopper = Shopper(version)
    event = paid(1000)
    decision = shopper.does(event)
    award = decision.awards[0]
    lot = Award(award.rule, award.unit, award.base, award.points, award.lot_id, award.lines)
    back = OrderReturned(
        id=event.id, at=NOON + HOUR, order=event.order, paid_at=NOON, awards=(lot,), before=(0,), after=(1,)
    )
    shopper.member.wallets[1].lots = shopper.member.wallets[1].lots or {}
    returned = decide(back, version, shopper.member)
    assert returned.taken_back == {1: 10}
    assert not any(isinstance(effect, UseLimit | SendMessage) for effect in returned.effects)


def test_orders_from_before_a_member_joined_on_request_send_nothing() -> None:
    """They are counted as points; to write about them would be odd, and would use up limits."""
    enrollment = {"mode": "on_request", "count_past_orders": True}
    version = shop(mail(limits=[{"times": 1}]), enrollment=enrollment)
    shopper = Shopper(version, joined_at=NOON + DAY)
    decision = shopper.does(paid(1000))
    assert (by_rule(decision), sent_by(decision)) == ({"base": 10}, [])
    assert shopper.why(paid(1000)).messages[0].words == (
        "Message thanks: did not fire: the customer joined later."
    )


def test_the_explanation_names_the_message_and_what_said_no() -> None:
    """Fired, or not and why, in words, and in the sentence that says the whole."""
    version = shop(mail(name="Thank you"), mail("large", when={"fact": "order.total", "at_least": 5000}))
    told = Shopper(version).why(paid(1000))
    assert [message.words for message in told.messages] == [
        'Message "Thank you": fired',
        "Message large: did not fire: what the order costs after all discounts is at least 5000 (was 1000).",
    ]
    assert told.words.endswith('Message "Thank you": fired.')
    assert (told.messages[0].name, told.messages[0].channel, told.messages[1].because[0].held) == (
        "Thank you",
        "email",
        False,
    )
    assert retell(told.messages[0].words, LANGUAGES["fa"]) == "پیام «\u2068Thank you\u2069» فعال شد"


def _customers(count: int) -> list[Member]:
    ids = [named_id(0, "customer", str(number)) for number in range(count)]
    return [Member(customer_id=each, owner=each, memberships={1: Membership(joined_at=0)}) for each in ids]


def _decided(version: Version, member: Member, at: Instant = NOON) -> Decision:
    return decide(paid(1000, at=at), version, member)


def test_an_experiment_splits_a_thousand_members_between_two_messages() -> None:
    """Half of them get the other message, everybody exactly one of the two, and for good."""
    variants = [
        {"id": "plain", "weight": 500},
        {"id": "warm", "weight": 500, "replace": {"messages": {"thanks": "warm-thanks"}}},
    ]
    version = shop(mail(), mail("warm-thanks"), experiments=[{"id": "tone", "variants": variants}])
    got: dict[UUID, list[str]] = {}
    for member in _customers(1_000):
        decision = _decided(version, member)
        got[member.customer_id] = sent_by(decision)
        assert decision.facts is not None
        expected = {"plain": ["thanks"], "warm": ["warm-thanks"]}[decision.facts.variants[0]]
        assert sent_by(decision) == expected
        fold(member, version, decision.effects, NOON)
        assert sent_by(_decided(version, member, NOON + DAY)) == expected
    counts = [sum(sent == [name] for sent in got.values()) for name in ("thanks", "warm-thanks")]
    assert sum(counts) == 1_000
    assert abs(counts[0] - 500) < 60


@pytest.mark.parametrize("part", [{"on": {"messages": ["thanks"]}}, {"off": {"messages": ["thanks"]}}])
def test_a_variant_turns_a_message_on_or_off(part: Document) -> None:
    """Only one of the variants sends it, and the explanation of the other names the experiment."""
    variants = [{"id": "a", "weight": 500}, {"id": "b", "weight": 500, **part}]
    version = shop(mail(), experiments=[{"id": "try", "variants": variants}])
    with_it = "b" if "on" in part else "a"
    for member in _customers(40):
        decision = _decided(version, member)
        assert decision.facts is not None
        assert bool(sent_by(decision)) is (decision.facts.variants[0] == with_it)


@pytest.mark.parametrize("campaign_only", [False, True])
def test_a_holdout_holds_messages_back(*, campaign_only: bool) -> None:
    """One from the program all of them, one from a campaign those of the campaign alone."""
    holdout = {"id": "out", "share": 500, **({"campaign": "autumn"} if campaign_only else {})}
    version = shop(mail(), campaigns=[{"id": "autumn", "messages": [mail("more")]}], holdouts=[holdout])
    held = {True: ["thanks"], False: []}[campaign_only]
    seen = set()
    for member in _customers(60):
        decision = _decided(version, member)
        snapshot = snapshot_of(NOON, version, member)
        out = snapshot.variants[0] == "held_out"
        assert sent_by(decision) == (held if out else ["thanks", "more"])
        seen.add(out)
    assert seen == {True, False}


def test_a_birthday_arms_the_timer_and_sends_once_a_year() -> None:
    """No rule waits for it: the message alone makes the day one on which something happens."""
    play = stage(messages=[mail("cheers", trigger="member.birthday")])
    play.describe("anna", {"birthday": "1990-05-20"}, at_local("2026-01-10"))
    play.pay("anna", "o1", at_local("2026-01-10 10:00"), order(1000))
    sent = {
        day: [message for each in play.run_timers("anna", at_local(day)) for message in sent_by(each)]
        for day in ("2026-05-19", "2026-05-20", "2026-12-31", "2027-05-20")
    }
    assert sent == {"2026-05-19": [], "2026-05-20": ["cheers"], "2026-12-31": [], "2027-05-20": ["cheers"]}


def test_a_tier_that_an_order_reaches_is_welcomed_once_for_it() -> None:
    """An order that jumps over a tier enters two: a message for any tier is sent once for the order."""
    tiers = {"metrics": [{"measure": "orders.net"}], "levels": levels(1000, 2000), "lasts": "life"}
    play = stage(tiers=tiers, messages=[mail("welcome", trigger="tier.entered")])
    decisions = play.pay("anna", "o1", at_local("2026-01-10 10:00"), order(5000))
    entered = [each for each in decisions if each.facts is not None and sent_before(each.facts.off)]
    assert [message for each in decisions for message in sent_by(each)] == ["welcome"]
    assert len(entered) == 1
