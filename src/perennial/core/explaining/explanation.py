"""What an explanation says: the structs that the API sends as JSON."""

from __future__ import annotations

import msgspec

from perennial.core.conditions.walk import Seen
from perennial.units import Minor, Points


class _Part(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    pass


class CampaignExplanation(_Part, frozen=True):
    """Whether a campaign applied; ``because`` names the conditions that said no."""

    campaign: str
    applied: bool
    words: str
    because: tuple[Seen, ...] = ()


class RuleExplanation(_Part, frozen=True):
    """What one rule did. Amounts are in minor units of the program's currency, instants in RFC 3339.

    ``lines`` are the ids of the lines that counted, ``amount`` their sum by the rule's basis,
    ``base`` what the rule alone gave, ``factor`` all multipliers together (``factors`` names them),
    ``multiplied`` what they made of it, ``cut_by`` the limit that cut it, ``points`` what was given
    in the end and ``contributions`` what each line had in it.
    """

    rule: str
    trigger: str
    wallet: str
    fired: bool
    words: str
    name: str | None = None
    campaign: str | None = None
    because: tuple[Seen, ...] = ()
    lines: tuple[str, ...] = ()
    amount: Minor | None = None
    base: Points = 0
    factor: str | None = None
    factors: tuple[str, ...] = ()
    multiplied: Points | None = None
    cut_by: str | None = None
    points: Points = 0
    contributions: dict[str, Points] = {}
    available_at: str | None = None
    expires_at: str | None = None
    waits_for: str | None = None


class MessageExplanation(_Part, frozen=True):
    """Whether one message fired, and so is to be sent unless it was ``cut_by`` a limit or its cooldown.

    What became of it then, the list of the customer's messages tells.
    """

    message: str
    channel: str
    trigger: str
    fired: bool
    words: str
    name: str | None = None
    campaign: str | None = None
    because: tuple[Seen, ...] = ()
    cut_by: str | None = None


class Explanation(_Part, frozen=True):
    """What one version of a program made of one event; ``words`` says the whole.

    ``variants`` are the member's, by experiment and holdout. ``household`` is that whose tier and limits were
    looked at, where a program counts them together.
    ``points`` is what was earned by wallet; of that ``made_up`` went against what an earlier return
    could not take back, and ``paid_off`` against a debt.
    """

    program: str
    version: int
    trigger: str
    at: str
    words: str
    tier: str | None = None
    household: str | None = None
    why_not: str | None = None
    variants: dict[str, str] = {}
    points: dict[str, Points] = {}
    made_up: dict[str, Points] = {}
    paid_off: dict[str, Points] = {}
    campaigns: tuple[CampaignExplanation, ...] = ()
    rules: tuple[RuleExplanation, ...] = ()
    messages: tuple[MessageExplanation, ...] = ()
