"""What was asked for at a checkout, found: codes become vouchers, names become rewards and wallets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from perennial.core.checkout.checkout import PointsWanted
from perennial.core.checkout.entered import unknown_code, wanted_by_shared_code, wanted_by_voucher
from perennial.core.checkout.payments import Card
from perennial.core.pricing.redeemables import Voucher, Wanted
from perennial.flows.commands import Asked, PointsAsked
from perennial.flows.configuration import Workspace
from perennial.flows.problems import field_problem
from perennial.flows.references import one_program, own_wallet
from perennial.store.codes.vouchers import VoucherRow, VoucherState


class FoundVoucher(msgspec.Struct):
    """A voucher with the bucket that it lies in. ``balance`` is what a gift card holds in its ``unit``."""

    bucket: int
    row: VoucherRow
    balance: int | None = None
    unit: int = 0


class Found(msgspec.Struct):
    """Everything that was asked for. ``vouchers`` has the vouchers that are used, by their place."""

    wanted: tuple[Wanted, ...] = ()
    points: tuple[PointsWanted, ...] = ()
    cards: tuple[Card, ...] = ()
    vouchers: dict[int, FoundVoucher] = {}


def find_asked(
    workspace: Workspace,
    redeem: Sequence[Asked],
    points: Sequence[PointsAsked],
    vouchers: Mapping[str, FoundVoucher],
) -> Found:
    """Find what was asked for; ``vouchers`` are those whose codes are known, by the code as entered.

    Raises the problem of the field that names a reward or wallet that does not exist.
    """
    found = Found()
    wanted: list[Wanted] = []
    cards: list[Card] = []
    for place, asked in enumerate(redeem):
        if asked.reward is not None:
            live, reward = one_program(workspace, asked.reward, "reward", f"$.redeem[{place}].reward")
            wallet = own_wallet(live, asked.wallet, f"$.redeem[{place}].wallet")
            wanted.append(
                Wanted(
                    name=asked.reward,
                    program=live.program_id,
                    reward=reward,
                    points=asked.points,
                    wallet=wallet,
                )
            )
            continue
        voucher = vouchers.get(asked.code or "")
        if voucher is not None and voucher.balance is not None:
            card = _of_voucher(workspace, shown(asked.code or ""), voucher)
            cards.append(Card(voucher.row.voucher_id, voucher.balance, card))
            continue
        if voucher is not None:
            found.vouchers[len(wanted)] = voucher
        wanted.append(_of_code(workspace, asked.code or "", voucher))
    found.wanted, found.cards = tuple(wanted), tuple(cards)
    found.points = tuple(_points(workspace, points))
    return found


def _points(workspace: Workspace, points: Sequence[PointsAsked]) -> Iterator[PointsWanted]:
    for place, asked in enumerate(points):
        live, wallet = one_program(workspace, asked.wallet, "wallet", f"$.points[{place}].wallet")
        spec = next(spec for spec in live.latest.program.wallets if spec.id == wallet)
        if spec.pays is None:
            words = f"points of {asked.wallet!r} do not pay for orders"
            raise field_problem(f"$.points[{place}].wallet", "does_not_pay", words)
        yield PointsWanted(live.program_id, wallet, asked.points)


def _of_code(workspace: Workspace, code: str, voucher: FoundVoucher | None) -> Wanted:
    """Return what a code stands for: a voucher, or the reward of a code that everybody shares."""
    if voucher is not None:
        return _of_voucher(workspace, shown(code), voucher)
    shared = wanted_by_shared_code(code, (live.latest for live in workspace.programs))
    return unknown_code(shown(code)) if shared is None else shared


def _of_voucher(workspace: Workspace, name: str, found: FoundVoucher) -> Wanted:
    """Return the voucher as its program judges it: its value by the version that issued it."""
    row = found.row
    live = workspace.program_by_id(row.program_id)
    issued_by = live.version(row.version).rewards[row.reward]
    voucher = Voucher(
        voucher_id=row.voucher_id,
        gives=issued_by.gives_to(row.tier),
        by_tier={} if row.batch_id is None else issued_by.gives_by_tier,
        uses_left=row.uses_left,
        starts_at=row.starts_at,
        expires_at=row.expires_at,
        holder=row.holder,
        referrer=row.referrer_id,
        claimed=row.batch_id is None,
        voided=row.state is not VoucherState.ISSUED,
    )
    return wanted_by_voucher(name, live.latest, issued_by, voucher)


def shown(code: str) -> str:
    """Return a code as it may be stored and shown: its last four characters."""
    return f"…{code[-4:]}"
