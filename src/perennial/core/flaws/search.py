"""What every kind of flaw searches with: customers, carts and amounts that the program itself suggests.

Carts come from the conditions of the program's rules, campaigns and rewards, amounts from every number
that the document has. All of it is only a guess at what is worth playing; what counts is what was played.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, TypeAlias

import msgspec

from perennial.core.conditions.scope import now_at
from perennial.core.conditions.walk import compare
from perennial.core.currency import decimals
from perennial.core.dates.schedule import Schedule, schedule_applies
from perennial.core.document.document import plain_program
from perennial.core.document.program import Campaign, Program
from perennial.core.document.reward import Reward
from perennial.core.facts import fact_table
from perennial.core.flaws.flaw import Assumptions, Flaw
from perennial.core.flaws.play import Play, Played
from perennial.core.kinds.rule import ten_thousandths
from perennial.core.orders.order import Scalar
from perennial.core.rehearsal.conversions import ConversionRehearsal
from perennial.core.terms.alternatives import Asked, Way, Ways, both, least_of, most_of, value_of, ways_of
from perennial.units import DAY, HOUR, Instant, Minor

MAX_STEPS = 6_000
MAX_SHAPES = 24
MAX_AMOUNTS = 48
_DAYS_LOOKED_AHEAD = 400
_HOURS = (12, 18, 9, 21, 15, 6, 1)


Asking: TypeAlias = tuple[Ways, tuple[Schedule, ...]]
"""What is asked of an order, and the schedules that must apply when it comes."""


class Shape(msgspec.Struct, frozen=True):
    """A kind of order, of a kind of customer: what its lines look like, and when it comes.

    ``lines`` have everything but amounts. ``least`` and ``most`` bound what the order costs, ``event`` are
    the attributes of a custom event for which the shape was made. ``schedules`` apply when it comes.
    """

    lines: tuple[dict[str, Any], ...] = ({"sku": "item"},)
    order: dict[str, Any] = {}
    member: dict[str, Scalar] = {}
    event: dict[str, Scalar] = {}
    least: Minor | None = None
    most: Minor | None = None
    times: tuple[Asked, ...] = ()
    schedules: tuple[Schedule, ...] = ()

    def priced(self, amount: Minor, cost: int | None = None) -> dict[str, Any]:
        """Return an order of ``amount`` in all; ``cost`` is the shop's share of it, in millionths, down."""
        each, first = divmod(amount, len(self.lines))
        amounts = [each + (first if index == 0 else 0) for index in range(len(self.lines))]
        lines = [
            {"id": str(i), **line, "amount": part}
            | ({} if cost is None else {"cost": part * cost // 1_000_000})
            for i, (line, part) in enumerate(zip(self.lines, amounts, strict=True), 1)
        ]
        return {"lines": lines, **self.order}


class Search:
    """A program to be searched as of ``at``, under some assumptions."""

    def __init__(self, program: Program, at: Instant, assumptions: Assumptions) -> None:
        self.program = program
        self.at = at
        self.assumptions = assumptions
        self.document = plain_program(program)
        self.empty = ConversionRehearsal(program)
        self.zone = self.empty.versions[-1].zone
        self.facts = fact_table(program)
        self.played = Played(MAX_STEPS)
        self.notes: dict[str, Any] = {}
        """What one kind has found out and another needs as well."""
        unit = 10 ** decimals(program.currency)
        self.month_spend = month_spend(program, assumptions)
        self.least_price = assumptions.least_price or unit
        self.most_order = assumptions.most_order or self.month_spend
        self.margin = ten_thousandths(assumptions.margin)
        starts = self.empty.versions[-1].starts
        if starts is not None and starts > at:
            self.at = starts

    def play(self) -> Play:
        """Begin a new attempt: nothing has happened yet."""
        return Play(self.document, self.empty, self.played)

    def flaw(self, kind: str, path: str, words: str, play: Play) -> Flaw | None:
        """Return the flaw that ``play`` proves, or None if the proof does not pass as a case file."""
        proof = play.proof(kind, words)
        return None if proof is None else Flaw(kind, path, words, len(play.steps), proof)

    @cached_property
    def amounts(self) -> list[Minor]:
        """What an order may cost that is worth trying, least first: from every number of the document."""
        numbers = sorted(set(_numbers(self.document)))
        found = {self.least_price, self.most_order, self.month_spend // self.assumptions.month_orders}
        cost = 1_000_000 - self.margin
        for number in numbers:
            found |= {number - 1, number, number + 1, number * 2}
            if self.margin:
                found.add(-(-number * 1_000_000 // self.margin))
            found.add(number * 1_000_000 // max(cost, 1))
        return self._spread(found)

    def _spread(self, found: set[Minor]) -> list[Minor]:
        inside = sorted(amount for amount in found if self.least_price <= amount <= self.most_order)
        if len(inside) <= MAX_AMOUNTS:
            return inside
        return [inside[i * (len(inside) - 1) // (MAX_AMOUNTS - 1)] for i in range(MAX_AMOUNTS)]

    def amounts_for(self, shape: Shape) -> list[Minor]:
        """Return the amounts that an order of this shape may have."""
        low, high = shape.least or 0, shape.most if shape.most is not None else self.most_order
        bounds = {each for each in (shape.least, shape.most) if each is not None}
        return sorted({each for each in self.amounts if low <= each <= high} | bounds)

    @cached_property
    def shapes(self) -> list[Shape]:
        """The kinds of order for which some rule, campaign or reward asks, the plain one first."""
        found = [Shape()]
        for ways, schedules in self._asked_for():
            for way in ways.of:
                shape = self.shape_of(way, schedules)
                if shape is not None and shape not in found:
                    found.append(shape)
        return found[:MAX_SHAPES]

    def _asked_for(self) -> Iterator[Asking]:
        program = self.program
        for campaign, rule in self.rules():
            when = both(ways_of(rule.when), ways_of(rule.lines, of_line=True))
            if campaign is not None:
                when = both(when, ways_of(campaign.when))
            yield when, _given(rule.schedule, campaign.schedule if campaign is not None else None)
        for campaign in program.campaigns:
            yield ways_of(campaign.when), _given(campaign.schedule)
        for campaign_or_none, reward in self.rewards():
            yield from self.asked_by(campaign_or_none, reward)

    def asked_by(self, campaign: Campaign | None, reward: Reward) -> Iterator[Asking]:
        """Yield what a reward asks of the order on which it is used, for each of its benefits."""
        when = both(ways_of(reward.when), ways_of(reward.usable_when))
        schedules = _given(reward.schedule)
        if campaign is not None:
            when = both(when, ways_of(campaign.when))
            schedules += _given(campaign.schedule)
        for benefit in reward.gives:
            yield both(when, ways_of(benefit.line_filter(), of_line=True)), schedules

    def rewards(self) -> list[tuple[Campaign | None, Reward]]:
        """Return the rewards of the program and of its campaigns, with the campaign that each belongs to."""
        own: list[tuple[Campaign | None, Reward]] = [(None, reward) for reward in self.program.rewards]
        return own + [(each, reward) for each in self.program.campaigns for reward in each.rewards]

    def rules(self) -> list[tuple[Campaign | None, Any]]:
        """Return every earning rule, with the campaign that it belongs to."""
        own: list[tuple[Campaign | None, Any]] = [(None, rule) for rule in self.program.earning_rules]
        return own + [(each, rule) for each in self.program.campaigns for rule in each.earning_rules]

    def messages(self) -> list[tuple[Campaign | None, Any]]:
        """Return every message, with the campaign that it belongs to."""
        own: list[tuple[Campaign | None, Any]] = [(None, message) for message in self.program.messages]
        return own + [(each, message) for each in self.program.campaigns for message in each.messages]

    def events_for(self, trigger: str) -> list[dict[str, Scalar]]:
        """Return the attributes of custom events that the rules which wait for ``trigger`` would like."""
        rules = [rule for _, rule in self.rules() if rule.trigger == trigger]
        ways = [way for rule in rules for way in ways_of(rule.when).of]
        return [shape.event for way in ways if (shape := self.shape_of(way)) is not None]

    def shape_of(self, way: Way, schedules: tuple[Schedule, ...] = ()) -> Shape | None:
        """Return an order that meets what a way asks, as far as values can be found for it."""
        asked = way.asked
        lines = [self._line(some + way.every) for some in way.lines or ((),)]
        quantity = max(way.count, least_of(asked, "order.quantity") or 1)
        if quantity > 1:
            lines[0]["quantity"] = max(quantity, lines[0].get("quantity", 1))
        while len(lines) < min(least_of(asked, "order.line_count") or 1, 50):
            lines.append(dict(lines[-1]))
        order: dict[str, Any] = {}
        for name in ("location", "channel"):
            value = self._value(asked, f"order.{name}")
            if value is not None:
                order[name] = value
        redeemer = self._values(asked, "redeemer.")
        if redeemer:
            order["redeemer"] = redeemer
        codes = value_of(asked, "order.codes")
        if codes is not None:
            order["codes"] = [codes]
        attributes = self._values(asked, "order.attributes.")
        if attributes:
            order["attributes"] = attributes
        member = {
            name: value
            for name, value in self._values(asked, "member.").items()
            if name in self.program.declarations.member
        }
        event = {
            one.fact.removeprefix("event."): value_of(asked, one.fact)
            for one in asked
            if one.fact.startswith("event.")
        }
        return Shape(
            tuple(lines),
            order,
            member,
            {name: value for name, value in event.items() if value is not None},
            _larger(least_of(asked, "order.total"), least_of(asked, "order.gross")),
            _smaller(most_of(asked, "order.total"), most_of(asked, "order.gross")),
            tuple(one for one in asked if one.fact.startswith("now.")),
            schedules,
        )

    def _line(self, asked: tuple[Asked, ...]) -> dict[str, Any]:
        line: dict[str, Any] = {"sku": value_of(asked, "line.sku") or "item"}
        if not isinstance(line["sku"], str):
            line["sku"] = "item"
        categories = value_of(asked, "line.categories")
        if isinstance(categories, str):
            line["categories"] = [categories]
        brand = value_of(asked, "line.brand", ("other",))
        if isinstance(brand, str):
            line["brand"] = brand
        quantity = least_of(asked, "line.quantity")
        if quantity:
            line["quantity"] = quantity
        attributes = self._values(asked, "line.attributes.")
        return line | ({"attributes": attributes} if attributes else {})

    def _value(self, asked: tuple[Asked, ...], fact: str) -> Scalar:
        known = self.facts.find(fact)
        return value_of(asked, fact, (*(known.values if known else ()), "other"))

    def _values(self, asked: tuple[Asked, ...], prefix: str) -> dict[str, Scalar]:
        names = {one.fact for one in asked if one.fact.startswith(prefix)}
        found = {name.removeprefix(prefix): self._value(asked, name) for name in sorted(names)}
        return {name: value for name, value in found.items() if value is not None}

    def moment(self, shape: Shape, after: Instant | None = None) -> Instant | None:
        """Return a moment at or after ``after`` that is right for the shape, or None within 400 days."""
        start = self.at if after is None else after
        if not shape.schedules and not shape.times:
            return start
        tests = [schedule_applies(schedule, self.zone) for schedule in shape.schedules]
        for day in range(_DAYS_LOOKED_AHEAD):
            for hour in _HOURS:
                at = start - start % DAY + day * DAY + hour * HOUR
                if at >= start and all(test(at, None, None) for test in tests) and self._in_time(shape, at):
                    return at
        return None

    def _in_time(self, shape: Shape, at: Instant) -> bool:
        now = now_at(at, self.zone)
        for one in shape.times:
            value: Any = getattr(now, one.fact.removeprefix("now."), None)
            if compare(value, one.operator, one.operand) is not one.surely:
                return False
        return True

    def join(self, play: Play, customer: str, at: Instant, shape: Shape) -> None:
        """Let a customer of this shape join."""
        if shape.member:
            play.do(at, customer, attributes=dict(shape.member))
        play.do(at, customer, join=True)


def month_spend(program: Program, assumptions: Assumptions) -> Minor:
    """Return what a good customer spends in a month, in minor units of the program's currency."""
    return assumptions.month_spend or 2_000 * 10 ** decimals(program.currency)


def _given(*schedules: Schedule | None) -> tuple[Schedule, ...]:
    return tuple(each for each in schedules if each is not None)


def _numbers(value: object) -> Iterator[int]:
    if isinstance(value, bool):
        return
    if isinstance(value, int):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _numbers(part)
    elif isinstance(value, list):
        for part in value:
            yield from _numbers(part)


def _larger(one: int | None, other: int | None) -> int | None:
    return max((each for each in (one, other) if each is not None), default=None)


def _smaller(one: int | None, other: int | None) -> int | None:
    return min((each for each in (one, other) if each is not None), default=None)
