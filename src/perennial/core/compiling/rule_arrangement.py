"""How the tests of many rules are arranged, so that most rules of an order are never looked at.

Tests are pure and never fail, so their order does not matter to the result. Within a rule the cheap
ones come first. Rules that share an equality (``order.location is store-7``) stand together under one
test of it; so do rules that look something up in a table which is empty for most orders. Rules that are
alive at about the same time stand together under one test of that time. What fired is put into the order
of the document at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec

from perennial.units import Instant

_FEW = 3
"""So few lives are asked one after the other."""

_FOREVER: Instant = 1 << 63
"""Further away than any instant."""


class Test(msgspec.Struct, frozen=True):
    """A test as source. ``cost`` orders the tests of a rule, cheap ones first.

    ``subject`` is set for an equality with a constant: what is compared. ``since`` or ``until`` is set for a
    test of the time: the first instant at which it holds, or at which it does not hold any more.
    """

    text: str
    cost: int = 0
    subject: str | None = None
    since: Instant | None = None
    until: Instant | None = None


class RuleSource(msgspec.Struct, frozen=True):
    """A rule as source: all ``tests`` must hold for its ``action``, a statement, to be done."""

    index: int
    tests: tuple[Test, ...]
    action: str


def arrange(rules: Sequence[RuleSource]) -> list[str]:
    """Return the statements that do the action of every rule that fires, in any order."""
    groups = _groups(rules)
    together: dict[str, list[RuleSource]] = {}
    for rule in rules:
        shared = groups.get(rule.index)
        if shared is not None:
            together.setdefault(shared, []).append(rule)
    body: list[str] = []
    for test, of_group in together.items():
        body += _under([test], _by_life(of_group, test))
    return body + _by_life([rule for rule in rules if rule.index not in groups])


def _groups(rules: Iterable[RuleSource]) -> dict[int, str]:
    """Return the test under which a rule stands, by the rule's index, for those that share one.

    Of several equalities that a rule shares with others the one is taken whose subject is compared
    with the most values: it holds for the fewest orders.
    """
    users: dict[str, int] = {}
    values: dict[str, set[str]] = {}
    for rule in rules:
        for test in rule.tests:
            if test.subject is not None:
                users[test.text] = users.get(test.text, 0) + 1
                values.setdefault(test.subject, set()).add(test.text)
    groups = {}
    for rule in rules:
        shared = [test for test in rule.tests if test.subject is not None and users[test.text] > 1]
        if shared:
            best = max(shared, key=lambda test: len(values[test.subject or ""]))
            groups[rule.index] = best.text
    return groups


class _Life(msgspec.Struct, frozen=True):
    """The tests of the time that must hold, of which there may be none."""

    since: Test | None = None
    until: Test | None = None

    @property
    def begins(self) -> Instant:
        """When it begins: a life that always was comes first."""
        return -_FOREVER if self.since is None or self.since.since is None else self.since.since

    @property
    def ends(self) -> Instant:
        """When it ends: a life without an end comes last."""
        return _FOREVER if self.until is None or self.until.until is None else self.until.until

    def tests(self) -> list[str]:
        """Return the tests as source."""
        return [test.text for test in (self.since, self.until) if test is not None]


_Alike: TypeAlias = tuple[_Life, list[str]]
"""A life, and the statements of all rules that have it."""


def _by_life(rules: Sequence[RuleSource], given: str | None = None) -> list[str]:
    """Return the statements of some rules, where the test ``given`` is already known to hold."""
    alike: dict[tuple[Instant, Instant], _Alike] = {}
    for rule in rules:
        life = _life_of(rule)
        _, statements = alike.setdefault((life.begins, life.ends), (life, []))
        statements += _write(rule, given)
    always = alike.pop((-_FOREVER, _FOREVER), None)
    body = [] if always is None else always[1]
    return body + _within(list(alike.values()), by_end=True)


def _life_of(rule: RuleSource) -> _Life:
    """Return between which instants a rule is alive: within every schedule that it has."""
    since = [test for test in rule.tests if test.since is not None]
    until = [test for test in rule.tests if test.until is not None]
    return _Life(
        max(since, key=lambda test: test.since or 0, default=None),
        min(until, key=lambda test: test.until or 0, default=None),
    )


def _within(alike: list[_Alike], *, by_end: bool) -> list[str]:
    """Return the statements of lives that differ: half of them under one test of the time, again and again.

    They are split by their ends and their beginnings in turn, so that what is over is left at once, and
    what has not begun.
    """
    if len(alike) <= _FEW:
        return [line for life, statements in alike for line in _under(life.tests(), statements)]
    alike.sort(key=lambda one: one[0].ends if by_end else one[0].begins)
    middle = len(alike) // 2
    body: list[str] = []
    for part in (alike[:middle], alike[middle:]):
        lives = [life for life, _ in part]
        first = min(lives, key=lambda life: life.begins)
        last = max(lives, key=lambda life: life.ends)
        body += _under(_Life(first.since, last.until).tests(), _within(part, by_end=not by_end))
    return body


def _under(tests: list[str], statements: list[str]) -> list[str]:
    """Return statements under the tests that must all hold."""
    if not tests:
        return statements
    return [f"if {' and '.join(tests)}:", *(f"    {line}" for line in statements)]


def _write(rule: RuleSource, given: str | None) -> list[str]:
    """Return the statements of one rule, where ``given`` and the tests of the time are known to hold."""
    tests = [
        test.text
        for test in sorted(rule.tests, key=lambda test: test.cost)
        if test.text != given and test.since is None and test.until is None
    ]
    return _under(tests, [rule.action])
