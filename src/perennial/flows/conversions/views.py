"""What staff and members see of conversions: previews, how far one is, what it did to each owner."""

from __future__ import annotations

import msgspec
from asyncpg import Connection

from perennial.core.conversion import Debts, carry
from perennial.core.member import Wallet
from perennial.flows.configuration import LiveProgram, Workspace, business_now
from perennial.store.conversions import (
    ConversionRow,
    ConversionState,
    Foreseen,
    OwnerRow,
    OwnerState,
    Sums,
    foresee,
    open_slice,
    sum_owners,
)
from perennial.units import Instant, Points, Rounding, format_instant


class _View(msgspec.Struct, frozen=True, kw_only=True):
    pass


class OwnerPreview(_View, frozen=True):
    """What one customer or household has now, and what that becomes."""

    customer: str
    points: Points
    becomes: Points


class ConversionPreview(_View, frozen=True):
    """What a conversion would do now: to how many owners of wallets, and in all.

    ``waiting`` owners hold something for an order and would have to wait; they are not in the sums.
    ``sample`` shows the first few.
    """

    owners: int
    waiting: int
    points: Points
    become: Points
    debts: Points
    become_owed: Points
    sample: tuple[OwnerPreview, ...]


class ConversionView(_View, frozen=True):
    """A conversion and how far it is.

    ``state`` is ``announced``, ``running``, ``waiting`` (only for owners who hold something for an order),
    ``done``, ``reversing``, ``reversed`` or ``canceled``. ``points`` of ``from`` became ``become`` of
    ``into``; ``came_back`` is how many points of ``from`` came back, out of ``taken_back`` of ``into``, of
    which ``used`` were no longer there.
    ``left`` is what wallets still have in ``from``, held for an order or not, ``left_owed`` what is owed
    there, ``left_shortfall`` what later awards there are netted with: what was kept, and on the way back what
    was carried over before. ``waiting`` of those wallets hold something for an order at this moment.
    ``owners`` counts them by state.
    """

    id: str
    program: str
    from_wallet: str = msgspec.field(name="from")
    into: str
    take: Points
    give: Points
    rounding: Rounding
    debts: Debts
    reason: str
    state: str
    created_at: str
    starts_at: str
    owners: dict[str, int]
    points: Points = 0
    become: Points = 0
    owed_before: Points = 0
    owed: Points = 0
    taken_back: Points = 0
    came_back: Points = 0
    used: Points = 0
    left: Points = 0
    left_owed: Points = 0
    left_shortfall: Points = 0
    waiting: int = 0


class ConversionList(_View, frozen=True):
    """The conversions of a program, the latest first."""

    data: tuple[ConversionView, ...]


class ConvertedOwner(_View, frozen=True):
    """What a conversion did to one customer or household, and why not, where it did not.

    ``used`` is what of ``into`` was no longer there on the way back.
    """

    customer: str
    state: str
    points: Points = 0
    become: Points = 0
    owed: Points = 0
    came_back: Points = 0
    used: Points = 0
    reason: str | None = None


class ConvertedPage(_View, frozen=True):
    """A page of the owners of a conversion; ``next_cursor`` is null on the last page."""

    data: tuple[ConvertedOwner, ...]
    next_cursor: str | None


class CustomerConversion(_View, frozen=True):
    """What a conversion does to one customer: ``points`` of ``from`` become ``become`` of ``into`` at ``at``.

    ``state`` is ``announced`` before it happened, then that of the customer.
    """

    id: str
    program: str
    from_wallet: str = msgspec.field(name="from")
    into: str
    state: str
    points: Points
    become: Points
    at: str | None = None
    came_back: Points = 0


class CustomerConversions(_View, frozen=True):
    """What becomes of a customer's balances, and what became of them."""

    data: tuple[CustomerConversion, ...]


def view_owner(row: OwnerRow, name: str) -> ConvertedOwner:
    """Return what a conversion did to an owner of this name."""
    carried = row.carried
    return ConvertedOwner(
        customer=name,
        state=row.state.word,
        points=carried.taken,
        become=carried.given,
        owed=carried.owed,
        came_back=row.back_given,
        used=row.used,
        reason=row.reason,
    )


def seen_by(
    workspace: Workspace,
    live: LiveProgram,
    conversion: ConversionRow,
    wallet: Wallet | None,
    owner: OwnerRow | None,
) -> CustomerConversion | None:
    """Return what a customer sees of a conversion: what happened, or else what will."""
    names = wallet_names(live)
    at, state, back = conversion.starts_at, "announced", 0
    if owner is not None and owner.state is not OwnerState.WAITING:
        state, back = owner.state.word, owner.back_given
        points, become = owner.carried.taken, owner.carried.given
    elif wallet is None or conversion.state is not ConversionState.CARRYING:
        return None
    else:
        carried = carry(wallet, conversion.terms, max(at, business_now(workspace)))
        points, become = carried.taken, carried.given
        if not points:
            return None
    return CustomerConversion(
        id=conversion.external_id,
        program=live.code,
        from_wallet=names[conversion.terms.unit],
        into=names[conversion.terms.into],
        state=state,
        points=points,
        become=become,
        at=format_instant(at),
        came_back=back,
    )


async def view_conversion(
    conn: Connection, workspace: Workspace, live: LiveProgram, row: ConversionRow
) -> ConversionView:
    """Add up the buckets of a conversion."""
    sums: dict[OwnerState, Sums] = {}
    foreseen = Foreseen()
    walking = working = False
    for bucket in workspace.row.buckets:
        for state, found in (
            await sum_owners(conn, workspace.workspace_id, bucket, row.conversion_id)
        ).items():
            known = sums.setdefault(state, Sums())
            for name in known.__struct_fields__:
                setattr(known, name, getattr(known, name) + getattr(found, name))
        foreseen.add(await foresee(conn, workspace.workspace_id, bucket, row.terms))
        walks, works = await open_slice(conn, workspace.workspace_id, bucket, row.conversion_id)
        walking, working = walking or walks, working or works
    names = wallet_names(live)
    terms = row.terms
    return ConversionView(
        id=row.external_id,
        program=live.code,
        from_wallet=names[terms.unit],
        into=names[terms.into],
        take=terms.take,
        give=terms.give,
        rounding=terms.rounding,
        debts=terms.debts,
        reason=row.reason,
        state=_state(row, business_now(workspace), walking, working),
        created_at=format_instant(row.created_at),
        starts_at=format_instant(row.starts_at),
        owners={state.word: found.owners for state, found in sorted(sums.items())},
        points=sum(found.taken for found in sums.values()),
        become=sum(found.given for found in sums.values()),
        owed_before=sum(found.debt for found in sums.values()),
        owed=sum(found.owed for found in sums.values()),
        taken_back=sum(found.back_taken for found in sums.values()),
        came_back=sum(found.back_given for found in sums.values()),
        used=sum(found.used for found in sums.values()),
        left=foreseen.left,
        left_owed=foreseen.left_owed,
        left_shortfall=foreseen.left_shortfall,
        waiting=foreseen.waiting,
    )


def _state(row: ConversionRow, now: Instant, walking: bool, working: bool) -> str:
    if row.state is ConversionState.CANCELED:
        return "canceled"
    if row.state is ConversionState.GOING_BACK:
        return "reversing" if working else "reversed"
    if row.starts_at > now:
        return "announced"
    return "running" if walking else "waiting" if working else "done"


def wallet_names(live: LiveProgram) -> dict[int, str]:
    """Return the wallets of every version by their units."""
    return {each.unit: each.spec.id for version in live.versions for each in version.wallets}
