"""How the tests of many rules are arranged, so that most rules of an order are never looked at.

Tests are pure and never fail, so their order does not matter to the result. Within a rule the cheap
ones come first. Rules that share an equality (``order.location is store-7``) stand together under one
test of it; so do rules that look something up in a table which is empty for most orders. What fired is
put into the order of the document at the end.
"""

from __future__ import annotations

import msgspec


class Test(msgspec.Struct, frozen=True):
    """A test as source. ``cost`` orders the tests of a rule, cheap ones first.

    ``subject`` is set for an equality with a constant: what is compared.
    """

    text: str
    cost: int = 0
    subject: str | None = None


class RuleSource(msgspec.Struct, frozen=True):
    """A rule as source: all ``tests`` must hold for ``basket`` to be handed over."""

    index: int
    tests: tuple[Test, ...]
    basket: str


def arrange(rules: list[RuleSource]) -> list[str]:
    """Return the statements that append ``(index, basket)`` of every rule that fires to ``fired``."""
    groups = _groups(rules)
    body: list[str] = []
    written: set[str] = set()
    for rule in rules:
        shared = groups.get(rule.index)
        if shared is None:
            body += _write(rule)
        elif shared not in written:
            written.add(shared)
            body.append(f"if {shared}:")
            for other in rules:
                if groups.get(other.index) == shared:
                    body += [f"    {line}" for line in _write(other, shared)]
    return [*body, "fired.sort()"] if groups else body


def _groups(rules: list[RuleSource]) -> dict[int, str]:
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


def _write(rule: RuleSource, given: str | None = None) -> list[str]:
    """Return the statements of one rule, where the test ``given`` is already known to hold."""
    tests = [test for test in sorted(rule.tests, key=lambda test: test.cost) if test.text != given]
    action = f"fired.append(({rule.index}, {rule.basket}))"
    if not tests:
        return [action]
    return [f"if {' and '.join(test.text for test in tests)}:", f"    {action}"]
