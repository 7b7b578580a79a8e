"""One referral with everything that is known of it: the evidence, what converted it, and who got what for it.

For who has to decide about it, and for who asks why somebody has points. Nothing is stored for it: the
evidence is that of this moment, and what was decided is explained again.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from asyncpg import Connection

from perennial.core.document.referral_terms import ReferralOffer, Role
from perennial.core.kinds.fraud_signal import Evidence
from perennial.core.language import Language
from perennial.core.languages import ENGLISH
from perennial.core.referrals.referrals import Given
from perennial.flows.configuration import Workspace
from perennial.flows.explaining import ProgramExplanation, explained, words_of
from perennial.flows.handle_events import Handler
from perennial.flows.problems import problem
from perennial.flows.referral_views import ReferralView, view_referral
from perennial.flows.referrals.lists import states_of
from perennial.flows.referrals.sources import names_of
from perennial.flows.referrals.story import tell_beginning, tell_counted, tell_gift, tell_state
from perennial.flows.traces import Traces, traces_of
from perennial.store.codes.codebook import Codebook
from perennial.store.customers.customers import read_customers
from perennial.store.customers.referrals import (
    ReferralRow,
    count_from_place,
    count_orders_before,
    read_referral,
)
from perennial.store.events import load_events
from perennial.store.external_ids import IdKind, find_external_ids
from perennial.units import Points, format_instant


class _View(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    pass


class SignalView(_View, frozen=True):
    """A signal of fraud that is there now: what it ``does``, and what was found, in words."""

    signal: str
    does: str
    words: str


class ConvertedBy(_View, frozen=True):
    """What the friend did last that counted: an ``order`` or an ``event`` by the caller's own id."""

    type: str
    at: str
    id: str | None = None


class ReferralGift(_View, frozen=True):
    """What one side got, as its ``role``: the ``reward``, points by wallet, and the ids of vouchers.

    ``decisions`` are those of rules that the conversion triggered; their points are among ``points``.
    """

    role: str
    customer: str | None
    at: str
    words: str
    reward: str | None = None
    points: dict[str, Points] = {}
    vouchers: tuple[str, ...] = ()
    decisions: tuple[ProgramExplanation, ...] = ()


class ReferralDetail(ReferralView, frozen=True, omit_defaults=True, kw_only=True):
    """A referral with the ``evidence`` about it, what converted it, who got what, and the whole in words.

    ``advocate_referrals`` is how many referrals the advocate has in each state, in this program.
    """

    words: str
    evidence: tuple[SignalView, ...] = ()
    converted_by: ConvertedBy | None = None
    gifts: tuple[ReferralGift, ...] = ()
    advocate_referrals: dict[str, int] = {}


async def read_referral_detail(
    handler: Handler, workspace_id: int, referral: str, language: Language = ENGLISH
) -> ReferralDetail:
    """Return everything about a referral, in words of ``language``, or raise the 404."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        bucket, row = await find_referral(conn, workspace_id, referral)
        return await _detail(conn, handler.codebook, workspace, bucket, row, language)


async def find_referral(conn: Connection, workspace_id: int, referral: str) -> tuple[int, ReferralRow]:
    """Return a referral with the bucket in which it lies, or raise the 404."""
    try:
        referral_id = UUID(referral)
    except ValueError:
        raise _unknown(referral) from None
    found = (await find_external_ids(conn, workspace_id, IdKind.REFERRAL, [referral_id])).get(referral_id)
    row = None if found is None else await read_referral(conn, workspace_id, *found, referral_id)
    if found is None or row is None:
        raise _unknown(referral)
    return found[0], row


def _unknown(referral: str) -> Exception:
    return problem(404, "referral_unknown", f"There is no referral {referral!r}.")


async def _detail(
    conn: Connection,
    codebook: Codebook,
    workspace: Workspace,
    bucket: int,
    row: ReferralRow,
    language: Language,
) -> ReferralDetail:
    workspace_id = workspace.workspace_id
    live = workspace.program_by_id(row.referral.program_id)
    offer = live.version(row.referral.version).offers[row.referral.offer].offer
    names: dict[UUID, str] = {}
    attributes: dict[UUID, dict[str, object]] = {}
    for place, customer_id in ((bucket, row.friend_id), (row.advocate_bucket, row.advocate_id)):
        for each in (await read_customers(conn, workspace_id, place, [customer_id])).values():
            names[each.customer_id], attributes[each.customer_id] = each.external_id, {**each.attributes}
    view = view_referral(workspace, row, names)
    by = await _converted_by(conn, workspace_id, bucket, row, offer)
    gifts = [
        await _gift(conn, workspace, bucket, row, given, names, language) for given in row.referral.given
    ]
    traces = [
        await traces_of(conn, codebook, workspace_id, place, customer_id, attributes.get(customer_id, {}))
        for place, customer_id in ((bucket, row.friend_id), (row.advocate_bucket, row.advocate_id))
    ]
    evidence = await _evidence(conn, workspace, bucket, row, offer, traces[0], traces[1])
    states = await states_of(conn, workspace_id, row.advocate_bucket, row.advocate_id)
    return ReferralDetail(
        **msgspec.structs.asdict(view),
        words=" ".join(_story(view, by, gifts, live.version(row.referral.version).zone, language)),
        evidence=evidence,
        converted_by=by,
        gifts=tuple(each for each in gifts if each.reward or each.points or each.decisions),
        advocate_referrals=states.get(row.referral.program_id, {}),
    )


async def _evidence(
    conn: Connection,
    workspace: Workspace,
    bucket: int,
    row: ReferralRow,
    offer: ReferralOffer,
    theirs: Traces,
    ours: Traces,
) -> tuple[SignalView, ...]:
    """Return the signals that are there now."""
    workspace_id, first = workspace.workspace_id, workspace.row.bucket_base
    buckets = (first, first + workspace.row.bucket_count - 1)
    began = row.referral.attributed_at
    from_ip: dict[int, int] = {}
    for days in offer.windows():
        if row.ip_mark is not None:
            from_ip[days] = await count_from_place(conn, workspace_id, buckets, row.ip_mark, began, days)
    orders = await count_orders_before(conn, workspace_id, bucket, row.friend_id, began)
    evidence = Evidence(
        shared=ours.shared_with(theirs), orders_before=orders, from_ip=from_ip, hosts=theirs.hosts
    )
    return tuple(
        SignalView(
            signal=str(signal.__struct_config__.tag),
            does=signal.does().value,
            words=signal.words(evidence),
        )
        for signal in offer.signals()
        if signal.is_there(evidence)
    )


async def _converted_by(
    conn: Connection, workspace_id: int, bucket: int, row: ReferralRow, offer: ReferralOffer
) -> ConvertedBy | None:
    known = row.referral
    if known.source_id is None or known.reached_at is None:
        return None
    at, on = format_instant(known.reached_at), offer.converts.on
    names = await names_of(conn, workspace_id, bucket, [row])
    return ConvertedBy(type=on.value, at=at, id=names.get(known.referral_id))


async def _gift(
    conn: Connection,
    workspace: Workspace,
    bucket: int,
    row: ReferralRow,
    given: Given,
    names: dict[UUID, str],
    language: Language,
) -> ReferralGift:
    """Return what one side got, with what rules gave for it explained."""
    friend = given.role == Role.FRIEND
    place, customer_id = (bucket, row.friend_id) if friend else (row.advocate_bucket, row.advocate_id)
    live = workspace.program_by_id(row.referral.program_id)
    version = live.version(row.referral.version)
    wallets = {compiled.unit: compiled.spec.id for compiled in version.wallets}
    points: dict[str, Points] = {}
    for unit, _, amount in given.points:
        wallet = wallets.get(unit, "")
        points[wallet] = points.get(wallet, 0) + amount
    stored = await load_events(conn, workspace.workspace_id, place, [(customer_id, given.source_id)])
    event = stored.get(given.source_id)
    decisions = () if event is None else explained(workspace, event, language=language)
    vouchers = (given.source_id if given.has_voucher else None, given.code_id)
    reward = version.rewards.get(given.reward or "")
    places = {compiled.spec.id: compiled.spec.decimals for compiled in version.wallets}
    words = tell_gift(given.role, None if reward is None else reward.reward.name, points, places, language)
    return ReferralGift(
        role=given.role,
        customer=names.get(customer_id) or None,
        at=format_instant(given.at),
        words=" ".join([words, *(words_of(each) for each in decisions)]),
        reward=None if given.reward is None else f"{live.code}/{given.reward}",
        points=points,
        vouchers=tuple(str(each) for each in vouchers if each is not None),
        decisions=decisions,
    )


def _story(
    view: ReferralView,
    by: ConvertedBy | None,
    gifts: list[ReferralGift],
    zone: ZoneInfo,
    language: Language,
) -> Iterable[str]:
    """Yield the whole, sentence by sentence."""
    yield tell_beginning(view, zone, language)
    if by is not None:
        yield tell_counted(view, by.type, by.id, by.at, zone, language)
    yield from (gift.words for gift in gifts if gift.reward or gift.points)
    yield from tell_state(view, language, gave=bool(gifts))
