"""What a validation knows while it looks at a program, and what it found."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from perennial.core.conditions.check import Place, check
from perennial.core.dates.schedule import Schedule, Span, check_schedule
from perennial.core.document.program import MultiplierSpec, Program
from perennial.core.facts import BUILT_IN_EVENTS, FactTable, fact_table
from perennial.core.problems import Problem, join_path
from perennial.core.terms.conditions import Condition


class Findings:
    """The names that a program declares, and the problems found so far.

    ``conditions`` are those without problems, each with its path and its place.
    """

    def __init__(self, program: Program, zone: ZoneInfo) -> None:
        self.program = program
        self.zone = zone
        self.problems: list[Problem] = []
        self.conditions: list[tuple[str, Condition, Place]] = []
        self.facts: FactTable = fact_table(program)
        self.wallets = [wallet.id for wallet in program.wallets]
        self.tiers = [tier.id for tier in program.tiers.levels] if program.tiers else []
        self.shared_limits = [limit.id for limit in program.limits]
        self.rules = [rule.id for rule in program.earning_rules]
        self.rules += [rule.id for campaign in program.campaigns for rule in campaign.earning_rules]
        self.triggers = [*BUILT_IN_EVENTS, *program.declarations.events]

    def add(self, path: str, code: str, words: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(path, code, words))

    def known(self, path: str, what: str, name: str, names: Iterable[str]) -> bool:
        """Note a problem if ``name`` is none of ``names``."""
        if name in (choices := list(names)):
            return True
        listed = f"; this program has {', '.join(choices[:20])}" if choices else "; this program has none"
        self.add(path, "unknown_reference", f'there is no {what} "{name}"{listed}')
        return False

    def all_known(self, path: str, what: str, given: Iterable[str], names: Iterable[str]) -> None:
        """Note a problem for every name that is unknown or given twice; ``path`` is that of the list."""
        choices = list(names)
        seen: set[str] = set()
        for index, name in enumerate(given):
            self.known(f"{path}[{index}]", what, name, choices)
            if name in seen:
                self.add(f"{path}[{index}]", "duplicate", f'{what} "{name}" is named twice')
            seen.add(name)

    def unique(self, paths: Iterable[tuple[str, str]], what: str) -> None:
        """Note a problem for every id that was there before; pairs of path and id."""
        seen: dict[str, str] = {}
        for path, name in paths:
            if name in seen:
                words = f'the id "{name}" is used by another {what} already ({seen[name]})'
                self.add(join_path(path, "id"), "duplicate_id", words)
            seen.setdefault(name, path)

    def wallet(self, path: str, wallet: str | None) -> None:
        """Note a problem if the wallet is unknown, or not named where there are several."""
        if wallet is not None:
            self.known(join_path(path, "wallet"), "wallet", wallet, self.wallets)
        elif len(self.wallets) > 1:
            words = f"name the wallet: this program has {', '.join(self.wallets)}"
            self.add(join_path(path, "wallet"), "wallet_needed", words)

    def span(self, path: str, span: Span | None) -> None:
        """Note a problem if the span is there, but empty."""
        if span is not None and span == Span():
            self.add(path, "empty_span", "a span needs a length, such as {days: 30}")

    def multiplier(self, path: str, spec: MultiplierSpec | None) -> None:
        """Check what a multiplier refers to."""
        if spec is not None:
            self.all_known(join_path(path, "rules"), "rule", spec.rules, self.rules)
            if spec.wallet is not None:
                self.known(join_path(path, "wallet"), "wallet", spec.wallet, self.wallets)

    def condition(self, path: str, condition: Condition | None, place: Place) -> None:
        """Check a condition that stands at ``place``."""
        if condition is not None:
            problems = check(condition, self.facts, place, path)
            self.problems += problems
            if not problems:
                self.conditions.append((path, condition, place))

    def schedule(self, path: str, schedule: Schedule | None) -> None:
        """Check a schedule in the program's zone."""
        if schedule is not None:
            self.problems += [problem.under(path) for problem in check_schedule(schedule, self.zone)]
