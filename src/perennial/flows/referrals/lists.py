"""Referrals of a workspace, page by page; and what one member has to refer others: code, link, results."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.document.referral_terms import LINK_CODE
from perennial.core.referrals.referrals import ReferralState
from perennial.flows.answers import Answer
from perennial.flows.batcher import Intake
from perennial.flows.commands import ReviewReferral
from perennial.flows.configuration import LiveProgram, Workspace, business_now
from perennial.flows.handle_events import Handler
from perennial.flows.merged import follows_merges
from perennial.flows.pages import read_cursor, write_cursor
from perennial.flows.problems import field_problem, problem
from perennial.flows.reading import bucket_of_customer, load_customer
from perennial.flows.referral_views import ReferralView, view_referral
from perennial.store.customers.customers import lock_customers, read_customers
from perennial.store.customers.referral_codes import ReferralCodeRow, insert_code, read_code
from perennial.store.customers.referrals import (
    ReferralPlace,
    ReferralRow,
    count_states,
    list_referrals,
    read_advocacies,
    read_referral,
)
from perennial.store.external_ids import IdKind, find_external_ids
from perennial.units import named_id

COUNTED_AT_MOST = 10_000
MAX_DRAWS = 20


class ReferralPage(msgspec.Struct, frozen=True):
    """A page of referrals; ``next_cursor`` is null on the last page."""

    data: tuple[ReferralView, ...]
    next_cursor: str | None


class MemberReferrals(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How a member refers others in one program: with the ``code``, or the ``link`` that holds it.

    ``offers`` are the kinds of referral by their id, with their names; ``referrals`` is how many there are
    in each state.
    """

    program: str
    code: str
    link: str | None = None
    offers: dict[str, str]
    referrals: dict[str, int]


class ReferralHome(msgspec.Struct, frozen=True):
    """How a customer refers others, in every program with referrals of which they are a member."""

    data: tuple[MemberReferrals, ...]


async def list_all_referrals(
    handler: Handler,
    workspace_id: int,
    *,
    state: ReferralState | None = None,
    program: str | None = None,
    customer: str | None = None,
    advocate: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> ReferralPage:
    """Return a page of the referrals of a workspace, the oldest first; what is None is not looked at."""
    after = read_cursor(cursor, ReferralPlace, workspace_id, "referrals")
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        live = None if program is None else workspace.program(program)
        if program is not None and live is None:
            raise field_problem("query.program", "program_unknown", f"there is no program {program!r}")
        row = workspace.row
        found = await list_referrals(
            conn,
            workspace_id,
            row.span,
            state=state,
            program_id=None if live is None else live.program_id,
            friend_id=None if customer is None else named_id(workspace_id, "customer", customer),
            advocate_id=None if advocate is None else named_id(workspace_id, "customer", advocate),
            after=after,
            limit=limit + 1,
        )
        names = await _names(conn, workspace_id, found[:limit])
    views = tuple(view_referral(workspace, each, names) for _, each in found[:limit])
    last = found[limit - 1][1].referral if len(found) > limit else None
    place = None if last is None else ReferralPlace(last.attributed_at, last.referral_id)
    return ReferralPage(data=views, next_cursor=write_cursor(place, workspace_id, "referrals"))


async def _names(
    conn: Connection, workspace_id: int, found: Iterable[tuple[int, ReferralRow]]
) -> dict[UUID, str]:
    places: dict[int, set[UUID]] = {}
    for bucket, row in found:
        places.setdefault(bucket, set()).add(row.friend_id)
        places.setdefault(row.advocate_bucket, set()).add(row.advocate_id)
    names: dict[UUID, str] = {}
    for bucket, ids in sorted(places.items()):
        known = await read_customers(conn, workspace_id, bucket, sorted(ids))
        names.update((customer_id, row.external_id) for customer_id, row in known.items())
    return names


async def review_referral(
    intake: Intake, workspace_id: int, referral: str, *, approve: bool, actor: str, reason: str
) -> Answer:
    """Approve or reject a referral in review, or raise the 404."""
    referral_id = _id_of(referral)
    async with intake.handler.database.snapshot(workspace_id) as conn:
        found = await find_external_ids(conn, workspace_id, IdKind.REFERRAL, [referral_id])
        if referral_id not in found:
            raise _unknown(referral)
        bucket, friend_id = found[referral_id]
        row = await read_referral(conn, workspace_id, bucket, friend_id, referral_id)
        names = {} if row is None else await _names(conn, workspace_id, [(bucket, row)])
    command = ReviewReferral(
        customer_id=friend_id.hex,
        referral_id=referral_id.hex,
        bucket=bucket,
        approve=approve,
        actor=actor,
        reason=reason,
        advocate=None if row is None else names.get(row.advocate_id),
    )
    return await intake.submit(workspace_id, command)


def _id_of(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise _unknown(text) from None


def _unknown(referral: str) -> Exception:
    return problem(404, "referral_unknown", f"There is no referral {referral!r}.")


@follows_merges
async def read_home(handler: Handler, workspace_id: int, customer: str) -> ReferralHome:
    """Return how a customer refers others, or raise the 404; who has no code yet is given one."""
    return await handler.retrying(lambda: _read_home(handler, workspace_id, customer))


async def _read_home(handler: Handler, workspace_id: int, customer: str) -> ReferralHome:
    async with handler.database.transaction(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        bucket = bucket_of_customer(workspace, customer)
        await lock_customers(conn, workspace_id, bucket, [named_id(workspace_id, "customer", customer)])
        row, member = await load_customer(conn, workspace, customer)
        states = await states_of(conn, workspace_id, bucket, row.customer_id)
        data = []
        for live in workspace.programs:
            membership = member.memberships.get(live.program_id)
            if live.latest.offers and membership is not None and membership.left_at is None:
                place = ReferralCodeRow(bucket, row.customer_id, live.program_id)
                code = await _code_of(conn, handler, workspace, live, place)
                data.append(_member_referrals(live, code, states.get(live.program_id, {})))
    return ReferralHome(tuple(data))


def _member_referrals(live: LiveProgram, code: str, states: dict[str, int]) -> MemberReferrals:
    referrals = live.latest.program.referrals
    assert referrals is not None, "it has offers"
    return MemberReferrals(
        program=live.code,
        code=code,
        link=None if referrals.link is None else referrals.link.replace(LINK_CODE, quote(code, safe="")),
        offers={offer.id: offer.name for offer in referrals.offers},
        referrals=states,
    )


async def _code_of(
    conn: Connection, handler: Handler, workspace: Workspace, live: LiveProgram, place: ReferralCodeRow
) -> str:
    """Return the code of a member, who is locked; one is drawn where there is none."""
    workspace_id, codebook = workspace.workspace_id, handler.codebook
    sealed = await read_code(conn, workspace_id, place.bucket, place.customer_id, place.program_id)
    if sealed is not None:
        return codebook.open(workspace_id, sealed)
    referrals = live.latest.program.referrals
    assert referrals is not None, "it has offers"
    at = business_now(workspace)
    for _ in range(MAX_DRAWS):
        code = codebook.draw(workspace_id, referrals.codes)
        if await insert_code(conn, workspace_id, code.code_hash, place, code.sealed, at):
            return code.text
    raise problem(409, "no_codes_left", "The pattern of the codes has none left that is nobody's.")


async def states_of(
    conn: Connection, workspace_id: int, bucket: int, advocate_id: UUID
) -> dict[int, dict[str, int]]:
    """Return how many referrals an advocate has in each state, by the program."""
    found = await read_advocacies(conn, workspace_id, bucket, advocate_id, COUNTED_AT_MOST)
    places: dict[int, list[tuple[UUID, UUID]]] = {}
    for referral_id, where, friend_id in found:
        places.setdefault(where, []).append((friend_id, referral_id))
    counted: dict[int, dict[str, int]] = {}
    for where, keys in sorted(places.items()):
        for program_id, state, count in await count_states(conn, workspace_id, where, keys):
            states = counted.setdefault(program_id, {})
            states[state.word] = states.get(state.word, 0) + count
    return counted
