"""One attempt of the finder: things happen to a program one after the other, and are written down.

What was played becomes a case file. It is a proof only if it passes there as it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from perennial.core.case import Step
from perennial.core.cases.case_file import Case, read_case
from perennial.core.cases.cases import CasePlayer, StepReport, run_case
from perennial.core.decision import sent_by
from perennial.core.document.document import render
from perennial.core.document.program import GIFT_CARDS
from perennial.core.rehearsal.conversions import ConversionRehearsal
from perennial.core.rehearsal.rehearsal import PROGRAM_ID
from perennial.units import Instant, Points, format_instant


class TooMuchPlayedError(Exception):
    """The search for one kind of flaw has used up its steps."""


class Played:
    """How many steps may still be played, unless ``stop`` says that it is enough."""

    def __init__(self, left: int, stop: Callable[[], bool] | None = None) -> None:
        self.left = left
        self._stop = stop

    def count(self) -> None:
        """Count one step; raise :class:`TooMuchPlayedError` if there is none left."""
        if self.left <= 0 or (self._stop is not None and self._stop()):
            raise TooMuchPlayedError
        self.left -= 1


class Play:
    """Steps that are played and written down. Points of a program with several wallets go by wallet."""

    def __init__(self, document: dict[str, Any], empty: ConversionRehearsal, played: Played) -> None:
        self._case = Case("", "", empty.versions[-1].program, document, ())
        self._player = CasePlayer(self._case, empty.from_the_start())
        self._played = played
        self._orders = 0
        self.rehearsal = self._player.rehearsal
        self.steps: list[dict[str, Any]] = []

    def do(self, at: Instant, customer: str, **deed: Any) -> StepReport:
        """Let one thing happen; ``deed`` is that of a case file (``given_back``: a return)."""
        self._played.count()
        step: dict[str, Any] = {"at": format_instant(at), "customer": customer}
        step |= {{"given_back": "return", "name": "as"}.get(name, name): part for name, part in deed.items()}
        self.steps.append(step)
        return self._player.play(msgspec.convert(step, Step), len(self.steps))

    def forget(self) -> None:
        """Leave the last step out of what is written down: it changed nothing."""
        self.steps.pop()

    def order(self, at: Instant, customer: str, order: dict[str, Any]) -> StepReport:
        """Let an order be paid, under the next free id."""
        self._orders += 1
        return self.do(at, customer, order={"id": f"order-{self._orders}", **order})

    @property
    def last_order(self) -> str:
        """The id of the last order."""
        return f"order-{self._orders}"

    def wait(self, at: Instant, customer: str) -> None:
        """Let time pass for everybody."""
        self.do(at, customer)

    def expect(self, **figures: Any) -> None:
        """Write down what the last step must lead to."""
        expected = self.steps[-1].setdefault("expect", {})
        expected |= {name: figure for name, figure in figures.items() if figure is not None}

    def wallets(self) -> list[str]:
        """Return the ids of the program's wallets."""
        return [wallet.id for wallet in self._case.program.wallets if wallet.id != GIFT_CARDS]

    def owned(self, customer: str) -> dict[str, Points]:
        """Return what the customer has by wallet, less what is owed or will be netted from later awards."""
        found = {}
        for name in self.wallets():
            wallet = self.rehearsal.wallet(customer, name)
            found[name] = wallet.balance - wallet.debt - wallet.shortfall
        return found

    def balances(self, customer: str) -> Points | dict[str, Points]:
        """Return the balances as a case expects them: one number where there is one wallet."""
        return figure_of(self.shown(customer))

    def shown(self, customer: str) -> dict[str, Points]:
        """Return the balance shown of each wallet: points in lots less what is owed."""
        shown = {}
        for name in self.wallets():
            wallet = self.rehearsal.wallet(customer, name)
            shown[name] = wallet.balance - wallet.debt
        return shown

    def shortfalls(self, customer: str) -> Points | dict[str, Points]:
        """Return what will be netted from later awards, as a case expects it."""
        return figure_of({name: self.rehearsal.wallet(customer, name).shortfall for name in self.wallets()})

    def earned(self, customer: str, report: StepReport) -> dict[str, Points]:
        """Return what a step gave by wallet, what came with joining left out."""
        names = self.rehearsal.wallet_names()
        found = dict.fromkeys(self.wallets(), 0)
        for decision in report.decisions:
            for award in decision.awards:
                if award.unit in names and names[award.unit] in found:
                    found[names[award.unit]] += award.points
        return found

    def tier(self, customer: str) -> str | None:
        """Return the customer's tier."""
        membership = self.rehearsal.member(customer).memberships.get(PROGRAM_ID)
        return None if membership is None else membership.tier

    def proof(self, name: str, title: str) -> str | None:
        """Return what was played as a case file, or None if it does not pass as it stands."""
        text = render({"case": name, "title": title, "program": self._case.document, "steps": self.steps})
        case = read_case(text)
        if not isinstance(case, Case) or not run_case(case).passed:
            return None
        return text


def awards_of(report: StepReport) -> dict[str, Points]:
    """Return what a step gave by rule, as a case expects it."""
    found: dict[str, Points] = {}
    for decision in report.decisions:
        for award in decision.awards:
            if award.points:
                found[award.rule] = found.get(award.rule, 0) + award.points
    return found


def messages_of(report: StepReport) -> list[str]:
    """Return what a step sent, as a case expects it."""
    return sorted(message for decision in report.decisions for message in sent_by(decision))


def figure_of(points: dict[str, Points]) -> Points | dict[str, Points]:
    """Return points as a case has them: one number where there is one wallet."""
    return next(iter(points.values())) if len(points) == 1 else points
