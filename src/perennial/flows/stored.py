"""Decisions as they are stored beside the order or event that caused them.

What is kept is enough to undo (the awards with their lines and lots) and to explain again (the
version and the snapshot that was read).
"""

from __future__ import annotations

import msgspec

from perennial.core.award import Award
from perennial.core.challenge_round import Contribution
from perennial.core.given_reward import GivenReward
from perennial.core.orders.order import Scalar
from perennial.core.snapshot import Snapshot
from perennial.units import Points

REWARD_EARNED = "reward.earned"
"""The trigger of what was decided about a reward that a rule gives."""


class StoredDecision(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """One program's decision; ``trigger`` names the event, or the follow-up that it caused.

    ``caused`` are the particulars of a follow-up, which nothing else tells (``core/explaining/causes.py``).
    ``messages`` are those that were sent up to this decision for the same order or event: none is sent again.
    """

    program: int
    version: int
    trigger: str
    snapshot: Snapshot | None
    awards: tuple[Award, ...] = ()
    taken_back: dict[int, Points] = {}
    contributions: tuple[Contribution, ...] = ()
    given: GivenReward | None = None
    caused: dict[str, Scalar] = {}
    messages: tuple[str, ...] = ()


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[StoredDecision])


def encode_decisions(decisions: list[StoredDecision]) -> bytes:
    """Write decisions as msgpack."""
    return _encoder.encode(decisions)


def decode_decisions(stored: bytes) -> list[StoredDecision]:
    """Read what :func:`encode_decisions` wrote."""
    return _decoder.decode(stored) if stored else []
