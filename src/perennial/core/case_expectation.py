"""What a step of a test case (``core/case.py``) expects to be so after it."""

from __future__ import annotations

from typing import TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from perennial.core.orders.order import Scalar
from perennial.core.rehearsal.gives_back import Advice
from perennial.units import Points

Figure: TypeAlias = int | dict[str, int]
"""Points of the only wallet, or of each named wallet."""


class CasePart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Any part of a case file: unknown fields are mistakes."""


class CaseConverted(CasePart, frozen=True, kw_only=True):
    """What a conversion took of a customer and gave (the other way round where it came back)."""

    points: Points
    become: Points


class CaseLot(CasePart, frozen=True, kw_only=True):
    """What is left of the points with these dates; ``expires_at`` is left out where there is none."""

    available_at: str | None = None
    expires_at: str | None = None
    left: Points


class CaseGift(CasePart, frozen=True, kw_only=True):
    """What a claim handed out: a ``voucher`` with its value as ``amount``, or something by its kind.

    What is left out is not looked at.
    """

    kind: str
    name: str | None = None
    amount: int | None = None
    quantity: int | None = None
    state: str | None = None
    expires_at: str | UnsetType | None = UNSET


class CaseChallenge(CasePart, frozen=True, kw_only=True):
    """How often a challenge was completed, how far its present round is, and in which state."""

    completed: int | None = None
    progress: int | None = None
    state: str | None = None


class CaseGivesBack(CasePart, frozen=True, kw_only=True):
    """What the points of a wallet give back, in percent as text, and whether that is as advised."""

    percent: str | None = None
    advice: Advice | None = None


class CaseUnmet(CasePart, frozen=True, kw_only=True):
    """The condition because of which a reward was refused, in English, and the value that was seen."""

    condition: str | None = None
    value: Scalar | None = None


class CaseBudget(CasePart, frozen=True, kw_only=True):
    """A limit in total: its ``cap``, what is ``used`` and ``left``, when it runs out, who shares it.

    ``runs_out_on`` is the local day on which the last of it will be used, if it goes on like this (null: not
    in its period, or nothing can be said).
    """

    cap: int | None = None
    used: int | None = None
    left: int | None = None
    runs_out_on: str | UnsetType | None = UNSET
    programs: tuple[str, ...] | None = None


class Expectation(CasePart, frozen=True, kw_only=True):
    """What must be so after a step; what is left out is not looked at.

    ``converted`` is what a conversion does to the customer, or would.

    ``earned`` is everything that the step gave the customer, ``awards`` the same by rule,
    ``taken_back`` what it took back. ``balance`` is what is shown (lots less debt, pending included),
    ``available`` what can be spent now. ``refused`` is the code of a refusal; a refusal that is not
    expected is a difference. ``unmet`` is the condition that kept a reward back. ``value`` is what the
    issued voucher is worth, ``gives`` everything that was handed out. ``offered`` are the rewards that the
    customer sees for points, whatever they cost, ``claimable`` those that can be claimed now.

    Of a checkout, in minor units: ``discount`` is everything that rewards take off, shipping included
    (``shipping_discount`` alone), ``total`` what is left with shipping, ``to_pay`` what points and gift
    cards leave of it, ``lines`` what comes off each line, ``points_paid`` how many points pay.
    ``applied`` names everything that is used, ``not_applied`` everything else with the reason, ``earns`` is
    what the order would earn, ``would_give`` the rewards that rules would give for it. ``cards`` is what
    gift cards hold, ``held`` what holds reserve of points.

    ``messages`` are all that the step sends, by their ids: those that are not listed are not sent.

    ``variants`` are those of experiments and holdouts that the customer was exposed to (null: never was).
    ``challenges`` says how far challenges are.

    ``referral`` is the state of the customer's own referral (pending, waiting, converted, rejected,
    in_review, reversed), ``referral_reason`` why it is so, ``referrals`` how many friends have converted.

    ``segments`` says whether the customer is in a segment (true) or not (false), ``entered`` since when,
    ``left`` when it was left last. ``waiting`` is the place in the line for a reward, 0 outside of it.

    Of the program as it is now: ``gives_back`` says for wallets what comes back of an order of 250.00, and
    ``flaws`` which kinds of flaw the finder finds (true) and which it does not (false).

    ``programs`` says what must be so in other programs, ``budgets`` what the view of all budgets shows of
    those in total, by where they stand: ``limit common``, or ``cafe/limit common`` of one program.
    """

    earned: Figure | None = None
    awards: dict[str, int] | None = None
    taken_back: Figure | None = None
    balance: Figure | None = None
    available: Figure | None = None
    pending: Figure | None = None
    debt: Figure | None = None
    shortfall: Figure | None = None
    lots: tuple[CaseLot, ...] | None = None
    tier: str | UnsetType | None = UNSET
    tier_until: str | UnsetType | None = UNSET
    refused: str | UnsetType | None = None
    unmet: CaseUnmet | None = None
    value: int | None = None
    gives: tuple[CaseGift, ...] | None = None
    offered: tuple[str, ...] | None = None
    claimable: tuple[str, ...] | None = None
    discount: int | None = None
    shipping_discount: int | None = None
    total: int | None = None
    to_pay: int | None = None
    lines: dict[str, int] | None = None
    applied: tuple[str, ...] | None = None
    not_applied: dict[str, str] | None = None
    points_paid: Figure | None = None
    earns: Figure | None = None
    would_give: tuple[str, ...] | None = None
    held: Figure | None = None
    cards: dict[str, int] = {}
    messages: tuple[str, ...] | None = None
    variants: dict[str, str | None] = {}
    challenges: dict[str, CaseChallenge] = {}
    referral: str | None = None
    referral_reason: str | None = None
    referrals: int | None = None
    converted: CaseConverted | None = None
    segments: dict[str, bool] = {}
    entered: dict[str, str | None] = {}
    left: dict[str, str | None] = {}
    waiting: dict[str, int] = {}
    gives_back: dict[str, CaseGivesBack] = {}
    flaws: dict[str, bool] = {}
    budgets: dict[str, CaseBudget] = {}
    programs: dict[str, Expectation] = {}
    others: dict[str, Expectation] = {}
