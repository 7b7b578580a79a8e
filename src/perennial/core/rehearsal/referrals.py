"""Referrals of a rehearsal, through the same functions as the live path.

What the two sides get as a voucher is called ``friend of NAME`` and ``advocate of NAME``, after the friend.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import msgspec

from perennial.core.codes.codes import IssuedCode
from perennial.core.course import Decided
from perennial.core.customers.disposable import host_of
from perennial.core.customers.mailbox import mailbox_of
from perennial.core.decide import decide
from perennial.core.decision import Decision
from perennial.core.document.program import Program
from perennial.core.document.referral_terms import FriendGets, ReferralOffer, Role
from perennial.core.effects import IssueVoucher
from perennial.core.events import Event, OrderReturned, ReferralReversed, ReferralRewarded
from perennial.core.fold import fold
from perennial.core.kinds.fraud_signal import Evidence, Trace, verdict_on
from perennial.core.member import Member
from perennial.core.needs import snapshot_of
from perennial.core.referrals.referrals import (
    CHAIN,
    CIRCLE,
    Given,
    Referral,
    ReferralState,
    advance,
    approved,
    begin,
    choose_offer,
    converted,
    expired,
    housed,
    judged,
    makes_room,
    most_together,
    rejected,
    taken_back,
    withdraw,
)
from perennial.core.referrals.rewards import credited
from perennial.core.rehearsal.holds import HoldRehearsal
from perennial.core.rehearsal.rehearsal import PROGRAM_ID, UnknownName, decisions_of
from perennial.core.version import CompiledOffer, Version
from perennial.units import DAY, Instant, named_id


class PlayedReferral(msgspec.Struct):
    """A referral as it stands, by the name of the friend; ``ip`` is where it came from."""

    advocate: str
    friend: str
    referral: Referral
    ip: str | None = None

    def name_of(self, role: Role) -> str:
        """Return the name of the customer on one side."""
        return self.advocate if role is Role.ADVOCATE else self.friend


class ReferralRehearsal(HoldRehearsal):
    """A rehearsal in which members refer friends. Whoever refers or is referred comes into being."""

    def __init__(self, program: Program, program_id: int = PROGRAM_ID) -> None:
        super().__init__(program, program_id)
        self.referrals: dict[str, PlayedReferral] = {}
        self.seen: dict[str, set[tuple[Trace, str]]] = {}

    def from_the_start(self) -> Self:
        """Return a rehearsal of the same versions in which nothing has happened yet."""
        empty = super().from_the_start()
        empty.referrals, empty.seen = {}, {}
        return empty

    def see(self, customer: str, traces: Mapping[Trace, str]) -> None:
        """Note by what the customer is known."""
        known = self.seen.setdefault(customer, set())
        for trace, text in traces.items():
            known.add((trace, mailbox_of(text) if trace is Trace.EMAIL else text))

    def refer(self, advocate: str, friend: str, at: Instant, ip: str | None = None) -> list[Decision]:
        """A member refers somebody; nothing happens if somebody else did before."""
        known = self.referrals.get(friend)
        if known is not None and not makes_room(known.referral, at):
            return []
        version = self.version_at(at)
        found = self.pass_time(self.member(advocate), at) + self.pass_time(self.member(friend), at)
        ours, theirs = (
            snapshot_of(at, version, self.member(name), self.spent) for name in (advocate, friend)
        )
        compiled = choose_offer(version, at, ours, theirs)
        if compiled is None or ours.joined_at is None:
            raise UnknownName(f"{advocate} cannot refer {friend}: no offer is for both of them")
        offer = compiled.offer
        began = begin(named_id(0, "referral", friend), version, offer, at)
        played = self.referrals[friend] = PlayedReferral(advocate, friend, began, ip)
        played.referral = judged(began, verdict_on(offer.signals(), self._evidence(played, offer)))
        if friend in self._advocates_of(advocate) or friend == advocate:
            played.referral = rejected(played.referral, CIRCLE)
        elif not offer.chain and advocate in self.referrals:
            played.referral = rejected(played.referral, CHAIN)
        else:
            played.referral = self._housed(played, offer)
        found += self._enroll_automatically(self.member(friend), at, "referral")
        if offer.friend.at is FriendGets.AT_ONCE and played.referral.is_open and self.membership(friend):
            found += self._reward(played, Role.FRIEND, at, converts=False)
        return decisions_of(found)

    def review(self, friend: str, at: Instant, approve: bool, reason: str) -> None:
        """Staff lets a referral that is in review go on, or rejects it."""
        played = self.referrals.get(friend)
        if played is None or played.referral.state is not ReferralState.REVIEW:
            raise UnknownName(f"no referral of {friend} is in review")
        version, compiled = self._terms(played)
        if approve:
            played.referral = approved(played.referral, at, compiled, version)
        else:
            played.referral = rejected(played.referral, reason)

    def settle_referrals(self, until: Instant) -> list[Decision]:
        """Do what is due of every referral up to ``until``, in the order in which it is due."""
        found: list[Decided] = []
        while True:
            due = [
                (played.referral.due_at, played.friend)
                for played in self.referrals.values()
                if played.referral.due_at is not None and played.referral.due_at <= until
            ]
            if not due:
                return decisions_of(found)
            found += self._settle(self.referrals[min(due)[1]])

    def referral_count(self, customer: str) -> int:
        """Return how many friends of the customer have converted."""
        version = self.versions[-1]
        if version.referral_limit is None:
            return 0
        number = version.limits[version.referral_limit].number
        return sum(self.member(customer).limits.get(number, {}).values())

    def _decide(self, member: Member, event: Event, *, main: bool = False) -> list[Decided]:
        """Decide an event, and let the member's own referral see it."""
        found = super()._decide(member, event, main=main)
        played = next((one for one in self.referrals.values() if self.member(one.friend) is member), None)
        if played is None:
            return found
        version, compiled = self._terms(played)
        if isinstance(event, OrderReturned):
            played.referral = withdraw(played.referral, compiled, version, event)
        else:
            snapshot = snapshot_of(event.at, version, member, self.spent)
            played.referral = advance(played.referral, compiled, version, event, snapshot)
        return found

    def _settle(self, played: PlayedReferral) -> list[Decided]:
        at = played.referral.due_at or 0
        played.referral = expired(msgspec.structs.replace(played.referral, due_at=None), at)
        if played.referral.undo:
            return self._reverse(played, at)
        if played.referral.state is not ReferralState.WAITING:
            return []
        _, compiled = self._terms(played)
        verdict = verdict_on(compiled.offer.signals(), self._evidence(played, compiled.offer))
        played.referral = judged(played.referral, verdict)
        if played.referral.state is ReferralState.WAITING:
            played.referral = self._housed(played, compiled.offer)
        if played.referral.state is not ReferralState.WAITING:
            return []
        found = self.pass_time(self.member(played.advocate), at)
        found += self.pass_time(self.member(played.friend), at)
        refusal = self._why_refused(played, Role.ADVOCATE, at)
        if refusal is not None:
            played.referral = rejected(played.referral, refusal)
            return found
        found += self._reward(played, Role.ADVOCATE, at, converts=True)
        if self._why_refused(played, Role.FRIEND, at) is None:
            found += self._reward(played, Role.FRIEND, at, converts=True)
        played.referral = converted(played.referral, at)
        return found

    def _housed(self, played: PlayedReferral, offer: ReferralOffer) -> Referral:
        return housed(played.referral, offer, self.member(played.advocate), self.member(played.friend))

    def _why_refused(self, played: PlayedReferral, role: Role, at: Instant) -> str | None:
        version, _ = self._terms(played)
        event = self._rewarded(played, role, at, converts=True)
        member = self.member(played.name_of(role))
        refusal = decide(event, version, member, self.spent, self.switched()).refusal
        return None if refusal is None else refusal.code.value

    def _rewarded(
        self, played: PlayedReferral, role: Role, at: Instant, *, converts: bool
    ) -> ReferralRewarded:
        version, compiled = self._terms(played)
        event_id = named_id(0, "voucher", f"{role} of {played.friend}")
        return ReferralRewarded(
            id=event_id,
            at=at,
            offer=compiled.offer.id,
            role=role,
            code=IssuedCode(event_id.hex[:12].upper(), event_id, b""),
            drawn=tuple(version.rewards),
            converts=converts,
            gives=not played.referral.has_given(role),
        )

    def _reward(self, played: PlayedReferral, role: Role, at: Instant, *, converts: bool) -> list[Decided]:
        version, compiled = self._terms(played)
        name = played.name_of(role)
        event = self._rewarded(played, role, at, converts=converts)
        before = self.referral_count(name)
        found = self._decide_as(version, self.member(name), event)
        effects = [effect for decision in decisions_of(found) for effect in decision.effects]
        voucher = next((effect for effect in effects if isinstance(effect, IssueVoucher)), None)
        if voucher is not None:
            holder = self.member(name).customer_id
            self._issue(f"{role} of {played.friend}", voucher, version, holder, at)
        given = Given(
            role=role,
            at=at,
            operation_id=event.id,
            source_id=event.id,
            reward=compiled.offer.reward_id(role, before) if event.gives else None,
            counted=converts and role is Role.ADVOCATE,
            points=credited(effects),
            has_voucher=voucher is not None,
        )
        played.referral = msgspec.structs.replace(played.referral, given=(*played.referral.given, given))
        return found

    def _reverse(self, played: PlayedReferral, at: Instant) -> list[Decided]:
        version, _ = self._terms(played)
        found: list[Decided] = []
        for given in played.referral.given:
            member = self.member(played.name_of(Role(given.role)))
            found += self.pass_time(member, at)
            event = ReferralReversed(
                id=given.source_id,
                at=at,
                offer=played.referral.offer,
                role=given.role,
                reward=given.reward,
                given_at=given.at,
                points=given.points,
                counted=given.counted,
            )
            found += self._decide_as(version, member, event)
            self._void(f"{given.role} of {played.friend}", at)
        played.referral = taken_back(played.referral)
        return found

    def _decide_as(self, version: Version, member: Member, event: Event) -> list[Decided]:
        """Decide an event by the version under which the referral began, and what it causes by today's."""
        decision = decide(event, version, member, self.spent, self.switched())
        fold(member, version, decision.effects, event.at)
        self.spend(decision.effects)
        return [(event, decision), *self._follow_up(member, decision.follow_ups)]

    def _terms(self, played: PlayedReferral) -> tuple[Version, CompiledOffer]:
        version = self.versions[played.referral.version - 1]
        return version, version.offers[played.referral.offer]

    def _evidence(self, played: PlayedReferral, offer: ReferralOffer) -> Evidence:
        theirs, ours = (self.seen.get(name, set()) for name in (played.friend, played.advocate))
        began = played.referral.attributed_at
        before = [
            order
            for order in self.orders.values()
            if order.customer == played.friend and order.paid_at < began and not order.canceled
        ]
        return Evidence(
            shared=frozenset(trace for trace, _ in theirs & ours),
            hosts=frozenset(host_of(text) for trace, text in theirs if trace is Trace.EMAIL),
            orders_before=len(before),
            from_ip={days: self._from(played.ip, began, days) for days in offer.windows()},
        )

    def _from(self, ip: str | None, at: Instant, days: int) -> int:
        if ip is None:
            return 0
        times = [one.referral.attributed_at for one in self.referrals.values() if one.ip == ip]
        return most_together(times, at, days * DAY)

    def _advocates_of(self, customer: str) -> list[str]:
        """Return who referred the customer, who referred them, and so on."""
        found: list[str] = []
        while customer in self.referrals and len(found) < len(self.referrals):
            customer = self.referrals[customer].advocate
            found.append(customer)
        return found
