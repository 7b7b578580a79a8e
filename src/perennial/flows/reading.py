"""What the API reads: customers with their balances, and redemptions.

Reading locks nothing and runs no timers. Balances are those of the business instant of the reading:
what has become available or expired by date counts as such, whether or not a timer has run yet.
"""

from __future__ import annotations

import msgspec
from asyncpg import Connection

from perennial.core.customers.blocks import Block
from perennial.core.customers.consents import CONSENTS_KEPT
from perennial.core.customers.identifiers import CustomerIdentifier
from perennial.core.document.program import Program, TierMetric
from perennial.core.facts import STALE_FROM
from perennial.core.member import Member, Wallet
from perennial.core.orders.order import Scalar
from perennial.core.terms.conditions import Measure
from perennial.core.tiers.progress import Missing, progress
from perennial.flows.answers import Answer
from perennial.flows.configuration import LiveProgram, Workspace, business_now
from perennial.flows.consent_views import ConsentView, consent_view
from perennial.flows.handle_events import Handler
from perennial.flows.identifying import names_of
from perennial.flows.loading.challenges import load_challenges
from perennial.flows.loading.exposures import load_variants
from perennial.flows.loading.households import bring_together, home_of, homes_elsewhere, with_companions
from perennial.flows.loading.looking_back import read_from
from perennial.flows.loading.wherever import load_members_of
from perennial.flows.merged import customer_unknown, follows_merges
from perennial.flows.problems import problem
from perennial.store.codes.redemptions import read_redemption
from perennial.store.customers.blocks import BlockRow, read_block
from perennial.store.customers.consents import read_consents
from perennial.store.customers.customers import CustomerRow, read_customers
from perennial.store.customers.identifiers import read_identifiers
from perennial.store.external_ids import IdKind, find_external_ids
from perennial.units import SECOND, Instant, Points, bucket_of, format_instant, named_id

_MONEY = (Measure.ORDERS_NET, Measure.LINES_NET)


class _View(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    pass


class ExpiringPoints(_View, frozen=True):
    """Points that expire together at ``at``."""

    points: Points
    at: str


class WalletView(_View, frozen=True):
    """One wallet. ``earned``, ``spent`` and ``expired`` are lifetime sums; ``available`` is net of debt."""

    program: str
    wallet: str
    name: str
    decimals: int
    available: Points
    pending: Points
    debt: Points
    held: Points
    earned: Points
    spent: Points
    expired: Points
    expiring_next: ExpiringPoints | None = None


class MissingView(_View, frozen=True):
    """What one metric of the tiers still lacks.

    ``measure`` is what it counts (null: the balance of a wallet). Figures are in the minor unit of
    ``currency`` where they are money, and otherwise have ``decimals``, as the points of a wallet do.
    """

    metric: str
    figure: int
    needed: int
    missing: int
    measure: str | None = None
    currency: str | None = None
    decimals: int = 0


class HigherTierView(_View, frozen=True):
    """A tier above the member's: any one of ``missing`` made up for is enough."""

    tier: str
    name: str
    missing: tuple[MissingView, ...]


class TierRiskView(_View, frozen=True):
    """At ``at`` the member goes to ``tier`` (null: none) unless one of ``missing`` is made up for."""

    at: str
    tier: str | None
    counts_from: str
    missing: tuple[MissingView, ...]


class TierProgressView(_View, frozen=True):
    """What is missing to every higher tier, and what is at risk.

    ``begins`` is when a higher tier begins of which nothing is missing any more, where tiers begin with the
    next period. ``in_grace`` tells that only a grace keeps the tier.
    """

    higher: tuple[HigherTierView, ...]
    risk: TierRiskView | None = None
    begins: str | None = None
    in_grace: bool = False


class MembershipView(_View, frozen=True):
    """A place in a program; ``tier_until`` is when the status is reviewed next.

    ``tier_name`` is what people call the tier. ``household`` is the one that shares tier and limits with the
    customer, where the program pools all.
    """

    program: str
    joined_at: str
    source: str
    tier: str | None = None
    tier_name: str | None = None
    tier_since: str | None = None
    tier_until: str | None = None
    tier_floor: str | None = None
    left_at: str | None = None
    household: str | None = None
    progress: TierProgressView | None = None


class FactView(_View, frozen=True):
    """A fact from outside; a ``stale`` one is missing to every condition."""

    value: Scalar
    expires_at: str
    stale: bool


def outside_facts(kept: dict[str, Scalar], at: Instant) -> dict[str, FactView]:
    """Return what comes from outside of the attributes of a customer or a location."""
    return {
        name: FactView(value=value, expires_at=format_instant(until * SECOND), stale=until * SECOND <= at)
        for name, value in kept.items()
        if isinstance(until := kept.get(name + STALE_FROM), int)
    }


def own_attributes(kept: dict[str, Scalar]) -> dict[str, Scalar]:
    """Return the attributes that do not come from outside, and do not stand for something else."""
    return {
        name: value
        for name, value in kept.items()
        if not name.endswith(STALE_FROM) and name + STALE_FROM not in kept and name != CONSENTS_KEPT
    }


class BlockView(_View, frozen=True):
    """What a customer may not do, since when, who blocked them, and why."""

    earning: bool
    spending: bool
    since: str
    actor: str
    reason: str


def block_view(row: BlockRow) -> BlockView:
    """Return what is told of a block."""
    return BlockView(
        earning=bool(row.blocked & Block.EARNING),
        spending=bool(row.blocked & Block.SPENDING),
        since=format_instant(row.since),
        actor=row.actor,
        reason=row.reason,
    )


class CustomerView(_View, frozen=True):
    """A customer with everything that is stored about them but their history.

    ``segments`` tells since when the customer has been in each, ``consents`` what stands of what was said
    about channels and purposes; ``blocked`` is there while something is not allowed.
    """

    id: str
    created_at: str
    attributes: dict[str, Scalar]
    facts: dict[str, FactView]
    identifiers: tuple[CustomerIdentifier, ...]
    household: str | None
    memberships: tuple[MembershipView, ...]
    wallets: tuple[WalletView, ...]
    segments: dict[str, str]
    consents: tuple[ConsentView, ...]
    blocked: BlockView | None = None


class CustomerPage(_View, frozen=True):
    """The customer who has an identifier, or nobody; ``next_cursor`` is null, for there is one at most."""

    data: tuple[CustomerView, ...]
    next_cursor: str | None


@follows_merges
async def read_customer(handler: Handler, workspace_id: int, external_id: str) -> CustomerView:
    """Return a customer, or raise the 404."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        return await _view_customer(conn, workspace, external_id)


async def find_customer(handler: Handler, workspace_id: int, identifier: CustomerIdentifier) -> CustomerPage:
    """Return the customer who has a (normalized) identifier, or nobody."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        names = await names_of(conn, workspace_id, [identifier])
        views = [await _view_customer(conn, workspace, name) for name in names.values()]
    return CustomerPage(data=tuple(views), next_cursor=None)


async def _view_customer(conn: Connection, workspace: Workspace, external_id: str) -> CustomerView:
    workspace_id, bucket = workspace.workspace_id, bucket_of_customer(workspace, external_id)
    row, member = await load_customer(conn, workspace, external_id)
    identifiers = await read_identifiers(conn, workspace_id, bucket, [row.customer_id])
    household = None
    if row.household_id is not None:
        home = await home_of(conn, workspace.row, bucket, row)
        found = await read_customers(conn, workspace_id, home, [row.household_id])
        household = found[row.household_id].external_id
    block = None if not row.blocked else await read_block(conn, workspace_id, bucket, row.customer_id)
    said = await read_consents(conn, workspace_id, bucket, [row.customer_id])
    at = business_now(workspace)
    live = [program for program in workspace.programs if program.program_id in member.memberships]
    return CustomerView(
        id=external_id,
        created_at=format_instant(row.created_at),
        attributes=own_attributes(row.attributes),
        facts=outside_facts(row.attributes, at),
        identifiers=tuple(
            each.identifier for each in sorted(identifiers, key=lambda each: (each.type, each.given))
        ),
        household=household,
        memberships=tuple(_membership(program, member, at) for program in live),
        wallets=tuple(view for program in live for view in wallet_views(program, member, at)),
        segments={code: format_instant(since) for code, since in sorted(member.segments.items())},
        consents=tuple(consent_view(each) for each in said.get(row.customer_id, ())),
        blocked=None if block is None else block_view(block),
    )


async def known_customer(conn: Connection, workspace: Workspace, external_id: str) -> tuple[int, CustomerRow]:
    """Return the bucket and the row of a customer, or raise the 404."""
    workspace_id, bucket = workspace.workspace_id, bucket_of_customer(workspace, external_id)
    customer_id = named_id(workspace_id, "customer", external_id)
    row = (await read_customers(conn, workspace_id, bucket, [customer_id])).get(customer_id)
    if row is None or row.erased_at is not None:
        raise await customer_unknown(conn, workspace_id, (bucket, customer_id), external_id)
    return bucket, row


async def load_customer(
    conn: Connection, workspace: Workspace, external_id: str
) -> tuple[CustomerRow, Member]:
    """Return the row and the state (lots included) of a customer, or raise the 404."""
    workspace_id = workspace.workspace_id
    bucket, row = await known_customer(conn, workspace, external_id)
    customer_id = row.customer_id
    reads = read_from(workspace, [business_now(workspace)])
    rows = {customer_id: row}
    if workspace.pools:
        rows, places = await with_companions(conn, workspace.row, bucket, rows)
    else:
        places = await homes_elsewhere(conn, workspace.row, bucket, rows)
    members = await load_members_of(
        conn,
        workspace_id,
        bucket,
        rows,
        places,
        lots_for=frozenset([row.owner]),
        reads=reads,
        segments=workspace.segment_names,
        since=True,
    )
    if workspace.pools:
        bring_together(members, rows)
    own = {each: member for each, member in members.items() if each not in places}
    await load_challenges(conn, workspace, bucket, own, business_now(workspace))
    await load_variants(conn, workspace, bucket, own)
    return row, members[customer_id]


def bucket_of_customer(workspace: Workspace, external_id: str) -> int:
    """Return the bucket of the customer whom the caller names ``external_id``."""
    return bucket_of(external_id, workspace.row.bucket_base, workspace.row.bucket_count)


def _membership(live: LiveProgram, member: Member, at: Instant) -> MembershipView:
    membership = member.memberships[live.program_id]
    return MembershipView(
        program=live.code,
        joined_at=format_instant(membership.joined_at),
        source=membership.source,
        tier=membership.tier,
        tier_name=None if membership.tier is None else live.tier_name(membership.tier),
        tier_since=_text(membership.tier_since),
        tier_until=_text(membership.tier_until),
        tier_floor=membership.tier_floor,
        left_at=_text(membership.left_at),
        household=_shared_with(live, member),
        progress=_progress(live, member, at) if membership.left_at is None else None,
    )


def _shared_with(live: LiveProgram, member: Member) -> str | None:
    return member.household.name if live.latest.pooling is not None and member.household is not None else None


def _progress(live: LiveProgram, member: Member, at: Instant) -> TierProgressView | None:
    found = progress(live.latest, member, at)
    if found is None:
        return None
    risk = found.risk
    return TierProgressView(
        higher=tuple(
            HigherTierView(tier=each.tier, name=each.name, missing=_missing(live, each.missing))
            for each in found.higher
        ),
        risk=None
        if risk is None
        else TierRiskView(
            at=format_instant(risk.at),
            tier=risk.tier,
            counts_from=format_instant(risk.counts_from),
            missing=_missing(live, risk.missing),
        ),
        begins=_text(found.begins),
        in_grace=found.in_grace,
    )


def _missing(live: LiveProgram, missing: tuple[Missing, ...]) -> tuple[MissingView, ...]:
    program = live.latest.program
    metrics = {metric.id: metric for metric in program.tiers.metrics} if program.tiers is not None else {}
    return tuple(
        MissingView(
            metric=each.metric,
            figure=each.figure,
            needed=each.needed,
            missing=each.missing,
            measure=metrics[each.metric].measure,
            currency=program.currency if metrics[each.metric].measure in _MONEY else None,
            decimals=_decimals(program, metrics[each.metric]),
        )
        for each in missing
    )


def _decimals(program: Program, metric: TierMetric) -> int:
    """Return the decimals of the points that a metric counts: 0 where it counts none."""
    if metric.balance is None and metric.measure is not Measure.POINTS_EARNED:
        return 0
    named = metric.balance or metric.wallet or program.wallets[0].id
    return next(wallet.decimals for wallet in program.wallets if wallet.id == named)


def _text(instant: Instant | None) -> str | None:
    return None if instant is None else format_instant(instant)


def wallet_views(live: LiveProgram, member: Member, at: Instant) -> list[WalletView]:
    """Return the wallets that a member has in one program, as they are at an instant."""
    views = []
    for compiled in live.latest.wallets:
        wallet = member.wallets.get(compiled.unit) or Wallet(lots={})
        lots = list((wallet.lots or {}).values())
        available = sum(lot.remaining for lot in lots if lot.is_available(at))
        pending = sum(
            lot.remaining for lot in lots if lot.key.available_at is None or lot.key.available_at > at
        )
        views.append(
            WalletView(
                program=live.code,
                wallet=compiled.spec.id,
                name=compiled.spec.name,
                decimals=compiled.spec.decimals,
                available=available - wallet.debt,
                pending=pending,
                debt=wallet.debt,
                held=wallet.held,
                earned=wallet.earned,
                spent=wallet.spent,
                expired=wallet.expired,
                expiring_next=_expiring_next(wallet, at),
            )
        )
    return views


def _expiring_next(wallet: Wallet, at: Instant) -> ExpiringPoints | None:
    """Return the available points that expire soonest, all of the same instant together."""
    by_instant: dict[Instant, Points] = {}
    for lot in (wallet.lots or {}).values():
        expires_at = lot.key.expires_at
        if lot.remaining and expires_at is not None and lot.is_available(at):
            by_instant[expires_at] = by_instant.get(expires_at, 0) + lot.remaining
    if not by_instant:
        return None
    soonest = min(by_instant)
    return ExpiringPoints(points=by_instant[soonest], at=format_instant(soonest))


async def read_redemption_answer(handler: Handler, workspace_id: int, name: str) -> Answer:
    """Return what is known of a hold or redemption, or raise the 404."""
    redemption_id = named_id(workspace_id, "redemption", name)
    async with handler.database.snapshot(workspace_id) as conn:
        found = await find_external_ids(conn, workspace_id, IdKind.REDEMPTION, [redemption_id])
        row = None
        if redemption_id in found:
            bucket, customer_id = found[redemption_id]
            row = await read_redemption(conn, workspace_id, bucket, customer_id, redemption_id)
    if row is None:
        raise problem(404, "redemption_unknown", f"There is no hold or redemption {name!r}.")
    return Answer(status=200, body=row.answer)
