"""The waiting list of a reward of which there is an end: who waits gets what becomes free, in order."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from perennial.core.refusals import Refusal, RefusalCode
from perennial.core.terms.money import Cap
from perennial.units import MINUTE, Instant

ASKED_AGAIN_AFTER: Instant = 5 * MINUTE
"""How long whoever could not have it, and stays in line, is left in peace."""


class WhenUnable(StrEnum):
    """What becomes of somebody whose turn it is and who cannot pay, or may not claim it."""

    LEAVE = "leave"
    """They leave the line, and the next one is asked."""
    STAY = "stay"
    """They keep their place and are asked again later; meanwhile the next one is asked."""


class WaitingList(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Members may wait for a reward when all of it is taken; at most ``places`` of them, if that is said.

    When one becomes free, the first in line gets it: the price of that moment is taken, and everything is
    judged as if it had been claimed then. ``when_unable`` says what becomes of whoever cannot claim it then.
    """

    places: Cap | None = None
    when_unable: WhenUnable = WhenUnable.LEAVE


_OF_THE_MEMBER = frozenset(
    {
        RefusalCode.INSUFFICIENT_POINTS,
        RefusalCode.LIMIT_REACHED,
        RefusalCode.NEEDS_TIER,
        RefusalCode.CONDITIONS_NOT_MET,
        RefusalCode.NO_MATCHING_PRICE,
        RefusalCode.NOT_A_MEMBER,
        RefusalCode.CUSTOMER_BLOCKED,
    }
)
_OVER = frozenset({RefusalCode.PROGRAM_ENDED, RefusalCode.REWARD_UNKNOWN})

WHILE_WAITING = frozenset(
    {RefusalCode.OUT_OF_STOCK, RefusalCode.OTHERS_WAIT, RefusalCode.INSUFFICIENT_POINTS}
)
"""What does not keep anybody from waiting: it may be otherwise when it is their turn."""


def is_passed_over(waiting_list: WaitingList | None, code: str, *, ended: bool) -> bool:
    """Return whether somebody who was refused with ``code`` at their turn leaves the line.

    ``ended`` says that the offer is over. What is switched off, or not offered at this hour, keeps the place.
    """
    if ended or code in _OVER:
        return True
    unable = WhenUnable.LEAVE if waiting_list is None else waiting_list.when_unable
    return code in _OF_THE_MEMBER and unable is WhenUnable.LEAVE


def line_full(reward: str, places: int) -> Refusal:
    """Return the refusal of a wait for which there is no place."""
    taken = f"The only place in the line for reward {reward} is taken."
    words = taken if places == 1 else f"All {places} places in the line for reward {reward} are taken."
    return Refusal(RefusalCode.LINE_FULL, words, {"reward": reward, "places": places})


def others_wait(reward: str, ahead: int, left: int) -> Refusal:
    """Return the refusal of a claim before which ``ahead`` others wait for the ``left`` that there are."""
    words = f"Reward {reward} is kept for those who wait for it: {ahead} in line."
    return Refusal(RefusalCode.OTHERS_WAIT, words, {"reward": reward, "waiting": ahead, "left": left})
