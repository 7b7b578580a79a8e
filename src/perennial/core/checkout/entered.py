"""Codes that were entered, as rewards that are wanted: a voucher by its terms, or a code for everybody."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import msgspec

from perennial.core.codes.entry import shared_form
from perennial.core.pricing.price import no
from perennial.core.pricing.redeemables import Reason, Voucher, Wanted
from perennial.core.version import CompiledReward, Version


def wanted_by_voucher(name: str, latest: Version, issued_by: CompiledReward, voucher: Voucher) -> Wanted:
    """Return what a voucher stands for under the ``latest`` version of its program.

    ``issued_by`` are the terms of its reward when it was issued. ``name`` is how it is shown.
    """
    reward = issued_by.reward.id
    terms = None
    if reward not in latest.rewards:
        # The program no longer has the reward: its own terms go on, but for its limits.
        terms = msgspec.structs.replace(issued_by, bounds=(), campaign=None)
    return Wanted(name=name, program=latest.program_id, reward=reward, terms=terms, voucher=voucher)


def wanted_by_shared_code(code: str, latest: Iterable[Version]) -> Wanted | None:
    """Return the reward of a code that everybody shares, of the first program that has it."""
    for version in latest:
        reward = version.shared_codes.get(shared_form(code))
        if reward is not None:
            shared = Voucher(
                voucher_id=UUID(int=0), gives=version.rewards[reward].gives, uses_left=None, shared=True
            )
            return Wanted(name=code, program=version.program_id, reward=reward, voucher=shared)
    return None


def unknown_code(name: str) -> Wanted:
    """Return what a code stands for that nobody knows."""
    return Wanted(name=name, refused=no(Reason.UNKNOWN, "this code is not known"))
