"""A rule or message that can never fire."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar

from perennial.core.dates.occurrences import open_between
from perennial.core.dates.schedule import Schedule, life_of
from perennial.core.document.program import Campaign
from perennial.core.facts import FactType
from perennial.core.flaws.flaw import Flaw, FlawKind
from perennial.core.flaws.play import Play, awards_of, messages_of
from perennial.core.flaws.search import Search, Shape
from perennial.core.kinds.message import Message
from perennial.core.terms.alternatives import Asked, Way, Ways, both, contradiction, ways_of
from perennial.units import DAY, Instant

_HORIZON = 5 * 366 * DAY


class RuleNeverFires(FlawKind):
    """An earning rule or message whose conditions exclude each other, or whose time never comes.

    What excludes the rule is found in its words, and then played: one event for each way in which the rule
    might have fired, and for each part of its times, and it does not.
    """

    name: ClassVar[str] = "rule_never_fires"
    title: ClassVar[str] = "A rule can never fire"
    example: ClassVar[str] = """\
earning_rules:
  - id: large
    type: fixed
    points: 100
    when: {all: [{fact: order.total, at_least: 5000}, {fact: order.total, less_than: 4000}]}
"""

    def find(self, search: Search) -> Flaw | None:
        """Look at every rule and message, and play the first that cannot fire."""
        for field, parts in (("earning_rules", search.rules()), ("messages", search.messages())):
            for index, (campaign, part) in enumerate(parts):
                path = f"{field}[{index}]"
                if campaign is not None:
                    number = search.program.campaigns.index(campaign)
                    path = f"campaigns[{number}].{field}[{getattr(campaign, field).index(part)}]"
                why = self._why_never(search, campaign, part)
                found = None if why is None else self._played(search, campaign, part, path, why)
                if found is not None:
                    return found
        return None

    def _why_never(self, search: Search, campaign: Campaign | None, rule: Any) -> str | None:
        """Return why the rule cannot fire for sure, in words; None: it may."""
        given = _schedules(campaign, rule)
        if given and not self._ever_open(search, given):
            return "its time never comes"
        single = _of_one_value(search, rule.trigger)
        for ways in (self._ways(campaign, rule), ways_of(rule.lines)):
            pairs = [_contradiction(way, single) for way in ways.of]
            if ways.complete and pairs and all(pair is not None for pair in pairs):
                first, second = next(pair for pair in pairs if pair is not None)
                return f"{_words(first)} and {_words(second)} exclude each other"
        return None

    def _ways(self, campaign: Campaign | None, rule: Any) -> Ways:
        when = ways_of(rule.when)
        return when if campaign is None else both(when, ways_of(campaign.when))

    def _ever_open(self, search: Search, schedules: list[Schedule]) -> bool:
        """Return whether the schedules are open at one time from the search's instant on."""
        if any(each.birthday or each.anniversary for each in schedules):
            schedules = [each for each in schedules if not (each.birthday or each.anniversary)]
        version = search.empty.versions[-1]
        first, last = search.at, version.ends or search.at + _HORIZON
        for schedule in schedules:
            starts, _ = life_of(schedule, search.zone)
            first = max(first, starts or first)
        last = max(last, first) if version.ends is not None else max(last, first + _HORIZON)
        return bool(open_between(schedules, search.zone, first, last, most=1))

    def _played(
        self, search: Search, campaign: Campaign | None, rule: Any, path: str, why: str
    ) -> Flaw | None:
        play = search.play()
        shapes = [
            shape
            for way in both(self._ways(campaign, rule), ways_of(rule.lines, of_line=True)).of or (Way(),)
            if (shape := search.shape_of(way)) is not None
        ]
        people = {f"customer-{number}": shape for number, shape in enumerate([Shape(), *shapes])}
        for at in self._moments(search, _schedules(campaign, rule)):
            for name, shape in people.items():
                if at == search.at:
                    search.join(play, name, at, shape)
                for report in self._attempts(search, play, name, at, rule, shape):
                    if rule.id in _fired(rule, report):
                        return None
                    play.expect(**_expected(rule, report))
        words = f"The rule {rule.id} can never fire: {why}"
        if isinstance(rule, Message):
            words = f"The message {rule.id} can never fire: {why}"
        return search.flaw(self.name, path, words, play)

    def _moments(self, search: Search, schedules: list[Schedule]) -> list[Instant]:
        """Return when it is played: at once, and as soon as each part of its times applies by itself."""
        parts = [part for schedule in schedules for part in _parts(schedule)]
        moments = (search.moment(Shape(schedules=(part,))) for part in parts)
        return sorted({search.at, *(at for at in moments if at is not None)})

    def _attempts(
        self, search: Search, play: Play, name: str, at: Instant, rule: Any, shape: Shape
    ) -> list[Any]:
        if rule.trigger in search.program.declarations.events:
            return [play.do(at, name, event={"type": rule.trigger, "attributes": dict(shape.event)})]
        amounts = search.amounts_for(shape) or [search.least_price]
        tried = {amounts[0], amounts[len(amounts) // 2], amounts[-1]}
        reports = []
        for amount in sorted(tried):
            reports.append(play.order(at, name, shape.priced(amount)))
            play.expect(**_expected(rule, reports[-1]))
        return reports


def _fired(part: Any, report: Any) -> Collection[str]:
    """Return the rules that gave something in a step, or the messages that it sent, as ``part`` is one."""
    return messages_of(report) if isinstance(part, Message) else awards_of(report)


def _expected(part: Any, report: Any) -> dict[str, Any]:
    """Return what a case expects of a step in which a rule or message did not fire."""
    return {"messages" if isinstance(part, Message) else "awards": _fired(part, report)}


def _schedules(campaign: Campaign | None, rule: Any) -> list[Schedule]:
    both_of = [rule.schedule, campaign.schedule if campaign is not None else None]
    return [schedule for schedule in both_of if schedule is not None]


def _parts(schedule: Schedule) -> list[Schedule]:
    """Return what a schedule asks for, one thing each; what goes by the member's own days is left out."""
    parts = [
        Schedule(starts=schedule.starts, ends=schedule.ends),
        Schedule(windows=schedule.windows),
        Schedule(rrule=schedule.rrule, rrule_start=schedule.rrule_start, duration=schedule.duration),
        Schedule(holidays=schedule.holidays),
    ]
    return [part for part in parts if part != Schedule()]


def _of_one_value(search: Search, trigger: str) -> frozenset[str]:
    """Return the facts that have one value at a time: everything but lists."""
    facts = search.facts
    names = facts.names(trigger)
    found = [(name, facts.find(name, trigger)) for name in names]
    return frozenset(name for name, fact in found if fact is not None and fact.type is not FactType.TEXTS)


def _contradiction(way: Way, single: frozenset[str]) -> tuple[Asked, Asked] | None:
    """Return two comparisons of the same thing, or of one of the lines, that exclude each other."""
    of_lines = (some + way.every for some in way.lines)
    found = (contradiction(asked, single) for asked in (way.asked, *of_lines))
    return next((pair for pair in found if pair is not None), None)


def _words(asked: Asked) -> str:
    operand = ", ".join(map(str, asked.operand)) if isinstance(asked.operand, tuple) else str(asked.operand)
    return f"{asked.fact} {asked.operator.value.replace('_', ' ')} {operand}"
