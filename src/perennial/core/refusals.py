"""Why a request is refused although it is well formed: a closed union.

A refusal changes nothing. Its ``code`` is stable and part of the API; ``words`` says it to a person.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from perennial.core.orders.order import Scalar


class RefusalCode(StrEnum):
    """The stable codes. Never rename one."""

    INSUFFICIENT_POINTS = "insufficient_points"
    NOT_A_MEMBER = "not_a_member"
    PROGRAM_ENDED = "program_ended"
    PROGRAM_NOT_STARTED = "program_not_started"
    REWARD_UNKNOWN = "reward_unknown"
    REWARD_NOT_AVAILABLE = "reward_not_available"
    NO_MATCHING_PRICE = "no_matching_price"
    NOT_IN_PART = "not_in_part"
    OUT_OF_STOCK = "out_of_stock"
    OTHERS_WAIT = "others_wait"
    NOTHING_TO_WAIT_FOR = "nothing_to_wait_for"
    LINE_FULL = "line_full"
    CONDITIONS_NOT_MET = "conditions_not_met"
    LIMIT_REACHED = "limit_reached"
    NEEDS_TIER = "needs_tier"
    WALLET_UNKNOWN = "wallet_unknown"
    TIER_UNKNOWN = "tier_unknown"
    SAME_WALLET = "same_wallet"
    CASCADE_TOO_LONG = "cascade_too_long"
    SWITCHED_OFF = "switched_off"
    CUSTOMER_BLOCKED = "customer_blocked"
    TOO_MANY_HOLDS = "too_many_holds"
    PRICE_CHANGED = "price_changed"
    HOLD_OVER = "hold_over"
    HOLD_REDEEMED = "hold_redeemed"
    NOTHING_TO_ROLL_BACK = "nothing_to_roll_back"
    VOUCHER_VOIDED = "voucher_voided"
    VOUCHER_EXPIRED = "voucher_expired"
    CHALLENGE_UNKNOWN = "challenge_unknown"
    CHALLENGE_NOT_OPEN = "challenge_not_open"


class Refusal(msgspec.Struct, frozen=True):
    """A refusal with the numbers behind it (``details``), for programs and for people.

    ``text`` is what the shop itself says to that, by language.
    """

    code: RefusalCode
    words: str
    details: dict[str, Scalar] = {}
    text: dict[str, str] | None = None
