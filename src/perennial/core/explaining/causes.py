"""Follow-ups as they are stored and told: what a decision was about that no order or event names.

The particulars of a follow-up are plain values by their names. The event is rebuilt from them, so that
what it earned is explained as everything else is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from perennial.core.conditions.scope import attributes_of
from perennial.core.document.referral_terms import Role
from perennial.core.earn import EarningEvent
from perennial.core.effects import Effect, Entitle, IssueVoucher
from perennial.core.events import (
    ChallengeCompleted,
    ChallengeMissed,
    CustomEvent,
    Event,
    RewardEarned,
    TierEntered,
)
from perennial.core.orders.order import Scalar
from perennial.units import Instant

GAVE = "gave"
"""What completing a challenge gave, in one word each."""

_AT = "at"
"""When it happened, in text, where that was not when what it is stored with did."""


def particulars_of(event: Event, effects: Iterable[Effect]) -> dict[str, Scalar]:
    """Return what has to be kept of a follow-up and of what it gave besides points of rules.

    Of a reward that a rule gave nothing is: that is told with the rule.
    """
    if isinstance(event, RewardEarned):
        return {}
    kept: dict[str, Scalar] = {**attributes_of(event)}
    if isinstance(event, ChallengeCompleted):
        given = [_word(effect) for effect in effects if isinstance(effect, Entitle | IssueVoucher)]
        kept |= {"round": event.round, "time": event.time, GAVE: ", ".join(given)}
    elif isinstance(event, ChallengeMissed):
        kept["round"] = event.round
    return kept


def apart(kept: dict[str, Scalar], at: Instant) -> dict[str, Scalar]:
    """Return what is kept of a follow-up that is stored with something that happened at another time."""
    return kept | {_AT: str(at)}


def instant_of(kept: Mapping[str, Scalar], at: Instant) -> Instant:
    """Return when a follow-up happened that is stored with what happened ``at``."""
    then = kept.get(_AT)
    return int(then) if isinstance(then, str) and then.isdecimal() else at


def follow_up_of(
    trigger: str, event_id: UUID, at: Instant, kept: Mapping[str, Scalar]
) -> EarningEvent | None:
    """Return the follow-up again; None where too little was kept of it."""
    if not kept:
        return None
    at = instant_of(kept, at)
    match trigger:
        case "tier.entered":
            return TierEntered(id=event_id, at=at, before=_text(kept, "before"), after=_text(kept, "tier"))
        case "challenge.completed":
            challenge, number = _text(kept, "challenge") or "", _number(kept, "round")
            time = _number(kept, "time")
            return ChallengeCompleted(id=event_id, at=at, challenge=challenge, round=number, time=time)
        case "challenge.missed":
            challenge, number = _text(kept, "challenge") or "", _number(kept, "round")
            return ChallengeMissed(id=event_id, at=at, challenge=challenge, round=number)
        case _:
            return CustomEvent(id=event_id, at=at, name=trigger, attributes={**kept})


def cause_words(event: EarningEvent, kept: Mapping[str, Scalar]) -> str:
    """Say what happened that was decided; nothing of what somebody reported."""
    match event:
        case TierEntered(after=None):
            return f"The member left tier {event.before}."
        case TierEntered():
            return f"The member entered tier {event.after}."
        case ChallengeCompleted():
            gave = _text(kept, GAVE)
            again = f" for the {ordinal(event.time)} time" if event.time > 1 else ""
            told = f": it gave {gave}." if gave else "."
            return f"Challenge {event.challenge} was completed{again}{told}"
        case ChallengeMissed():
            return f"Challenge {event.challenge} was missed."
        case CustomEvent(name="referral.converted"):
            advocate = kept.get("role") == Role.ADVOCATE
            side = "The member referred a friend" if advocate else "The member was referred"
            return f"{side}, and that converted (offer {kept.get('offer')})."
        case CustomEvent() if "segment" in kept:
            moved = "left" if event.name.endswith("left") else "entered"
            return f"The member {moved} segment {kept['segment']}."
        case _:
            return ""


def ordinal(number: int) -> str:
    """Return a number as it is counted in English: 1st, 2nd, 11th."""
    teens = number % 100 in (11, 12, 13)
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def _word(effect: Entitle | IssueVoucher) -> str:
    if isinstance(effect, IssueVoucher):
        return "a voucher"
    if effect.kind == "points":
        return f"{effect.quantity} {effect.name}"
    return f"{effect.kind} {effect.name}".strip()


def _text(kept: Mapping[str, Scalar], name: str) -> str | None:
    value = kept.get(name)
    return value if isinstance(value, str) else None


def _number(kept: Mapping[str, Scalar], name: str) -> int:
    value = kept.get(name)
    return value if isinstance(value, int) else 0
