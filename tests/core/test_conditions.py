"""Conditions: what people write, what it means, and what is said about it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec
import pytest

from perennial.core.conditions.scope import Scope
from perennial.core.conditions.source import Source
from perennial.core.conditions.walk import Seen, holds, refusing, trace
from perennial.core.conditions.words import describe
from perennial.core.kinds.rule import EarningRule
from perennial.core.orders.order import Line, Order, OrderStatus, Redeemer, Scalar, net_amounts
from perennial.core.snapshot import Snapshot, WalletFigures
from perennial.core.terms.condition_document import (
    DEC_HOOK,
    ENC_HOOK,
    MAX_DEPTH,
    MAX_NODES,
    SCHEMA_HOOK,
    ConditionError,
    condition_schema,
    decode_condition,
    encode_condition,
)
from perennial.core.terms.conditions import Compare, Condition, Operator
from perennial.units import parse_instant
from tests.laws.strategies import FACTS, LOCATION_ATTRIBUTES, MEMBER_ATTRIBUTES, WALLETS

BERLIN = ZoneInfo("Europe/Berlin")
ORDER = Order(
    status=OrderStatus.PAID,
    lines=(
        Line(sku="beans", amount=1500, quantity=3, categories=("coffee", "sale"), brand="Acme"),
        Line(sku="pot", amount=2000, discount=200, categories=("kitchen",), attributes={"integer": 7}),
        Line(sku="gift", amount=0),
    ),
    discount=300,
    channel="web",
    redeemer=Redeemer(key="till", device="till-7"),
    codes=("SPRING",),
    attributes={
        "text": "rain",
        "boolean": True,
        "date": "2026-02-29",
        "instant": "2026-03-01T00:00:00+02:00",
    },
)
MEMBER: dict[str, Scalar] = {"text": "DE", "integer": 5, "birthday": "1990-03-02"}
SCOPE = Scope(
    facts=FACTS,
    zone=BERLIN,
    at=parse_instant("2026-03-01T23:30:00Z"),  # Monday 2 March, 00:30 in Berlin
    order=ORDER,
    nets=net_amounts(ORDER),
    event_name="order.paid",
    member=MEMBER,
    joined_at=parse_instant("2025-03-01T23:30:00Z"),
    tier="gold",
    wallets={"points": WalletFigures(balance=120, pending=20, debt=5, earned=500), "stamps": WalletFigures()},
    history=lambda _: 42,
)
SNAPSHOT = Snapshot(
    joined_at=SCOPE.joined_at,
    tier="gold",
    tier_since=None,
    tier_until=None,
    tier_floor=None,
    attributes=tuple(MEMBER.get(name) for name in MEMBER_ATTRIBUTES),
    history=(42,),
    used=(),
    spent=(),
    wallets=tuple(SCOPE.wallets[name] for name in WALLETS),
)


def compiled(condition: Condition, snapshot: Snapshot = SNAPSHOT) -> bool:
    """Judge a condition by its generated source."""
    source = Source(
        FACTS,
        BERLIN,
        trigger="order.paid",
        need_index=lambda _: 0,
        attribute_index=MEMBER_ATTRIBUTES.index,
        wallet_index=WALLETS.index,
        location_index=LOCATION_ATTRIBUTES.index,
    )
    result = source.expression(condition)
    body = "\n    ".join([*source.prelude(), f"return bool({result})"])
    exec(f"def judge(at, order, nets, event, snapshot):\n    {body}", source.constants)
    judge = source.constants["judge"]
    assert callable(judge)
    held = judge(SCOPE.at, ORDER, SCOPE.nets, {}, snapshot)
    assert isinstance(held, bool)
    return held


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("order.total", 3000),
        ("order.gross", 3500),
        ("order.discount", 500),
        ("order.currency", "EUR"),
        ("order.channel", "web"),
        ("redeemer.key", "till"),
        ("redeemer.device", "till-7"),
        ("order.line_count", 3),
        ("order.quantity", 5),
        ("order.attributes.text", "rain"),
        ("order.attributes.boolean", True),
        ("order.attributes.instant", "2026-02-28T22:00:00Z"),
        ("member.text", "DE"),
        ("member.joined", True),
        ("member.joined_on", "2025-03-02"),
        ("member.joined_days", 365),
        ("member.joined_years", 1),
        ("member.is_anniversary", True),
        ("member.tier", "gold"),
        ("member.tier_level", 2),
        ("member.birthday", "1990-03-02"),
        ("member.birthday_month", 3),
        ("member.birthday_day", 2),
        ("member.is_birthday", True),
        ("member.age", 36),
        ("wallet.points.balance", 115),
        ("wallet.points.available", 95),
        ("wallet.points.pending", 20),
        ("wallet.points.debt", 5),
        ("wallet.points.earned", 500),
        ("now.date", "2026-03-02"),
        ("now.time", "00:30"),
        ("now.weekday", "mon"),
        ("now.day", 2),
        ("now.month", 3),
        ("now.year", 2026),
        ("now.hour", 0),
    ],
)
def test_facts_have_the_values_that_the_order_the_member_and_the_time_have(
    fact: str, value: str | int
) -> None:
    """Every fact, walked and compiled."""
    same, other = Compare(fact, Operator.IS, value), Compare(fact, Operator.IS_NOT, value)
    assert (holds(same, SCOPE), holds(other, SCOPE)) == (True, False)
    assert (compiled(same), compiled(other)) == (True, False)


@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        ({"all": []}, True),
        ({"any": []}, False),
        ({"not": {"any": []}}, True),
        ({"fact": "order.total", "between": [3000, 3000]}, True),
        ({"fact": "order.total", "more_than": 3000}, False),
        ({"fact": "order.codes", "contains": "SPRING"}, True),
        ({"fact": "order.codes", "exists": True}, True),
        ({"fact": "order.location", "exists": False}, True),
        ({"fact": "order.location", "is_not": "berlin"}, False),
        ({"fact": "order.location", "not_in": ["berlin"]}, False),
        ({"not": {"fact": "order.location", "is": "berlin"}}, True),
        ({"fact": "order.attributes.date", "exists": False}, True),
        ({"fact": "order.attributes.text", "matches": "ai"}, True),
        ({"fact": "order.attributes.text", "matches": "^ai"}, False),
        ({"fact": "order.attributes.text", "contains": "ai"}, True),
        ({"fact": "order.attributes.text", "starts_with": "ra"}, True),
        ({"fact": "order.attributes.instant", "less_than": "2026-02-28T22:00:00.000001Z"}, True),
        ({"fact": "member.birthday", "at_most": "1990-03-02"}, True),
        ({"fact": "now.time", "between": ["00:00", "00:30"]}, True),
        ({"lines": "any", "where": {"fact": "line.categories", "contains": "coffee"}}, True),
        ({"lines": "none", "where": {"fact": "line.categories", "contains": "tea"}}, True),
        ({"lines": "every", "where": {"fact": "line.categories", "not_in": ["tobacco"]}}, True),
        ({"lines": "every", "where": {"fact": "line.categories", "exists": True}}, False),
        ({"lines": "cheapest", "where": {"fact": "line.sku", "is": "gift"}}, True),
        ({"lines": "most_expensive", "where": {"fact": "line.sku", "is": "pot"}}, True),
        ({"lines": "count", "at_least": 3}, True),
        ({"lines": "quantity", "where": {"fact": "line.brand", "is": "Acme"}, "is": 3}, True),
        (
            {"lines": "sum", "where": {"fact": "line.categories", "in": ["coffee", "kitchen"]}, "is": 3000},
            True,
        ),
        ({"lines": "any", "where": {"fact": "line.unit_price", "is": 454}}, True),
        ({"lines": "any", "where": {"fact": "line.discount", "is": 364}}, True),
        ({"lines": "any", "where": {"fact": "line.attributes.integer", "at_least": 7}}, True),
        ({"lines": "any", "where": {"fact": "line.cost", "exists": True}}, False),
        ({"history": "orders.net", "window": {"calendar": "year"}, "at_least": 42}, True),
        ({"history": "orders.net", "more_than": 42}, False),
        ({"fact": "event.rating", "is": 5}, False),
        ({"fact": "event.rating", "exists": False}, True),
    ],
)
def test_conditions_mean_what_they_say(plain: object, expected: bool) -> None:
    """Walked and compiled alike."""
    condition = decode_condition(plain)
    assert holds(condition, SCOPE) is expected
    assert compiled(condition) is expected


IN_BERLIN = {"fact": "location.place", "within": ["52.52,13.4", 5000]}
FREE = {"fact": "order.total", "is": 0}


@pytest.mark.parametrize(
    ("plain", "inside", "outside", "nowhere"),
    [
        (IN_BERLIN, True, False, False),
        ({"not": IN_BERLIN}, False, True, False),
        ({"not": {"not": IN_BERLIN}}, True, False, False),
        ({"not": {"any": [FREE, IN_BERLIN]}}, False, True, False),
        ({"any": [{"not": FREE}, {"not": IN_BERLIN}]}, True, True, True),
        ({"lines": "any", "where": {"not": IN_BERLIN}}, False, True, False),
        ({"lines": "none", "where": IN_BERLIN}, False, True, False),
        ({"lines": "none", "where": {"not": IN_BERLIN}}, True, False, False),
        ({"lines": "every", "where": {"not": IN_BERLIN}}, False, True, False),
        ({"not": {"lines": "cheapest", "where": IN_BERLIN}}, False, True, False),
        ({"not": {"lines": "every", "where": IN_BERLIN}}, False, True, False),
        ({"lines": "count", "where": {"not": IN_BERLIN}, "is": 3}, False, True, False),
    ],
)
def test_what_lies_nobody_knows_where_is_neither_inside_nor_outside(
    plain: object, inside: bool, outside: bool, nowhere: bool
) -> None:
    """Walked and compiled alike, however often and wherever a radius is negated."""
    condition = decode_condition(plain)
    for place, expected in (("52.53,13.41", inside), ("48.1,11.5", outside), (None, nowhere), ("?", nowhere)):
        location = {} if place is None else {"place": place}
        scope = msgspec.structs.replace(SCOPE, location=location)
        kept = tuple(location.get(name) for name in LOCATION_ATTRIBUTES)
        snapshot = msgspec.structs.replace(SNAPSHOT, location=kept)
        assert holds(condition, scope) is expected, place
        assert compiled(condition, snapshot) is expected, place


def test_an_event_without_an_order_has_no_place() -> None:
    """Neither inside nor outside, walked and compiled."""
    for plain in (IN_BERLIN, {"not": IN_BERLIN}):
        condition = decode_condition(plain)
        scope = msgspec.structs.replace(SCOPE, order=None, nets=[], event_name="review.posted")
        assert not holds(condition, scope)
        source = Source(
            FACTS,
            BERLIN,
            trigger="review.posted",
            need_index=lambda _: 0,
            attribute_index=MEMBER_ATTRIBUTES.index,
            wallet_index=WALLETS.index,
        )
        assert eval(source.expression(condition)) is False


def test_a_refusal_names_the_place_that_is_missing() -> None:
    """Outside of a circle nothing is of which no place is known: that part is named, not its neighbor."""
    condition = decode_condition({"not": {"any": [FREE, IN_BERLIN]}})
    [seen] = refusing(condition, msgspec.structs.replace(SCOPE, location={}))
    assert (seen.path, seen.value) == ("not.any[1]", None)


def test_without_an_order_nothing_about_it_holds() -> None:
    """Neither ``any`` nor ``every`` nor ``none`` of the lines of an order that is not there."""
    scope = msgspec.structs.replace(SCOPE, order=None, nets=[], event_name="review.posted")
    everything: dict[str, object] = {"all": []}
    for quantifier in ("any", "every", "none", "cheapest", "most_expensive"):
        assert not holds(decode_condition({"lines": quantifier, "where": everything}), scope)
    assert not holds(decode_condition({"lines": "count", "at_least": 0}), scope)
    assert not holds(decode_condition({"fact": "order.total", "at_least": 0}), scope)


@pytest.mark.parametrize(
    ("plain", "path", "code"),
    [
        (5, "", "not_a_condition"),
        ({}, "", "not_a_condition"),
        ({"all": [], "any": []}, "", "not_a_condition"),
        ({"all": {}}, "all", "not_a_list"),
        ({"all": [{"not": 1}]}, "all[0].not", "not_a_condition"),
        ({"all": [], "where": 1}, "where", "unknown_key"),
        ({1: 2}, "", "unknown_key"),
        ({"fact": 5, "is": 1}, "fact", "not_a_text"),
        ({"fact": "order.total"}, "", "operator"),
        ({"fact": "order.total", "is": 1, "in": [1]}, "", "operator"),
        ({"fact": "order.total", "at_lest": 1}, "at_lest", "unknown_key"),
        ({"fact": "order.total", "is": 1.5}, "is", "wrong_type"),
        ({"fact": "order.total", "is": None}, "is", "wrong_type"),
        ({"fact": "order.total", "is": [1]}, "is", "wrong_type"),
        ({"fact": "order.total", "is": 10**19}, "is", "out_of_range"),
        ({"fact": "order.total", "is": "x" * 1001}, "is", "too_long"),
        ({"fact": "order.total", "in": 1}, "in", "not_a_list"),
        ({"fact": "order.total", "in": []}, "in", "list_length"),
        ({"fact": "order.total", "in": [1, None]}, "in[1]", "wrong_type"),
        ({"fact": "order.total", "between": [1]}, "between", "between"),
        ({"fact": "order.total", "exists": 1}, "exists", "wrong_type"),
        ({"lines": "some", "where": {"all": []}}, "lines", "unknown_quantifier"),
        ({"lines": "any"}, "", "where_missing"),
        ({"lines": "any", "where": {"all": []}, "is": 1}, "is", "unknown_key"),
        ({"lines": "count"}, "", "operator"),
        ({"history": "orders", "at_least": 1}, "history", "unknown_measure"),
        ({"history": "orders.net", "window": {}, "at_least": 1}, "window", "bad_window"),
        ({"history": "orders.net", "window": {"days": 3}, "at_least": 1}, "window", "bad_window"),
        ({"history": "orders.net", "where": {"fact": "x"}, "at_least": 1}, "where", "operator"),
    ],
)
def test_what_is_no_condition_is_refused_with_its_place(plain: object, path: str, code: str) -> None:
    """The path leads to the part that is wrong, from the condition's own root."""
    with pytest.raises(ConditionError) as caught:
        decode_condition(plain)
    assert (caught.value.path, caught.value.code) == (path, code)
    assert caught.value.words


def test_a_typing_error_gets_the_nearest_word() -> None:
    """``at_lest`` is ``at_least``."""
    with pytest.raises(ConditionError, match="did you mean at_least"):
        decode_condition({"fact": "order.total", "at_lest": 1})


def test_a_condition_has_bounds_in_depth_and_size() -> None:
    """At the bound it is read; one more is refused, however much more, without exhausting the stack."""

    def nested(depth: int) -> dict[str, object]:
        condition: dict[str, object] = {"all": []}
        for _ in range(depth - 1):
            condition = {"not": condition}
        return condition

    assert decode_condition(nested(MAX_DEPTH))
    with pytest.raises(ConditionError) as deep:
        decode_condition(nested(100_000))
    assert deep.value.code == "too_deep"
    assert decode_condition({"all": [{"all": []}] * (MAX_NODES - 1)})
    with pytest.raises(ConditionError) as large:
        decode_condition({"all": [{"all": []}] * MAX_NODES})
    assert large.value.code == "too_large"


def test_the_deepest_condition_compiles() -> None:
    """The generated source of a condition at both bounds is accepted by Python."""
    part: dict[str, object] = {"lines": "any", "where": {"fact": "line.attributes.integer", "at_least": 7}}
    for level in range(MAX_DEPTH - 2):
        part = {"not": part} if level % 3 else {"any": [part, {"fact": "order.total", "is": 1}]}
    condition = decode_condition(part)
    assert compiled(condition) is holds(condition, SCOPE)


def test_texts_of_a_document_never_become_source() -> None:
    """A text that would be Python stays a text: it is bound by name."""
    evil = "'] or __import__('os').abort() or ['"
    plain = {
        "any": [
            {"fact": "member.text", "is": evil},
            {"lines": "any", "where": {"fact": "line.sku", "is": evil}},
        ]
    }
    source = Source(
        FACTS,
        BERLIN,
        trigger="order.paid",
        need_index=lambda _: 0,
        attribute_index=MEMBER_ATTRIBUTES.index,
        wallet_index=WALLETS.index,
    )
    written = source.expression(decode_condition(plain)) + "".join(source.prelude())
    assert "import" not in written
    assert "'" not in written
    assert evil in source.constants.values()
    assert compiled(decode_condition(plain)) is False


def test_what_refused_is_named_with_the_value_seen() -> None:
    """Only the parts that decided: under ``any`` all of them, under ``not`` the one that held."""
    condition = decode_condition(
        {
            "all": [
                {"fact": "order.total", "at_least": 1},
                {"any": [{"fact": "member.text", "is": "AT"}, {"fact": "order.location", "is": "vienna"}]},
                {"not": {"lines": "any", "where": {"fact": "line.sku", "is": "gift"}}},
            ]
        }
    )
    assert refusing(condition, SCOPE) == [
        Seen("all[1].any[0]", "text is “AT”", "DE", False),
        Seen("all[1].any[1]", "the location is “vienna”", None, False),
        Seen("all[2].not", "any line matches (the line's product is “gift”)", 1, True),
    ]
    assert trace(condition, SCOPE)[0] == Seen(
        "all[0]", "what the order costs after all discounts is at least 1", 3000, True
    )
    assert len(trace(condition, SCOPE)) == 4


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        (
            {"history": "orders.net", "window": {"calendar": "year"}, "more_than": 100},
            "the amount spent this year is more than 100",
        ),
        (
            {
                "history": "events.count",
                "event": "review.posted",
                "window": {"last": {"days": 30}},
                "where": {"fact": "event.integer", "at_least": 4},
                "is": 0,
            },
            "the number of events review.posted for which (integer is at least 4) in the last 30 days is 0",
        ),
        (
            {"lines": "quantity", "where": {"fact": "line.categories", "contains": "coffee"}, "at_least": 2},
            "the number of units on lines for which (“coffee” is one of the line's categories) is at least 2",
        ),
        (
            {"all": [{"fact": "order.location", "exists": False}, {"any": []}]},
            "the location is missing and (never)",
        ),
    ],
)
def test_conditions_are_said_in_plain_words(plain: object, words: str) -> None:
    """With the labels of the facts."""
    assert describe(decode_condition(plain), FACTS) == words


def test_a_document_with_conditions_is_read_and_written_by_msgspec() -> None:
    """The hooks make ``when: Condition | None`` a field like any other, with a schema."""
    plain = {"id": "vip", "type": "EarningRule", "when": {"fact": "member.tier", "in": ["gold"]}}
    rule = msgspec.convert(plain, EarningRule, dec_hook=DEC_HOOK)
    assert rule.when == Compare("member.tier", Operator.IN, ("gold",))
    assert msgspec.to_builtins(rule, enc_hook=ENC_HOOK) == plain
    with pytest.raises(msgspec.ValidationError, match=r"at `\$.when`") as caught:
        msgspec.convert(
            {"id": "vip", "type": "EarningRule", "when": {"fact": "x"}}, EarningRule, dec_hook=DEC_HOOK
        )
    assert isinstance(caught.value.__cause__, ConditionError)
    schema = msgspec.json.schema(EarningRule, schema_hook=SCHEMA_HOOK)
    assert {"$ref": "#/$defs/Condition"} in schema["$defs"]["EarningRule"]["properties"]["when"]["anyOf"]
    assert len(condition_schema()["oneOf"]) == 7


def test_equal_conditions_are_equal_and_true_is_not_1() -> None:
    """As values of a set, too: the compiler shares what is equal."""
    one, true = Compare("x", Operator.IS, 1), Compare("x", Operator.IS, True)
    assert one == Compare(fact="x", operand=1, operator=Operator.IS)
    assert one != true
    assert len({one, true, Compare("x", Operator.IS, 1)}) == 2
    with pytest.raises(AttributeError):
        one.fact = "y"  # type: ignore[misc]


def test_an_unquoted_date_of_yaml_is_its_text() -> None:
    """YAML reads 2026-12-01 as a date; in a condition it is an ISO text."""
    condition = decode_condition({"fact": "now.date", "is": msgspec.yaml.decode(b"2026-12-01")})
    assert encode_condition(condition) == {"fact": "now.date", "is": "2026-12-01"}
