"""``POST /v1/scan``: whatever is scanned or typed at the till, found: a member, a voucher, a gift card.

Nothing is locked or changed. What is not found is answered in one way, whatever it looks like.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec
from asyncpg import Connection

from perennial.core.codes.entry import shared_form
from perennial.core.codes.till_code import Fault, TillCode, TillKind
from perennial.core.customers.identifiers import CustomerIdentifier, IdentifierType, normalized
from perennial.flows.asked import FoundVoucher
from perennial.flows.batch import Batch
from perennial.flows.configuration import LiveProgram, Workspace, business_now
from perennial.flows.handle_events import Handler
from perennial.flows.identifying import names_of
from perennial.flows.loading.redeemed import load_codes
from perennial.flows.merged import survivor_name
from perennial.flows.problems import ProblemError, problem
from perennial.flows.reading import WalletView, bucket_of_customer, load_customer, wallet_views
from perennial.flows.signed_codes import scanned_code, verified, wall_now
from perennial.store.codes.vouchers import VoucherRow, VoucherState
from perennial.store.customers.customers import read_customers
from perennial.units import Instant, Minor, format_instant, named_id

NAMES = ("name", "first_name")
"""The attributes by which a cashier may greet a member, the first that the member has."""


ScannedKind: TypeAlias = Literal["member", "voucher", "gift_card", "shared_code"]
"""What was found."""


class _View(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    pass


class ScannedMembership(_View, frozen=True):
    """A program that the member belongs to, and the tier there."""

    program: str
    tier: str | None = None


class ScannedMember(_View, frozen=True):
    """What the till needs of a member: your own id, a name to greet with, tiers, and balances."""

    customer: str
    name: str | None = None
    memberships: tuple[ScannedMembership, ...] = ()
    wallets: tuple[WalletView, ...] = ()


class ScannedVoucher(_View, frozen=True):
    """What the till needs of a voucher, gift card, or shared code.

    ``state`` is ``valid``, ``not_started``, ``expired``, ``used_up``, ``voided`` or ``switched_off``.
    ``value`` and ``balance`` (of a gift card) are in minor units of ``currency``. ``customer`` is for whom
    alone it is. ``code`` is what a quote, a hold or a redemption takes: for a rotating code another one,
    for 15 minutes; else what was scanned.
    """

    reward: str
    name: str
    state: str
    code: str
    currency: str
    value: Minor | None = None
    balance: Minor | None = None
    uses_left: int | None = None
    starts_at: str | None = None
    expires_at: str | None = None
    last4: str | None = None
    customer: str | None = None


class ScanAnswer(_View, frozen=True):
    """What was found: a ``member``, or a ``voucher`` of the kind that ``kind`` says."""

    kind: ScannedKind
    member: ScannedMember | None = None
    voucher: ScannedVoucher | None = None


def nothing_found() -> ProblemError:
    """Build the 404 for whatever is not found: always the same one."""
    return problem(404, "scan_unknown", "Nothing of ours was found by this text.")


async def scan(handler: Handler, workspace_id: int, text: str) -> ScanAnswer:
    """Return what a text stands for, or raise the 404; of a genuine rotating code that is over, the 409."""
    now = wall_now()
    code = verified(handler.codebook, workspace_id, text, now)
    if code in (Fault.EXPIRED, Fault.NOT_YET):
        # Whoever shows a genuine code guesses nothing: the cashier may know that another one is needed.
        words = "This code was genuine, but is not current: let the present one be shown."
        raise problem(409, "till_code_over", words)
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        if isinstance(code, TillCode) and code.kind is TillKind.MEMBER:
            return await _member(conn, workspace, await customer_of(conn, workspace, code))
        batch = Batch(
            workspace=workspace,
            bucket=workspace.row.bucket_base,
            now=business_now(workspace),
            ids=handler.ids,
            codebook=handler.codebook,
            codes_judged_at=now,
        )
        await load_codes(conn, batch, [text], lock=False)
        if (voucher := batch.entered.get(text)) is not None:
            entered = text
            if isinstance(code, TillCode):
                entered = scanned_code(handler.codebook, workspace_id, code, now)
            return await _voucher(conn, batch, voucher, entered)
        return _shared(workspace, text) or await _by_identifier(conn, workspace, text)


async def customer_of(conn: Connection, workspace: Workspace, code: TillCode) -> str | None:
    """Return your own id of the customer of a member's code; None of one who is gone."""
    bucket = workspace.row.bucket_base + code.place
    rows = await read_customers(conn, workspace.workspace_id, bucket, [code.subject])
    row = rows.get(code.subject)
    if row is not None and row.erased_at is not None:
        return await survivor_name(conn, workspace.workspace_id, (bucket, code.subject))
    return None if row is None else row.external_id


async def _member(conn: Connection, workspace: Workspace, customer: str | None) -> ScanAnswer:
    if not customer:
        raise nothing_found()
    try:
        row, member = await load_customer(conn, workspace, customer)
    except ProblemError:
        raise nothing_found() from None
    at = business_now(workspace)
    live = [
        program
        for program in workspace.programs
        if (membership := member.memberships.get(program.program_id)) and membership.left_at is None
    ]
    name = next((row.attributes[each] for each in NAMES if row.attributes.get(each)), None)
    return ScanAnswer(
        kind="member",
        member=ScannedMember(
            customer=customer,
            name=name if isinstance(name, str) else None,
            memberships=tuple(
                ScannedMembership(program=each.code, tier=member.memberships[each.program_id].tier)
                for each in live
            ),
            wallets=tuple(view for each in live for view in wallet_views(each, member, at)),
        ),
    )


async def _voucher(conn: Connection, batch: Batch, found: FoundVoucher, entered: str) -> ScanAnswer:
    row = found.row
    live = batch.workspace.program_by_id(row.program_id)
    reward = live.version(row.version).rewards[row.reward].reward
    customer = None
    if row.bound and not row.is_bearers:
        holders = await read_customers(conn, batch.workspace.workspace_id, found.bucket, [row.customer_id])
        customer = holders[row.customer_id].external_id if row.customer_id in holders else None
    card = found.balance is not None
    return ScanAnswer(
        kind="gift_card" if card else "voucher",
        voucher=ScannedVoucher(
            reward=f"{live.code}/{row.reward}",
            name=reward.name,
            state=_state(batch.workspace, live, row, batch.now),
            code=entered,
            currency=row.currency,
            value=row.value,
            balance=found.balance,
            uses_left=row.uses_left,
            starts_at=None if row.starts_at is None else format_instant(row.starts_at),
            expires_at=None if row.expires_at is None else format_instant(row.expires_at),
            last4=row.last4,
            customer=customer,
        ),
    )


def _state(workspace: Workspace, live: LiveProgram, row: VoucherRow, at: Instant) -> str:
    if row.state is not VoucherState.ISSUED:
        return "voided"
    if _is_off(workspace, live, row.reward):
        return "switched_off"
    if row.uses_left == 0:
        return "used_up"
    if row.starts_at is not None and at < row.starts_at:
        return "not_started"
    return "expired" if row.expires_at is not None and at >= row.expires_at else "valid"


def _is_off(workspace: Workspace, live: LiveProgram, reward: str) -> bool:
    compiled = live.latest.rewards.get(reward)
    place = None if compiled is None else compiled.campaign
    campaign = None if place is None else live.latest.program.campaigns[place].id
    return workspace.switches.why_off(live.code, reward, campaign, reward) is not None


def _shared(workspace: Workspace, text: str) -> ScanAnswer | None:
    """Return the reward of a code that everybody shares."""
    for live in workspace.programs:
        reward = live.latest.shared_codes.get(shared_form(text))
        if reward is not None:
            return ScanAnswer(
                kind="shared_code",
                voucher=ScannedVoucher(
                    reward=f"{live.code}/{reward}",
                    name=live.latest.rewards[reward].reward.name,
                    state="switched_off" if _is_off(workspace, live, reward) else "valid",
                    code=text,
                    currency=live.latest.program.currency,
                ),
            )
    return None


async def _by_identifier(conn: Connection, workspace: Workspace, text: str) -> ScanAnswer:
    """Return the member who has an identifier, or goes by the caller's own id, that reads like the text."""
    wanted = [each for kind in IdentifierType if (each := _identifier(kind, text)) is not None]
    names = await names_of(conn, workspace.workspace_id, wanted)
    row = workspace.row
    own = TillCode(TillKind.MEMBER, 0, named_id(row.workspace_id, "customer", text), 0)
    place = bucket_of_customer(workspace, text) - row.bucket_base
    known = await customer_of(conn, workspace, msgspec.structs.replace(own, place=place))
    found = next((names[each] for each in wanted if each in names), known)
    return await _member(conn, workspace, found)


def _identifier(kind: IdentifierType, text: str) -> CustomerIdentifier | None:
    try:
        return normalized(CustomerIdentifier(type=kind, value=text))
    except ValueError:
        return None
