"""What is odd about a condition that is valid: it can never hold, always holds, or contradicts itself.

These are warnings: a marketer may go on. Each is certain; not every such condition is found. What is looked
at are the values that facts may have, single ones and those that belong together: dates with weekdays and
months, times with hours, tiers with their places, and what only members have.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import combinations

import msgspec

from perennial.core.conditions.check import Place
from perennial.core.conditions.value_domain import Domain, both, compared, either
from perennial.core.conditions.words import describe
from perennial.core.dates.periods import WEEKDAYS
from perennial.core.facts import Fact, FactSource, FactTable, FactType
from perennial.core.language import Language
from perennial.core.languages import ENGLISH
from perennial.core.problems import join_path
from perennial.core.terms.conditions import (
    All,
    AnyOf,
    Compare,
    Condition,
    History,
    LineMeasure,
    LinesMatch,
    LinesTotal,
    Measure,
    Not,
    Operator,
    Quantifier,
)
from perennial.core.terms.figures import Take

Key = tuple[str, str]
"""The fact or the figure, and for a list of texts the member that is asked for."""

Domains = dict[Key, Domain]

_RANGES: dict[str, tuple[int | str, int | str | None]] = {
    "now.hour": (0, 23),
    "now.day": (1, 31),
    "now.month": (1, 12),
    "now.time": ("00:00", "23:59"),
    "member.birthday_month": (1, 12),
    "member.birthday_day": (1, 31),
    "member.referral_count": (0, None),
    "order.line_count": (0, None),
    "order.quantity": (0, None),
    "order.shipping": (0, None),
    "order.tax": (0, None),
    "line.quantity": (0, None),
}
_COUNTS = (Measure.ORDERS_COUNT, Measure.EVENTS_COUNT)
_OF_MEMBERS = ("tier", "joined_on", "joined_days", "joined_years", "is_anniversary")
_CALENDAR = ("date", "weekday", "day", "month", "year")
_CYCLE = 28
_FIRST_YEAR = 2024


class Flaw(msgspec.Struct, frozen=True):
    """Something odd: where, a stable code, words, and for a contradiction the other part."""

    path: str
    code: str
    words: str
    other: str | None = None


def flaws_of(
    condition: Condition, facts: FactTable, place: Place, path: str = "", language: Language = ENGLISH
) -> list[Flaw]:
    """Return what is odd about a condition without problems; ``path`` leads to it.

    Conditions are said in ``language``, what is odd about them in English; see
    ``core/explaining/retelling.py``.
    """
    return _Search(facts, place, language, condition).look(condition, path)


class _Search:
    """Looks through one condition. ``None`` stands for domains of which one is empty: impossible."""

    def __init__(self, facts: FactTable, place: Place, language: Language, condition: Condition) -> None:
        self._language = language
        self._facts = facts
        self._place = place
        self._known: dict[tuple[int, bool], Domains | None] = {}
        self._nowhere = set(_nowhere(condition, False))

    def look(self, node: Condition, path: str) -> list[Flaw]:
        """Return the flaws of a node: its own, or those below it."""
        if self._domains(node, True) is None:
            return self._never(node, path)
        if self._domains(node, False) is None:
            words = f"this always holds: {self._say(node)}"
            return [Flaw(path, "always_holds", words)]
        return [flaw for part, at in _parts(node, path) for flaw in self.look(part, at)]

    def _never(self, node: Condition, path: str) -> list[Flaw]:
        """Return why a node never holds: at the smallest parts that tell."""
        below = [(part, at) for part, at in _parts(node, path) if self._domains(part, True) is None]
        if below and not isinstance(node, Not):
            return [flaw for part, at in below for flaw in self._never(part, at)]
        if isinstance(node, All):
            for (first, here), (second, there) in combinations(_parts(node, path), 2):
                if self._together((first, second), True) is None:
                    words = f"this contradicts {here}: {self._say(second)}, but {self._say(first)}"
                    return [Flaw(there, "contradicts", words, here)]
        words = f"this can never hold: {self._say(node)}"
        return [Flaw(path, "never_holds", words)]

    def _say(self, node: Condition) -> str:
        said = describe(node, self._facts, self._place.event, self._language)
        return said if len(said) <= 300 else f"{said[:300]}…"

    def _domains(self, node: Condition, holds: bool) -> Domains | None:
        """Return what is possible if ``node`` holds, or does not hold; None if it cannot come out so."""
        key = id(node), holds
        if key not in self._known:
            self._known[key] = self._work_out(node, holds)
        return self._known[key]

    def _work_out(self, node: Condition, holds: bool) -> Domains | None:
        match node:
            case All(of) | AnyOf(of):
                if isinstance(node, All) is holds:
                    return self._together(of, holds)
                return self._some(self._domains(part, holds) for part in of)
            case Not(of):
                return self._domains(of, not holds)
            case LinesMatch(quantifier, where):
                one = quantifier in (Quantifier.ANY, Quantifier.CHEAPEST, Quantifier.MOST_EXPENSIVE)
                return None if holds and one and self._domains(where, True) is None else {}
            case LinesTotal(measure, where, operator, operand):
                base = Domain(self._place.event != "order.paid")
                if measure is not LineMeasure.SUM:
                    base = msgspec.structs.replace(base, low=0)
                name = f"lines {measure} {where!r}"
                return _one((name, ""), both(base, _compared(operator, operand, holds)))
            case History(measure, where, event, attribute, wallet, window, operator, operand):
                base = Domain(missing=False, low=0 if measure in _COUNTS else None)
                name = repr((measure, where, event, attribute, wallet, window))
                return _one((name, ""), both(base, _compared(operator, operand, holds)))
            case Compare():
                return self._of_fact(node, holds)

    def _of_fact(self, node: Compare, holds: bool) -> Domains | None:
        fact = self._facts.find(node.fact, self._place.event)
        if fact is None:
            return {}
        if fact.type is FactType.TEXTS:
            return _of_list(node, holds)
        base = self._base(fact)
        asked = compared(fact.type, node.operator, node.operand, holds=holds)
        if node.operator is Operator.WITHIN:
            asked = msgspec.structs.replace(asked, missing=(id(node), holds) in self._nowhere)
        return _one((fact.name, ""), both(base, asked))

    def _base(self, fact: Fact) -> Domain:
        """Return what is possible of a fact before anything is compared."""
        missing = fact.optional or (
            fact.source in (FactSource.ORDER, FactSource.LOCATION) and self._place.event != "order.paid"
        )
        if fact.type is FactType.BOOLEAN:
            return Domain(missing, frozenset({True, False}))
        if fact.values:
            return Domain(missing, frozenset(fact.values))
        if fact.name == "member.tier_level":
            return Domain(missing, frozenset(range(len(self._facts.tiers) + 1)))
        low, high = (
            _RANGES.get(fact.name, (None, None)) if fact.attribute is None or fact.of else (None, None)
        )
        if fact.name in _RANGES and not fact.declared:
            low, high = _RANGES[fact.name]
        # What is owed lies below zero; so does what a return takes back of what another account had earned.
        if fact.wallet is not None and not fact.name.endswith((".balance", ".available", ".earned")):
            low = 0
        if fact.challenge is not None or (fact.computed is not None and _is_count(fact)):
            low = 0
        return Domain(missing, None, low, high)

    def _together(self, nodes: tuple[Condition, ...], holds: bool) -> Domains | None:
        """Return what is possible if all of these hold, or if none does.

        Of those that have alternatives some alternative must go together with all the others.
        """
        found = self._all(self._domains(node, holds) for node in nodes)
        if found is None:
            return None
        for choice in (choice for node in nodes for choice in _choices(node, holds)):
            known = [self._domains(part, wanted) for part, wanted in choice]
            if known and all(each is None or self._all([found, each]) is None for each in known):
                return None
        return found

    def _all(self, parts: Iterable[Domains | None]) -> Domains | None:
        """Return what is possible if all these hold."""
        found: Domains = {}
        for part in parts:
            if part is None:
                return None
            for key, domain in part.items():
                found[key] = both(found[key], domain) if key in found else domain
                if found[key].is_empty:
                    return None
        return found if self._can_be_together(found) else None

    def _some(self, parts: Iterable[Domains | None]) -> Domains | None:
        """Return what is possible if at least one of these holds."""
        possible = [part for part in parts if part is not None]
        if not possible:
            return None
        found = dict(possible[0])
        for part in possible[1:]:
            found = {key: either(domain, part[key]) for key, domain in found.items() if key in part}
        return found

    # What belongs together

    def _can_be_together(self, found: Domains) -> bool:
        return (
            _can_be_a_day(found)
            and _can_be_a_minute(found)
            and _can_be_a_birthday(found)
            and self._can_be_a_tier(found)
        )

    def _can_be_a_tier(self, found: Domains) -> bool:
        joined, tier, level = (found.get((f"member.{name}", "")) for name in ("joined", "tier", "tier_level"))
        if joined is not None and not joined.allows(True):
            known = [found.get((f"member.{name}", "")) for name in _OF_MEMBERS]
            if any(domain is not None and not domain.missing for domain in known):
                return False
            return level is None or level.allows(0)
        if tier is None or level is None:
            return True
        if tier.missing and level.allows(0):
            return True
        rows = enumerate(self._facts.tiers, 1)
        return any(tier.allows(name) and level.allows(place) for place, name in rows)


def _choices(node: Condition, holds: bool) -> list[list[tuple[Condition, bool]]]:
    """Return the choices that a node is made of if it comes out so: of each at least one part must."""
    match node:
        case Not(of):
            return _choices(of, not holds)
        case All(of) | AnyOf(of) if isinstance(node, AnyOf) is holds:
            return [[(part, holds) for part in of]]
        case All(of) | AnyOf(of):
            return [choice for part in of for choice in _choices(part, holds)]
        case _:
            return []


def _parts(node: Condition, path: str) -> list[tuple[Condition, str]]:
    """Return the parts of a node with their paths."""
    match node:
        case All(of) | AnyOf(of):
            name = "all" if isinstance(node, All) else "any"
            return [(part, join_path(path, f"{name}[{i}]")) for i, part in enumerate(of)]
        case Not(of):
            return [(of, join_path(path, "not"))]
        case LinesMatch(_, where) | LinesTotal(_, where) | History(_, where):
            return [] if where is None else [(where, join_path(path, "where"))]
        case Compare():
            return []


def _nowhere(node: Condition, comes_to: bool) -> Iterator[tuple[int, bool]]:
    """Yield every ``within`` with what it comes to where the place is missing: see ``condition_walk``."""
    match node:
        case Compare(_, Operator.WITHIN, _):
            yield id(node), comes_to
        case Not(of) | LinesMatch(Quantifier.NONE, of):
            yield from _nowhere(of, not comes_to)
        case _:
            for part, _path in _parts(node, ""):
                yield from _nowhere(part, comes_to)


def _one(key: Key, domain: Domain) -> Domains | None:
    return None if domain.is_empty else {key: domain}


def _compared(operator: Operator, operand: object, holds: bool) -> Domain:
    return compared(FactType.INTEGER, operator, operand, holds=holds)  # type: ignore[arg-type]


def _of_list(node: Compare, holds: bool) -> Domains | None:
    """Return what is known of the members of a list: each is in it, or not."""
    members = node.operand if isinstance(node.operand, tuple) else (node.operand,)
    match node.operator:
        case Operator.CONTAINS:
            inside = holds
        case Operator.IN if not holds or len(members) == 1:
            inside = holds
        case Operator.NOT_IN if holds or len(members) == 1:
            inside = not holds
        case _:
            return {}
    return {(node.fact, str(member)): Domain(missing=False, values=frozenset({inside})) for member in members}


def _is_count(fact: Fact) -> bool:
    assert fact.computed is not None, "asked of computed facts"
    first, single = fact.computed.figures[0], len(fact.computed.figures) == 1
    return fact.type is FactType.INTEGER and (
        first.take is not Take.SUM or (single and first.measure is Measure.ORDERS_COUNT)
    )


def _can_be_a_day(found: Domains) -> bool:
    """Whether some day has the date, the weekday, the month and so on that are asked for."""
    asked = {name: found[f"now.{name}", ""] for name in _CALENDAR if (f"now.{name}", "") in found}
    if len(asked) < 2:
        return True
    days = _days(asked)
    return days is None or any(
        all(domain.allows(_of_day(name, date.fromordinal(day))) for name, domain in asked.items())
        for day in days
    )


def _days(asked: dict[str, Domain]) -> Iterable[int] | None:
    """Return the ordinals of days among which one must fit if any does; None if these are too many.

    Within 28 years, outside of a century's end, every day of a month falls on every weekday.
    """
    on, year = asked.get("date", Domain()), asked.get("year", Domain())
    if year.values is not None:
        years = sorted(int(each) for each in year.values)
        if len(years) > _CYCLE or not all(1 <= each <= 9_999 for each in years):
            return None
        return [day for each in years for day in range(date(each, 1, 1).toordinal(), _last_of(each) + 1)]
    if on.values is not None:
        return sorted(date.fromisoformat(str(each)).toordinal() for each in on.values)
    low = None if on.low is None else date.fromisoformat(str(on.low)).toordinal()
    high = None if on.high is None else date.fromisoformat(str(on.high)).toordinal()
    if low is not None and high is not None and high - low <= _CYCLE * 366:
        return range(low, high + 1)
    if year.low is not None or year.high is not None or low is not None or high is not None:
        return None
    return range(date(_FIRST_YEAR, 1, 1).toordinal(), _last_of(_FIRST_YEAR + _CYCLE - 1) + 1)


def _last_of(year: int) -> int:
    return date(year, 12, 31).toordinal()


def _of_day(name: str, day: date) -> str | int:
    match name:
        case "date":
            return day.isoformat()
        case "weekday":
            return WEEKDAYS[day.weekday()]
        case _:
            value: int = getattr(day, name)
            return value


def _can_be_a_minute(found: Domains) -> bool:
    time, hour = found.get(("now.time", "")), found.get(("now.hour", ""))
    if time is None or hour is None:
        return True
    return any(
        hour.allows(minute // 60) and time.allows(f"{minute // 60:02}:{minute % 60:02}")
        for minute in range(1_440)
    )


def _can_be_a_birthday(found: Domains) -> bool:
    month, day = found.get(("member.birthday_month", "")), found.get(("member.birthday_day", ""))
    if month is None or day is None or month.missing or day.missing:
        return True
    year = (date(_FIRST_YEAR, 1, 1) + timedelta(days=step) for step in range(366))
    return any(month.allows(each.month) and day.allows(each.day) for each in year)
