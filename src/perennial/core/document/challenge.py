"""A challenge: what members do, how often and until when, and what they get for it.

A punch card is a challenge that counts units and begins again by itself; a streak one whose goal has to
be reached in several periods in a row; a milestone one with a single goal; a mission one with several.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from perennial.core.codes.codes import Codes
from perennial.core.dates.periods import Period
from perennial.core.dates.schedule import Schedule, Span
from perennial.core.document.reward import Reward, Title
from perennial.core.kinds.rule import Identifier
from perennial.core.rewards import Benefits
from perennial.core.terms.conditions import Condition, Measure
from perennial.core.terms.limits import Limit
from perennial.core.terms.money import Measured

_Times = Annotated[int, Meta(ge=1, le=10_000)]
_Missed = Annotated[int, Meta(ge=0, le=366)]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    pass


class Goal(_Part, frozen=True):
    """What has to be reached: ``target`` of what is measured, or some time of membership.

    ``measure`` counts orders, lines, points earned or custom events, with ``where``, ``event``,
    ``attribute`` and ``wallet`` as in a comparison of the past: money in minor units, steps or minutes as
    the sum of an attribute. ``member_for`` is reached by time alone, so long after joining.
    """

    id: Identifier = "goal"
    name: Title | None = None
    measure: Measure | None = None
    target: Measured = 1
    where: Condition | None = None
    event: str | None = None
    attribute: str | None = None
    wallet: Identifier | None = None
    member_for: Span | None = None


class Complete(StrEnum):
    """Which goals have to be reached. ``in_order``: each counts once those before it are reached."""

    ALL = "all"
    ANY = "any"
    IN_ORDER = "in_order"


class StreakPeriod(StrEnum):
    """The periods that have to follow each other, in the program's zone."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def period(self) -> Period:
        """The calendar period."""
        return Period(self.value)


class Streak(_Part, frozen=True):
    """The goal has to be reached in ``length`` periods in a row.

    Between two of them up to ``grace`` periods may be missed, every time; ``freezes`` forgive so many
    further ones in the whole streak, and are used by themselves.
    """

    every: StreakPeriod
    length: Annotated[int, Meta(ge=2, le=366)]
    grace: _Missed = 0
    freezes: _Missed = 0


class ChallengeStart(StrEnum):
    """How a challenge begins: with the first event that counts, or when the member starts it."""

    AUTOMATIC = "automatic"
    ON_REQUEST = "on_request"


class Repeat(_Part, frozen=True):
    """How often a challenge can be completed: ``times`` in all or without end, ``cooldown`` in between.

    Without a cooldown what is more than the target counts for the next time.
    """

    times: _Times | None = None
    cooldown: Span | None = None


class ChallengePeriod(StrEnum):
    """The calendar periods in each of which a challenge begins anew."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def period(self) -> Period:
        """The calendar period."""
        return Period(self.value)


class ChallengeReturns(StrEnum):
    """What becomes of a completed challenge when an order that helped to complete it comes back.

    ``keep``: it stays completed, and what was given is not given a second time; ``take_back``: the points
    that it gave, and that rules gave for completing it, are taken back within the balance, a voucher that
    nobody used is void, and all of it can be got again. A voucher that was used stays, and so does what it
    was given for.
    """

    KEEP = "keep"
    TAKE_BACK = "take_back"


class Challenge(_Part, frozen=True):
    """Goals, for whom and when they count, and what completing them gives.

    It is for members for whom ``when`` holds at the event, while ``schedule`` applies. With ``each`` it
    begins anew in every calendar period, with ``within`` it has to be completed so soon after its start,
    at the end of that local day. ``repeat`` lets it be completed again. What it ``gives`` is as a reward's,
    within its ``limits``: its codes look as ``codes`` say and end ``expires_after`` the completion.
    """

    id: Identifier
    name: Title
    goals: tuple[Goal, ...]
    description: str | None = None
    complete: Complete = Complete.ALL
    streak: Streak | None = None
    start: ChallengeStart = ChallengeStart.AUTOMATIC
    when: Condition | None = None
    schedule: Schedule | None = None
    each: ChallengePeriod | None = None
    within: Span | None = None
    repeat: Repeat | None = None
    returns: ChallengeReturns = ChallengeReturns.KEEP
    gives: tuple[Benefits, ...] = ()
    codes: Codes | None = None
    expires_after: Span | None = None
    limits: tuple[Limit, ...] = ()
    shared_limits: tuple[Identifier, ...] = ()

    @property
    def is_card(self) -> bool:
        """Whether what is more than the target counts for the next time, as on a punch card."""
        one = len(self.goals) == 1 and self.goals[0].measure is not None and self.streak is None
        return one and self.within is None and self.repeat is not None and self.repeat.cooldown is None

    @property
    def most(self) -> int | None:
        """How often it can be completed (in each period, where there are some); None: without end."""
        return 1 if self.repeat is None else self.repeat.times

    def reward(self) -> Reward | None:
        """Return what it gives as a reward of the same id; None if it gives nothing."""
        if not self.gives:
            return None
        return Reward(
            id=self.id,
            name=self.name,
            gives=self.gives,
            codes=self.codes,
            expires_after=self.expires_after,
            limits=self.limits,
            shared_limits=self.shared_limits,
        )
