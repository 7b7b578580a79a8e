"""The core beside the naive reference model: the same commands, the same points, after every step."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.orders.order import Order
from perennial.core.rehearsal.rehearsal import Rehearsal, RehearsalRefused
from perennial.core.validation.validation import validate
from perennial.units import parse_instant
from tests.laws import reference_lots
from tests.laws.reference import Model
from tests.laws.reference_lots import Lot, Refused, Wallet
from tests.laws.reference_time import Document

SECOND = 1_000_000
START = parse_instant("2026-01-01T00:00:00Z")
ZONES = ("UTC", "America/New_York", "Europe/Berlin", "America/Santiago", "Asia/Tehran", "Africa/Cairo")
CUSTOMERS = ("anna", "bob", "cleo")
CATEGORIES = ("coffee", "tea", "cake")
PAUSES = (1, 60, 3_600, 40_000, 86_400, 3 * 86_400, 17 * 86_400, 45 * 86_400, 200 * 86_400)


def spans(*units: str) -> st.SearchStrategy[Document]:
    """A span of one unit."""
    return st.builds(lambda unit, n: {unit: n}, st.sampled_from(units), st.integers(1, 7))


def optional(name: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Document]:
    """A part of a document that may be missing."""
    return st.one_of(st.just({}), values.map(lambda value: {name: value}))


def merged(*parts: st.SearchStrategy[Document]) -> st.SearchStrategy[Document]:
    """One dict out of several."""
    return st.tuples(*parts).map(lambda dicts: {key: value for part in dicts for key, value in part.items()})


EXPIRIES = st.one_of(
    st.just({"type": "none"}),
    merged(
        st.just({"type": "rolling"}),
        spans("days", "weeks", "months", "years").map(lambda span: {"after": span}),
        optional("round_up", st.sampled_from(["day", "month", "quarter", "year"])),
    ),
    st.just({"type": "fixed_dates", "dates": ["03-31", "12-31"]}),
)
PENDING = st.one_of(
    st.just({"type": "none"}),
    spans("days", "weeks", "months").map(lambda span: {"type": "period", "after": span}),
    st.just({"type": "fulfillment"}),
)
LIMITS = merged(
    st.sampled_from([{"per": "member"}, {"per": "total"}, {}]),
    st.one_of(
        st.integers(1, 400).map(lambda cap: {"points": cap}),
        st.integers(1, 3).map(lambda cap: {"times": cap}),
    ),
    optional("every", st.sampled_from(["hour", "day", "week", "month", "quarter", "year", "ever"])),
    optional("at_cap", st.sampled_from(["cut", "reject"])),
)
CAPS = merged(
    st.integers(50, 2_000).map(lambda cap: {"points": cap}),
    optional("every", st.sampled_from(["day", "month", "ever"])),
    optional("at_cap", st.sampled_from(["cut", "reject"])),
)
LINE_FILTERS = st.sampled_from(CATEGORIES).map(lambda name: {"fact": "line.categories", "contains": name})
KINDS = st.one_of(
    merged(
        st.just({"type": "per_amount"}),
        st.builds(
            lambda points, per: {"points": points, "per": per},
            st.integers(1, 7),
            st.sampled_from([1, 7, 100, 333]),
        ),
        optional("rounding", st.sampled_from(["down", "half_up", "up"])),
        optional("lines", LINE_FILTERS),
    ),
    merged(
        st.just({"type": "per_item"}),
        st.integers(1, 20).map(lambda points: {"points": points}),
        optional("once", st.just(True)),
        optional("lines", LINE_FILTERS),
    ),
    merged(
        st.just({"type": "fixed"}),
        st.integers(1, 300).map(lambda points: {"points": points}),
        optional("lines", LINE_FILTERS),
    ),
)
ORDER_RULES = merged(
    KINDS,
    optional("when", st.integers(1, 9_000).map(lambda least: {"fact": "order.total", "at_least": least})),
    optional("multiplied", st.just(False)),
    optional("limits", st.lists(LIMITS, min_size=1, max_size=2)),
    optional("shared_limits", st.just(["shared"])),
)
OTHER_RULES = st.builds(
    lambda trigger, points: {"type": "fixed", "trigger": trigger, "points": points},
    st.sampled_from(["member.joined", "review.posted"]),
    st.integers(1, 300),
)


# A strategy is made once: hypothesis looks through each before it first draws from it.
UNITS = st.sampled_from(["ever", "month", "quarter", "year"])
MEASURES = st.sampled_from(["orders.net", "points.earned", "orders.count"])
FOR_LIFE = st.sampled_from(["life"])
LASTS = st.sampled_from(["life", "period", "next_period"])
LEVELS = st.sampled_from([("base", "silver", "gold"), ("silver", "gold"), ("gold",)])
FACTORS = st.sampled_from([None, "1", "1.25", "1.5", "2"])
DOWNGRADES = st.sampled_from(["requalify", "never"])


@st.composite
def tier_systems(draw: st.DrawFn) -> Document:
    """Tiers by one metric, over a calendar window or for good."""
    unit = draw(UNITS)
    window = {"ever": True} if unit == "ever" else {"calendar": unit}
    measure = draw(MEASURES)
    metric: Document = {"id": "m", "measure": measure, "window": window}
    if measure == "points.earned":
        metric["wallet"] = "points"
    lasts = draw(FOR_LIFE if unit == "ever" else LASTS)
    if draw(st.booleans()):
        metric, lasts = {"id": "m", "balance": "points"}, "while_reached"
    scale = {"orders.net": 5_000, "orders.count": 1}.get(metric.get("measure", ""), 100)
    names = draw(LEVELS)
    first = 0 if names[0] == "base" else 1
    levels: list[Document] = []
    for position, name in enumerate(names):
        level: Document = {"id": name, "name": name, "reach": {"m": (first + position) * scale}}
        factor = draw(FACTORS)
        if factor is not None:
            level["multiplier"] = {"by": factor}
        levels.append(level)
    return {
        "metrics": [metric],
        "levels": levels,
        "lasts": lasts,
        "downgrade": draw(DOWNGRADES) if lasts in ("period", "next_period") else "requalify",
    }


REFUNDS = st.sampled_from(["only_pending", "within_balance", "unlimited"])
ROUNDINGS = st.sampled_from(["down", "half_up", "up"])
WALLETS = st.sampled_from([("points",), ("points", "stamps")])
SOME_CAPS = st.lists(CAPS, max_size=1)
SOME_RULES = st.lists(ORDER_RULES, min_size=1, max_size=4)
SOME_OTHERS = st.lists(OTHER_RULES, max_size=2)
TIERS = tier_systems()
DATES_OF_GOLD = optional(
    "gold", merged(EXPIRIES.map(lambda expiry: {"expiry": expiry}), optional("pending", PENDING))
)
ZONE = st.sampled_from(ZONES)


@st.composite
def programs(draw: st.DrawFn) -> Document:
    """A program of the subset that the reference model knows."""
    wallets = [
        {
            "id": name,
            "name": name,
            "expiry": draw(EXPIRIES),
            "pending": draw(PENDING),
            "refunds": draw(REFUNDS),
            "rounding": draw(ROUNDINGS),
            "caps": draw(SOME_CAPS),
        }
        for name in draw(WALLETS)
    ]
    rules = draw(SOME_RULES) + draw(SOME_OTHERS)
    names = [wallet["id"] for wallet in wallets]
    reward = {"id": "off", "name": "Off", "wallet": "points", "gives": [{"type": "amount_off", "value": 500}]}
    document: Document = {
        "program": "law",
        "name": "Law",
        "time_zone": draw(ZONE),
        "wallets": wallets,
        "declarations": {"events": {"review.posted": {}}},
        "earning_rules": [
            rule | {"id": f"r{position}", "wallet": names[draw(st.integers(0, len(names) - 1))]}
            for position, rule in enumerate(rules)
        ],
        "limits": [draw(LIMITS) | {"id": "shared"}],
        "rewards": [reward | {"price": draw(st.integers(1, 150))}],
    }
    if draw(st.integers(0, 3)):
        document["tiers"] = draw(TIERS)
        wallets[0]["tiers"] = draw(DATES_OF_GOLD)
    return document


LINES = st.builds(
    lambda sku, amount, quantity, categories, off: {
        "sku": sku,
        "amount": amount,
        "quantity": quantity,
        "categories": categories,
        "discount": max(amount, 0) * off // 10,
    },
    st.sampled_from(["a", "b", "c"]),
    st.one_of(st.integers(0, 400), st.integers(1, 20_000), st.integers(-300, 0)),
    st.one_of(st.integers(1, 5), st.integers(0, 1)),
    st.lists(st.sampled_from(CATEGORIES), unique=True, max_size=2),
    st.sampled_from([0, 0, 0, 1, 5]),
)
ORDERS = merged(
    st.lists(LINES, min_size=1, max_size=4).map(lambda lines: {"lines": lines}),
    optional("discount", st.integers(1, 500)),
)
WHO = st.sampled_from(CUSTOMERS)
DATES = st.sampled_from(
    [{"available_at": 5}, {"expires_at": 9}, {"available_at": 3, "expires_at": 30}, {"expires_at": 400}]
)
COMMANDS = st.one_of(
    st.tuples(st.just("order"), WHO, ORDERS),
    st.tuples(st.just("order"), WHO, ORDERS),
    st.tuples(st.just("return"), st.integers(0, 20), st.lists(st.integers(0, 5), min_size=4, max_size=4)),
    st.tuples(st.just("return"), st.integers(0, 20), st.lists(st.integers(0, 5), min_size=4, max_size=4)),
    st.tuples(st.just("cancel"), st.integers(0, 20)),
    st.tuples(st.just("fulfill"), st.integers(0, 20)),
    st.tuples(st.just("event"), WHO),
    st.tuples(st.just("claim"), WHO),
    st.tuples(st.just("claim"), WHO),
    st.tuples(st.just("adjust"), WHO, st.integers(-200, 200).filter(bool), st.just({})),
    st.tuples(st.just("adjust"), WHO, st.integers(1, 200), DATES),
    st.tuples(st.just("transfer"), WHO, WHO, st.integers(1, 200)),
    st.tuples(st.just("wait")),
)


class Pair:
    """The core and the model, side by side."""

    def __init__(self, document: Document) -> None:
        program = program_of(document)
        assert isinstance(program, Program), program
        problems = validate(program)
        assert problems == [], problems
        self.core = Rehearsal(program)
        self.model = Model(document)
        self.wallets = [wallet["id"] for wallet in document["wallets"]]
        self.orders: list[str] = []
        self.fulfilled: set[str] = set()
        self.at = START

    def play(self, command: tuple[Any, ...], pause: int) -> None:
        """Let both do one command at the same instant, and compare what both then say."""
        self.at += pause * SECOND
        refused = self.refusal(lambda: self.ask_core(command)), self.refusal(lambda: self.ask_model(command))
        note(f"{self.at} {command} -> {refused[0]}")
        assert refused[0] == refused[1]
        for name in list(self.core.members):
            self.core.run_timers(name, self.at)
        self.model.advance(self.at)
        for name in self.model.customers:
            self.compare(name)
        if command[0] == "order":
            self.orders.append(f"o{len(self.orders)}")
        if command[0] == "fulfill" and self.orders:
            self.fulfilled.add(self.pick(command[1]))

    @staticmethod
    def refusal(deed: Any) -> str | None:
        """The code of the refusal, if there was one."""
        try:
            deed()
        except RehearsalRefused as refused:
            return refused.refusal.code.value
        except Refused as refused:
            return str(refused)
        return None

    def pick(self, number: int) -> str:
        """One of the orders so far."""
        return self.orders[number % len(self.orders)]

    def dates(self, days: dict[str, int]) -> dict[str, int]:
        """Dates of its own for a correction, so many days from now."""
        return {name: self.at + after * 86_400 * SECOND for name, after in days.items()}

    def returned(self, command: tuple[Any, ...]) -> dict[int, int]:
        """As many units of each line as can still come back."""
        played = self.core.orders[self.pick(command[1])]
        found = {}
        for position, line in enumerate(played.order.lines):
            units = min(command[2][position], line.quantity - played.returned[position])
            if units > 0:
                found[position] = units
        return found

    def possible(self, command: tuple[Any, ...]) -> bool:
        """Whether there is an order to speak of, in a state that allows it."""
        if command[0] not in ("return", "cancel", "fulfill"):
            return True
        if not self.orders or self.core.orders[self.pick(command[1])].canceled:
            return False
        if command[0] == "fulfill":
            return self.pick(command[1]) not in self.fulfilled
        return command[0] == "cancel" or bool(self.returned(command))

    def ask_core(self, command: tuple[Any, ...]) -> None:
        """The command in words of the core."""
        at, core = self.at, self.core
        match command:
            case ("order", who, order):
                paid = msgspec.convert({**order, "status": "paid"}, Order)
                core.pay(who, f"o{len(self.orders)}", at, paid)
            case ("return", number, _):
                units = {str(line + 1): n for line, n in self.returned(command).items()}
                core.give_back(self.pick(number), at, units)
            case ("cancel", number):
                core.cancel(self.pick(number), at)
            case ("fulfill", number):
                core.fulfill(self.pick(number), at)
            case ("event", who):
                core.report(who, at, "review.posted", {})
            case ("claim", who):
                core.claim(who, at, "off")
            case ("adjust", who, points, days):
                dates = self.dates(days)
                core.adjust(who, at, "points", points, dates.get("available_at"), dates.get("expires_at"))
            case ("transfer", sender, receiver, points):
                core.transfer(sender, receiver, at, "points", points)

    def ask_model(self, command: tuple[Any, ...]) -> None:
        """The command in words of the model; the core has already counted a return's units."""
        at, model = self.at, self.model
        match command:
            case ("order", who, order):
                model.order(who, f"o{len(self.orders)}", at, order)
            case ("return", number, _):
                name = self.pick(number)
                before = model.purchases[name].returned
                after = self.core.orders[name].returned
                model.give_back(
                    name, at, {n: a - b for n, (a, b) in enumerate(zip(after, before, strict=True)) if a > b}
                )
            case ("cancel", number):
                model.give_back(self.pick(number), at, {}, canceled=True)
            case ("fulfill", number):
                model.fulfill(self.pick(number), at)
            case ("event", who):
                model.event(who, at, "review.posted", {})
            case ("claim", who):
                model.claim(who, at, "off")
            case ("adjust", who, points, days):
                model.adjust(who, at, "points", points, self.dates(days))
            case ("transfer", sender, receiver, points):
                model.transfer(sender, receiver, at, "points", points)

    def compare(self, who: str) -> None:
        """Balances, debts, lots and the tier of one member are the same on both sides."""
        for name in self.wallets:
            wallet = self.core.wallet(who, name)
            seen = (wallet.balance, wallet.pending, wallet.debt, wallet.shortfall)
            assert seen == self.model.view(who, name), (who, name)
            lots: dict[tuple[int, int], int] = {}
            for lot in (wallet.lots or {}).values():
                dates = (
                    -1 if lot.key.available_at is None else lot.key.available_at,
                    -1 if lot.key.expires_at is None else lot.key.expires_at,
                )
                lots[dates] = lots.get(dates, 0) + lot.remaining
            assert sorted((*d, left) for d, left in lots.items() if left) == self.model.lots(who, name)
        membership = self.core.membership(who)
        assert membership is not None
        assert membership.tier == self.model.customers[who].tier


SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
STEPS = st.tuples(COMMANDS, st.sampled_from(PAUSES))
RUNS = st.one_of(
    st.lists(STEPS, min_size=1, max_size=25),
    # To draw a program takes as long as to play twenty commands: every other one is played at length.
    st.lists(STEPS, min_size=12, max_size=25),
)


def play(document: Document, commands: list[tuple[tuple[Any, ...], int]]) -> None:
    """Play the commands on both sides; raises where they differ."""
    pair = Pair(document)
    note(f"{document}")
    for command, pause in commands:
        if pair.possible(command):
            pair.play(command, pause)


@settings(max_examples=400, deadline=None, suppress_health_check=SLOW)
@given(programs(), RUNS)
def test_core_and_model_agree(document: Document, commands: list[tuple[tuple[Any, ...], int]]) -> None:
    """Whatever happens under whatever program, core and model agree on points, lots and tiers."""
    play(document, commands)


def latest_first(lot: Lot) -> tuple[int, int]:
    return (-(lot.expires or 0), -(lot.available or 0))


def put_aside(wallet: Wallet, lot: Lot, *, award: bool) -> Lot:
    wallet.lots.append(lot)
    return lot


PLANTED = {
    "the spending order": (reference_lots, "spend_first", latest_first),
    "the end of points": (Model, "expiry", lambda *_: None),
    "debts and merged lots": (Wallet, "put", put_aside),
    "the limits": (Model, "within", lambda _self, _key, _limit, wanted: wanted),
    "the tier's factor": (Model, "multiply", lambda _self, _who, fired: [base for _, base, _ in fired]),
    "the part of a line": (Model, "part", lambda *_: 0),
    "the review of tiers": (Model, "review_tier", lambda *_: None),
    "the tier itself": (Model, "look_at_tier", lambda *_: None),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_error_is_found(planted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison can fail: a rule of the model that is changed is noticed."""
    monkeypatch.setattr(*PLANTED[planted])
    phases = [Phase.generate]
    search = settings(
        max_examples=10_000,
        deadline=None,
        derandomize=True,
        database=None,
        phases=phases,
        suppress_health_check=SLOW,
        report_multiple_bugs=False,
    )
    with pytest.raises(AssertionError):
        search(given(programs(), RUNS)(play))()


@pytest.mark.parametrize("policy", ["only_pending", "within_balance", "unlimited"])
def test_model_spends_and_takes_back(policy: str) -> None:
    """The model itself: 100 points, 80 of them spent, all of the order returned."""
    model = Model(
        {
            "wallets": [{"id": "points", "refunds": policy}],
            "earning_rules": [{"id": "base", "type": "per_amount", "points": 1, "per": 100}],
            "rewards": [{"id": "off", "price": 80}],
        }
    )
    model.order("anna", "o1", START, {"lines": [{"sku": "a", "amount": 10_000, "quantity": 2}]})
    model.claim("anna", START + 1, "off")
    model.give_back("o1", START + 2, {0: 1})
    model.give_back("o1", START + 3, {0: 1})
    expected = {"only_pending": (0, 0, 0, 0), "within_balance": (0, 0, 0, 80), "unlimited": (0, 0, 80, 0)}
    assert model.view("anna", "points") == expected[policy]
