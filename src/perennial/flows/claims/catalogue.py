"""``GET /v1/customers/{id}/rewards``: what a member can have for points, at which price, and why not."""

from __future__ import annotations

import msgspec
from asyncpg import Connection

from perennial.core.claims.availability import Availability, catalogue
from perennial.core.claims.part_payment import least_of
from perennial.core.orders.order import Scalar
from perennial.core.terms.refusal_text import text_for
from perennial.core.version import Version
from perennial.flows.claims.waiting import lines_of
from perennial.flows.configuration import LiveProgram, Workspace, business_now
from perennial.flows.handle_events import Handler
from perennial.flows.loading.budgets import budgets_of_order
from perennial.flows.loading.claims import has_code
from perennial.flows.loading.drawn_codes import pools_of
from perennial.flows.merged import follows_merges
from perennial.flows.reading import load_customer
from perennial.store.budgets import read_budgets
from perennial.units import Instant, Minor, Points, format_instant


class _View(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    pass


class PriceView(_View, frozen=True):
    """What the member pays: ``points`` of ``wallet``, of which ``available`` are there now.

    ``claimable`` says whether the reward can be claimed at this price now, ``missing`` how many more points
    are needed. Where the rest may be paid with money, ``least`` points do.
    """

    points: Points
    wallet: str
    available: Points
    claimable: bool
    missing: Points = 0
    least: Points | None = None


class WhyNotView(_View, frozen=True):
    """One reason why a reward cannot be claimed now: a stable code, words, and the numbers behind it.

    ``text`` is what the shop itself says to that, by language.
    """

    code: str
    words: str
    details: dict[str, Scalar] = {}
    text: dict[str, str] | None = None


class RewardView(_View, frozen=True):
    """A reward as one member sees it. It can be claimed for ``price`` exactly if ``why_not`` is empty.

    ``gives`` are the kinds of its benefits, for this member's tier. ``value`` is what they are worth in
    minor units of ``currency``, as far as that is certain. ``price`` is null where no price is for the
    member. ``stock_left`` is null where there is no end of it. At ``ends_at`` the offer is over.
    ``waiting`` is how many wait for it, where somebody can. ``prices`` are what it costs from each wallet
    that has a price for the member: a claim may name that wallet.
    """

    program: str
    id: str
    name: str
    gives: tuple[str, ...]
    claimable: bool
    price: PriceView | None
    value: Minor
    currency: str
    stock_left: int | None
    ends_at: str | None
    why_not: tuple[WhyNotView, ...]
    description: str | None = None
    tiers: tuple[str, ...] = ()
    waiting: int | None = None
    prices: tuple[PriceView, ...] = ()


class RewardList(_View, frozen=True):
    """Every reward that has a price, as of ``at``; ``next_cursor`` is null, for it is one page."""

    data: tuple[RewardView, ...]
    at: str
    next_cursor: str | None


@follows_merges
async def read_catalogue(handler: Handler, workspace_id: int, customer: str) -> RewardList:
    """Return what every reward with a price is to a customer at this moment, or raise the 404."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        _, member = await load_customer(conn, workspace, customer)
        at = business_now(workspace)
        spent = await _spent(conn, workspace, at)
        empty = {
            live.program_id: await _empty_pools(conn, workspace, live, version)
            for live, version in _versions(workspace, at)
        }
        lines = {
            live.program_id: await lines_of(conn, workspace, live.program_id, version)
            for live, version in _versions(workspace, at)
        }
    views = [
        _view(live, version, found, lines[live.program_id].get(found.compiled.reward.id))
        for live, version in _versions(workspace, at)
        for found in catalogue(
            version, member, spent, at, workspace.switches, lines[live.program_id], empty[live.program_id]
        )
    ]
    return RewardList(data=tuple(views), at=format_instant(at), next_cursor=None)


def _versions(workspace: Workspace, at: Instant) -> list[tuple[LiveProgram, Version]]:
    found = [(live, live.version_at(at)) for live in workspace.programs]
    return [(live, version) for live, version in found if version is not None]


async def _empty_pools(
    conn: Connection, workspace: Workspace, live: LiveProgram, version: Version
) -> frozenset[str]:
    """Return the pools of which rewards with a price hand over codes, and which have none left."""
    priced = [compiled for compiled in version.rewards.values() if compiled.reward.has_price]
    pools = sorted({pool for compiled in priced for pool in pools_of(compiled)})
    return frozenset([pool for pool in pools if not await has_code(conn, workspace, live, pool)])


async def _spent(conn: Connection, workspace: Workspace, at: Instant) -> dict[tuple[int, int], int]:
    """Return what all members have used of the programs' budgets."""
    keys = {key for _, version in _versions(workspace, at) for key in budgets_of_order(version, at, None)}
    return await read_budgets(conn, workspace.workspace_id, keys)


def _view(live: LiveProgram, version: Version, found: Availability, waiting: int | None) -> RewardView:
    compiled, reward = found.compiled, found.compiled.reward
    return RewardView(
        program=live.code,
        id=reward.id,
        name=reward.name,
        description=reward.description,
        gives=tuple(str(given.benefit.__struct_config__.tag) for given in compiled.gives_to(found.tier)),
        claimable=not found.reasons,
        price=_price(version, found),
        value=reward.worth(found.tier),
        currency=version.program.currency,
        stock_left=found.stock_left,
        ends_at=None if found.ends_at is None else format_instant(found.ends_at),
        why_not=tuple(
            WhyNotView(
                code=reason.code.value,
                words=reason.words,
                details=reason.details,
                text=text_for(reward.refusals, reason.code.value),
            )
            for reason in found.reasons
        ),
        tiers=reward.tiers,
        waiting=None if reward.waiting_list is None else waiting or 0,
        prices=tuple(price for each in found.choices if (price := _price(version, each)) is not None),
    )


def _price(version: Version, found: Availability) -> PriceView | None:
    price, in_part = found.price, found.compiled.reward.in_part
    if price is None:
        return None
    return PriceView(
        points=price.points,
        wallet=version.wallets[price.wallet].spec.id,
        available=found.spendable,
        claimable=not found.reasons,
        missing=max(price.points - found.spendable, 0),
        least=None if in_part is None else least_of(in_part, price),
    )
