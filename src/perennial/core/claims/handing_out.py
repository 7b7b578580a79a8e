"""What a claim hands out: points at once, entitlements, and a voucher for what works on an order."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from perennial.core.codes.codes import Codes
from perennial.core.dates.schedule import end_instant, start_instant
from perennial.core.effects import Effect, Entitle, IssueVoucher
from perennial.core.entitlements import MOVES, EntitlementState
from perennial.core.events import ClaimRequested
from perennial.core.kinds.benefit import Benefit, HandedOut
from perennial.core.snapshot import Snapshot
from perennial.core.version import CompiledPrice, CompiledReward, Version
from perennial.core.wallets.credit import credit_award
from perennial.core.wallets.dates import end_of_day_after
from perennial.units import Instant, Points


def hand_out(
    version: Version,
    compiled: CompiledReward,
    price: CompiledPrice,
    snapshot: Snapshot,
    event: ClaimRequested,
) -> list[Effect]:
    """Return the effects by which the member gets everything that the reward gives, together.

    What was paid is noted with one of them: with the first that can be canceled, else with the voucher.
    """
    reward, tier = compiled.reward, snapshot.tier
    benefits = [given.benefit for given in compiled.gives_to(tier)]
    span = reward.expires_after_for(tier)
    expires_at = None if span is None else end_of_day_after(version, event.at, span)
    codes = reward.codes or Codes()
    lasts = span or codes.valid_for
    unit = version.wallets[price.wallet].unit
    issued: list[IssueVoucher | Entitle] = []
    if any(benefit.needs_voucher() for benefit in benefits):
        issued.append(
            IssueVoucher(
                code=event.code,
                reward=reward.id,
                value=reward.claim_value(tier),
                currency=version.program.currency,
                expires_at=None if lasts is None else end_of_day_after(version, event.at, lasts),
                points=0,
                unit=unit,
                uses=1 if codes.shared is not None else codes.uses_of_each,
                bound=codes.bound,
                tier=tier if tier in compiled.gives_by_tier else None,
            )
        )
    handed = [(benefit, out) for benefit in benefits if (out := benefit.hands_out()) is not None]
    for benefit, out in handed:
        issued.append(_entitle(version, reward.id, benefit, out, unit, expires_at))
    return [*_credits(version, [out for _, out in handed], snapshot, event.at), *_paid(issued, price.points)]


def _entitle(
    version: Version, reward: str, benefit: Benefit, out: HandedOut, unit: int, expires_at: Instant | None
) -> Entitle:
    ends = None if out.ends is None else end_instant(out.ends, version.zone)
    known = [end for end in (ends, expires_at) if end is not None]
    return Entitle(
        kind=str(benefit.__struct_config__.tag),
        reward=reward,
        state=out.state,
        name=out.name or _wallet_name(version, out),
        amount=out.amount,
        currency=version.program.currency if out.amount else None,
        quantity=out.points or out.quantity,
        starts_at=None if out.starts is None else start_instant(out.starts, version.zone),
        expires_at=None if out.state is EntitlementState.GIVEN else min(known, default=None),
        points=0,
        unit=unit,
        pool=out.pool,
    )


def _wallet_name(version: Version, out: HandedOut) -> str:
    return version.wallets[_wallet_place(version, out)].spec.id if out.points else ""


def _wallet_place(version: Version, out: HandedOut) -> int:
    names = [wallet.spec.id for wallet in version.wallets]
    return 0 if out.wallet is None else names.index(out.wallet)


def _credits(version: Version, handed: Sequence[HandedOut], snapshot: Snapshot, at: Instant) -> list[Effect]:
    """Return the credits of points that are handed out, those of one wallet together."""
    sums: dict[int, Points] = {}
    for out in handed:
        if out.points:
            place = _wallet_place(version, out)
            sums[place] = sums.get(place, 0) + out.points
    effects: list[Effect] = []
    for place, points in sums.items():
        effects += credit_award(version, place, points, snapshot.tier, at, None, snapshot.wallets[place])[0]
    return effects


def _paid(issued: list[IssueVoucher | Entitle], points: Points) -> list[IssueVoucher | Entitle]:
    """Note on one of what was issued how many points were paid for all of it."""
    moving = (n for n, each in enumerate(issued) if isinstance(each, Entitle) and each.state in MOVES)
    index = next(moving, 0)
    issued[index] = msgspec.structs.replace(issued[index], points=points)
    return issued
