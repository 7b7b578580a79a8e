"""Waiting lists of a rehearsal: who waits for a reward gets what comes free of it, in order."""

from __future__ import annotations

from typing import Self

import msgspec

from perennial.core.claims.availability import why_not_wait
from perennial.core.decision import Decision
from perennial.core.document.program import Program
from perennial.core.document.waiting_list import ASKED_AGAIN_AFTER, is_passed_over, line_full
from perennial.core.refusals import Refusal, RefusalCode
from perennial.core.rehearsal.referrals import ReferralRehearsal
from perennial.core.rehearsal.rehearsal import PROGRAM_ID, RehearsalRefused, UnknownName
from perennial.core.today import today_of
from perennial.units import Instant


class Waiting(msgspec.Struct):
    """Somebody in a line, and when it was their turn last and they could not have it."""

    customer: str
    asked_at: Instant | None = None


class WaitingRehearsal(ReferralRehearsal):
    """A rehearsal in which members wait.

    ``lines`` are those who do, by reward, the first in line first. ``serves`` while one of them has a turn.
    """

    def __init__(self, program: Program, program_id: int = PROGRAM_ID) -> None:
        super().__init__(program, program_id)
        self.lines: dict[str, list[Waiting]] = {}
        self.serves = False

    def from_the_start(self) -> Self:
        """Return a rehearsal of the same versions in which nothing has happened yet."""
        empty = super().from_the_start()
        empty.lines = {}
        return empty

    def ahead(self, reward: str) -> int:
        """Return how many wait for a reward and come before whoever claims it; nobody does at their turn."""
        return 0 if self.serves else len(self.lines.get(reward, ()))

    def place_in_line(self, customer: str, reward: str) -> int:
        """Return the customer's place in the line for a reward, from 1; 0 is outside of it."""
        names = [each.customer for each in self.lines.get(reward, ())]
        return names.index(customer) + 1 if customer in names else 0

    def wait_for(self, customer: str, at: Instant, reward: str) -> None:
        """Go to the end of the line, or be refused as whoever has no need to wait, or no place."""
        version = self.version_at(at)
        compiled = version.rewards.get(reward)
        waiting_list = None if compiled is None else compiled.reward.waiting_list
        if compiled is None or waiting_list is None or compiled.stock is None:
            raise UnknownName(f"nobody can wait for reward {reward!r}")
        if self.place_in_line(customer, reward):
            raise UnknownName(f"{customer!r} waits for reward {reward!r} already")
        ahead, member = self.ahead(reward), self.member(customer)
        refusal = why_not_wait(version, compiled, member, self.spent, at, self.switched(), ahead)
        if refusal is None and waiting_list.places is not None and ahead >= waiting_list.places:
            refusal = line_full(reward, waiting_list.places)
        if refusal is not None:
            raise RehearsalRefused(refusal)
        self.lines.setdefault(reward, []).append(Waiting(customer))

    def leave_line(self, customer: str, reward: str) -> None:
        """Stop waiting."""
        place = self.place_in_line(customer, reward)
        if not place:
            raise UnknownName(f"{customer!r} does not wait for reward {reward!r}")
        del self.lines[reward][place - 1]

    def take_turns(self, at: Instant) -> dict[str, list[Decision]]:
        """Let those who wait claim whatever is free at ``at``; return what was decided for each of them."""
        served: dict[str, list[Decision]] = {}
        for reward, line in self.lines.items():
            asked: list[Waiting] = []
            while turns := self._turns(reward, asked, at):
                for each in turns:
                    asked.append(each)
                    try:
                        decisions = self._serve(each.customer, at, reward)
                    except RehearsalRefused as refused:
                        self._pass_over(reward, each, refused.refusal, at)
                    else:
                        line.remove(each)
                        served.setdefault(each.customer, []).extend(decisions)
        return served

    def _serve(self, customer: str, at: Instant, reward: str) -> list[Decision]:
        self.serves = True
        try:
            return self.claim(customer, at, reward)
        finally:
            self.serves = False

    def _turns(self, reward: str, asked: list[Waiting], at: Instant) -> list[Waiting]:
        """Return the first in line, as many as there is something free for, but for those just asked."""
        rested = [
            each
            for each in self.lines[reward]
            if each.asked_at is None or each.asked_at <= at - ASKED_AGAIN_AFTER
        ]
        return [each for each in rested[: self._free(reward, at)] if each not in asked]

    def _free(self, reward: str, at: Instant) -> int:
        """Return how many of a reward are free; of one that is gone nobody has to wait for any."""
        version = self.version_at(at)
        compiled = version.rewards.get(reward)
        if compiled is None or compiled.stock is None:
            return len(self.lines[reward])
        index = compiled.stock.index
        budget, period = version.budgets[index], today_of(version, at).budgets[index]
        return max(budget.cap - self.spent.get((budget.number, period), 0), 0)

    def _pass_over(self, reward: str, each: Waiting, refusal: Refusal, at: Instant) -> None:
        """Note that it was somebody's turn and they could not have it; they may lose their place."""
        if refusal.code is RefusalCode.OUT_OF_STOCK:
            return
        each.asked_at = at
        compiled = self.version_at(at).rewards.get(reward)
        waiting_list = None if compiled is None else compiled.reward.waiting_list
        if is_passed_over(waiting_list, refusal.code, ended="ended_at" in refusal.details):
            self.lines[reward].remove(each)
