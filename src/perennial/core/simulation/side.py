"""One side of a simulation: a program's versions, under which the past is played again.

The versions are those that were published up to the beginning of the period, and from then on the one
that is tried. Every life is played for itself and budgets have no cap, until some budget turns out to be
used up: then the lives that use budgets are played together, in the order of time, with ``caps``.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from perennial.core.counts import counts_of
from perennial.core.course import Course, Decided
from perennial.core.decision import Decision
from perennial.core.document.program import NoPending
from perennial.core.effects import UseBudget
from perennial.core.events import Event, RewardEarned
from perennial.core.fold import fold, fold_spent
from perennial.core.given_reward import GivenReward
from perennial.core.member import Member
from perennial.core.quiet_timers import is_quiet, may_wait, pass_quietly
from perennial.core.simulation.tally import BudgetTally
from perennial.core.terms.limits import Holder
from perennial.core.today import today_of
from perennial.core.version import Version
from perennial.units import LATEST, Instant

_NOBODY = UUID(int=0)

Key = tuple[int, int]
"""The number of a budget, and one of its periods."""


class Stage(msgspec.Struct, frozen=True):
    """From ``at`` on ``version`` is in force; None marks the beginning of the period that is counted."""

    at: Instant
    version: Version | None


class Side(Course):
    """A course that is played life by life. ``used`` says what was used of budgets, ``touched`` that it was.

    ``sends`` says that some version has messages.
    ``kept`` is what rules gave for an order that is just judged anew, by the rule: nobody gets it twice.
    ``counting`` are the versions whose figures of the past must be there as well: those of the other sides.
    """

    def __init__(
        self,
        versions: Sequence[Version],
        begins: Instant,
        counting: Sequence[Version] = (),
        *,
        caps: bool = False,
    ) -> None:
        super().__init__()
        self.versions = sorted(versions, key=lambda version: (version.valid_from, version.number))
        self.begins = begins
        self.caps = caps
        self.latest = self.versions[0]
        self.used: dict[Key, BudgetTally] = {}
        self.touched = False
        changes = [Stage(version.valid_from, version) for version in self.versions[1:]]
        self.stages = sorted([Stage(begins, None), *changes], key=lambda stage: stage.at)
        self._counting = _with_own_metrics([*self.versions, *counting])
        self._others = {
            id(version): _with_own_metrics([version, *self._counting])[1:] for version in self.versions
        }
        self._quiet = all(is_quiet(version) for version in self.versions)
        waits = all(may_wait(version) for version in self.versions) and not _mixes_pending(self.versions)
        self.patient = self._quiet and not caps and waits
        self._behind: dict[UUID, Instant] = {}
        self.kept: dict[str, GivenReward] = {}
        self.sends = any(version.messages for version in self.versions)
        self._has_budgets = any(version.budgets for version in self.versions)
        self._names = {
            budget.number: budget.name
            for version in self.versions
            for budget in version.budgets
            if budget.holder is Holder.TOTAL
        }
        self._of_holders = ", ".join(
            dict.fromkeys(
                budget.name
                for version in self.versions
                for budget in version.budgets
                if budget.holder is not Holder.TOTAL
            )
        )

    def in_force(self) -> Version:
        """Return the version that is in force at the stage that was reached."""
        return self.latest

    def counted_besides(self, version: Version) -> tuple[Version, ...]:
        """All versions count everything: what is published later finds its figures complete."""
        return self._others[id(version)]

    def happen(self, member: Member, event: Event, *, enrolls: bool = False) -> list[Decided]:
        """Let an event happen; one from before the first version is recorded only."""
        if event.at < self.versions[0].valid_from:
            counted: set[int] = set()
            for version in self._counting:
                counts = [count for count in counts_of(version, event) if count.metric not in counted]
                fold(member, version, counts, event.at)
                counted.update(metric.number for metric in version.metrics)
            return []
        if enrolls and self.patient and self._may_wait(member, event.at):
            return [*self._enroll_automatically(member, event.at), *self._decide(member, event, main=True)]
        return super().happen(member, event, enrolls=enrolls)

    def _may_wait(self, member: Member, at: Instant) -> bool:
        """Whether what is due by ``at`` may be run later: it changes nothing that an order or event reads.

        Whoever pools with others waits for nothing: what is due for one moves the points of all.
        """
        due_at = member.due_at
        if due_at is None or due_at > at:
            return True
        membership = member.memberships.get(self.latest.program_id)
        pools = member.owner != member.customer_id
        if pools or membership is None or (membership.tier_until or LATEST) <= at:
            return False
        if at > self._behind.get(member.customer_id, 0):
            self._behind[member.customer_id] = at
        return True

    def enroll(self, member: Member, at: Instant, source: str) -> list[Decided]:
        """Let a customer join on request; nothing happens to a member, or before the first version."""
        membership = member.memberships.get(self.latest.program_id)
        if at < self.versions[0].valid_from or (membership is not None and membership.left_at is None):
            return []
        return [*self.pass_time(member, at), *self._enroll(member, at, source)]

    def pass_time(self, member: Member, at: Instant) -> list[Decided]:
        """Run what is due up to ``at``, all at once where the instants in between make no difference."""
        if self._behind:
            at = max(at, self._behind.pop(member.customer_id, at))
        if member.due_at is None or member.due_at > at:
            return []
        if self._quiet:
            if pass_quietly(self.latest, member, at):
                return []
            membership = member.memberships.get(self.latest.program_id)
            if membership is not None and membership.tier_until is not None:
                pass_quietly(self.latest, member, membership.tier_until - 1)
        found = super().pass_time(member, at)
        for wallet in member.wallets.values():
            # As after reading it back: what is empty is not there.
            wallet.lots = {number: lot for number, lot in (wallet.lots or {}).items() if lot.remaining}
        return found

    def _as_it_stands(self, event: Event) -> Event | None:
        """What an order gave before it changed is kept for it; what cannot be taken back stays as it is."""
        if not self.kept or not isinstance(event, RewardEarned):
            return event
        kept = self.kept.get(event.rule)
        if kept is None or kept.reward != event.reward:
            return event
        return None if kept.stays else msgspec.structs.replace(event, kept=kept)

    def _spend(self, decision: Decision, at: Instant) -> None:
        if not self._has_budgets:
            return
        uses = [effect for effect in decision.effects if type(effect) is UseBudget]
        for use in uses:
            budget = self._budget(use.budget, use.period, use.cap)
            budget.asked += max(use.amount, 0)
            budget.used += use.amount
            if self.caps and budget.used >= use.cap and budget.ran_out_at is None:
                budget.ran_out_at = at
        self.touched = self.touched or bool(uses)
        if self.caps:
            fold_spent(self.spent, uses)
            self._note_cuts(decision, at)

    def _new_id(self) -> UUID:
        """Return an id of what time alone does: nobody asks for it later."""
        return _NOBODY

    def _note_cuts(self, decision: Decision, at: Instant) -> None:
        """Note the first award that a budget cut."""
        cuts = [award.cut_by for award in decision.awards if award.cut_by]
        if not cuts:
            return
        version = self.version_at(at)
        for limit, period in zip(version.budgets, today_of(version, at).budgets, strict=True):
            if any(words.startswith(f"{limit.name}: ") for words in cuts):
                budget = self._budget(limit.number, period, limit.cap)
                budget.cut_at = at if budget.cut_at is None else budget.cut_at

    def _budget(self, number: int, period: int, cap: int) -> BudgetTally:
        key = (number, period)
        budget = self.used.get(key)
        if budget is None:
            name = self._names.get(number, self._of_holders)
            budget = self.used[key] = BudgetTally(name, cap)
        budget.cap = min(budget.cap, cap)
        return budget


def _mixes_pending(versions: Sequence[Version]) -> bool:
    """Whether some points of a wallet are pending at first and others at once available.

    Who gets the latter has what became available before counted by the timers first.
    """
    kinds: dict[int, set[bool]] = {}
    for version in versions:
        for wallet in version.wallets:
            kinds.setdefault(wallet.unit, set()).update(
                isinstance(pending, NoPending) for pending in wallet.pending.values()
            )
    return any(len(found) > 1 for found in kinds.values())


def _with_own_metrics(versions: Sequence[Version]) -> tuple[Version, ...]:
    """Return the first of ``versions``, and of the others those that count what none before them does."""
    kept: list[Version] = []
    counted: set[int] = set()
    for version in versions:
        numbers = {metric.number for metric in version.metrics}
        if not kept or not numbers <= counted:
            kept.append(version)
            counted |= numbers
    return tuple(kept)
