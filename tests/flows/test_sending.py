"""Messages on a real database and a real mail server: once, to whom they may go, and never too late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
from asyncpg import Connection

from perennial.core.customers.consents import ConsentState
from perennial.core.switches import SwitchKind, SwitchObject
from perennial.flows.commands import LeaveProgram
from perennial.flows.customers.blocks import block_customer
from perennial.flows.customers.erase import erase_customer
from perennial.flows.handle_events import Handler
from perennial.flows.messaging import send_messages as sending
from perennial.flows.messaging.figures import MessageFigures
from perennial.flows.messaging.send_messages import BACKOFF, HELD, send_messages
from perennial.flows.messaging.unsubscribing import read_token
from perennial.flows.programs.life import Author
from perennial.flows.switches import turn_off
from perennial.jobs.worker import Worker
from perennial.store import messages as stored_messages
from perennial.store.database import DISPATCHER_ROLE, Database
from perennial.store.messages import Became, MessageState
from perennial.units import DAY, named_id
from tests.channels.mailbox import Mailbox, html_of, mailbox
from tests.codebook import CODEBOOK
from tests.flows.merges import merge
from tests.flows.messages import (
    MARKETING,
    PROGRAM,
    channels_to,
    open_shop,
    put,
    say,
    send,
    stored,
    wall,
)
from tests.flows.shop import Shop
from tests.flows.test_consents import desk

GIVEN, WITHDRAWN = ConsentState.GIVEN, ConsentState.WITHDRAWN
WAITING, SENDING, SENT, SUPPRESSED, FAILED, EXPIRED = 1, 2, 3, 4, 5, 6


@pytest.fixture
async def live(db: Database, database_url: str) -> AsyncIterator[Shop]:
    """A shop whose only message needs no consent."""
    async with open_shop(db, database_url) as shop:
        yield shop


@pytest.fixture
async def marketing(db: Database, database_url: str) -> AsyncIterator[Shop]:
    """A shop whose only message is sent to those who agreed to marketing."""
    async with open_shop(db, database_url, MARKETING) as shop:
        yield shop


@pytest.fixture
async def box() -> AsyncIterator[Mailbox]:
    """A mail server."""
    async with mailbox() as running:
        yield running


async def test_an_order_sends_its_message_once(live: Shop, box: Mailbox, owner: Connection) -> None:
    """With what holds of the customer now; the next turn finds nothing."""
    await put(live, "anna", first_name="Anna <3")
    await live.order("o1", "anna", 1200, at=wall())
    assert await send(live, box) == 1
    (mail,) = box.mails
    assert box.to == ["anna@example.com"]
    assert mail["Subject"] == "Thank you, Anna <3"
    assert box.texts()[0].strip() == "You have 12 points with Our club."
    assert (html_of(mail) or "").strip() == "<p>Dear Anna &lt;3: 12</p>"
    assert await send(live, box) == 0
    assert await stored(owner, live) == [("thanks", SENT, None, 1)]
    assert mail["List-Unsubscribe"] is None


async def test_what_becomes_of_an_order_sends_nothing_again(
    live: Shop, box: Mailbox, owner: Connection
) -> None:
    """Sent twice, corrected before and after its message went out, and returned: one e-mail."""
    await put(live, "anna")
    at = wall()
    await live.order("o1", "anna", 1200, at=at)
    await live.order("o1", "anna", 1200, at=at)
    await live.order("o1", "anna", 1300, at=at)
    assert await send(live, box) == 1
    await live.order("o1", "anna", 1400, at=at)
    await live.give_back("r1", "o1", "anna", at=wall())
    assert await send(live, box) == 0
    assert len(box.mails) == 1
    assert await stored(owner, live) == [("thanks", SENT, None, 1)]


async def test_a_batch_without_messages_has_no_statement_for_them(shop: Shop, owner: Connection) -> None:
    """A program without messages writes by the statement that it always had, others with one part more."""
    said: list[str] = []
    plain = PROGRAM.partition("messages:")[0]
    await shop.publish(plain)
    async with shop.database.unbound() as conn:
        conn.add_query_logger(lambda query: said.append(query.query))
    await shop.order("o1", "anna", 1200)
    assert [text for text in said if "insert into orders" in text]
    assert not [text for text in said if "write_messages" in text]
    count = len(said)
    await shop.publish(PROGRAM)
    said.clear()
    await shop.order("o2", "anna", 1200)
    told = [text for text in said if "write_messages" in text]
    assert len(told) == 1
    assert "insert into orders" in told[0]
    assert len(said) <= count + 8  # the new version was read, and nothing more was written


async def test_who_did_not_agree_gets_no_marketing(marketing: Shop, box: Mailbox, owner: Connection) -> None:
    """Nothing said, something else said, withdrawn: nothing goes out; agreed: with a way to say no."""
    for name, states in {
        "none": [],
        "no": [GIVEN, WITHDRAWN],
        "yes": [GIVEN],
        "late": [WITHDRAWN, GIVEN],
    }.items():
        await put(marketing, name, f"{name}@example.com")
        for state in states:
            await say(marketing, name, state)
    await say(marketing, "none", GIVEN, "newsletter")
    for name in ("none", "no", "yes", "late"):
        await marketing.order(f"o-{name}", name, 1200, at=wall())
    assert await send(marketing, box) == 4
    assert sorted(box.to) == ["late@example.com", "yes@example.com"]
    link = box.mails[0]["List-Unsubscribe"].strip("<>")
    assert link.startswith("https://shop.test/unsubscribe/")
    subscription = read_token(CODEBOOK, link.rpartition("/")[2])
    assert subscription is not None
    assert (subscription.workspace_id, subscription.purpose) == (marketing.workspace_id, "marketing")
    assert sorted(state[1:3] for state in await stored(owner, marketing)) == [
        (SENT, None),
        (SENT, None),
        (SUPPRESSED, "no_consent"),
        (SUPPRESSED, "no_consent"),
    ]


async def test_what_is_said_after_the_decision_counts(marketing: Shop, box: Mailbox) -> None:
    """Consent is asked as a message goes out: one given meanwhile is enough, one withdrawn is not."""
    for name, before, after in (("a", WITHDRAWN, GIVEN), ("b", GIVEN, WITHDRAWN)):
        await put(marketing, name, f"{name}@example.com")
        await say(marketing, name, before)
        await marketing.order(f"o-{name}", name, 1200, at=wall())
        await say(marketing, name, after)
    await send(marketing, box)
    assert box.to == ["a@example.com"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (SwitchKind.EVERYTHING, None),
        (SwitchKind.PROGRAM, None),
        (SwitchKind.MESSAGE, "thanks"),
        (SwitchKind.CHANNEL, "email"),
    ],
)
async def test_a_switch_stops_what_waits(
    live: Shop, box: Mailbox, owner: Connection, kind: SwitchKind, name: str | None
) -> None:
    """Whatever of it was decided before: nothing goes out."""
    await put(live, "anna")
    await live.order("o1", "anna", 1200, at=wall())
    program = None if kind is SwitchKind.EVERYTHING else "points"
    switched = SwitchObject(kind=kind, program=program, id=name)
    await turn_off(live.database, live.workspace_id, switched, Author(actor="mara", at=wall(), note="wrong"))
    assert await send(live, box) == 1
    assert box.mails == []
    assert await stored(owner, live) == [("thanks", SUPPRESSED, "switched_off", 1)]


async def test_the_switch_of_a_campaign_stops_its_messages(
    db: Database, database_url: str, box: Mailbox, owner: Connection
) -> None:
    """What it decided to send before is held back; the program's own message goes out."""
    own, _, message = PROGRAM.partition("messages:\n")
    told = "".join(f"    {line}\n" for line in message.replace("thanks", "summer-thanks").splitlines())
    campaign = f"campaigns:\n  - id: summer\n    messages:\n{told}"
    async with open_shop(db, database_url, f"{own}messages:\n{message}{campaign}") as shop:
        await put(shop, "anna")
        await shop.order("o1", "anna", 1200, at=wall())
        switched = SwitchObject(kind=SwitchKind.CAMPAIGN, program="points", id="summer")
        await turn_off(
            shop.database, shop.workspace_id, switched, Author(actor="mara", at=wall(), note="off")
        )
        assert await send(shop, box) == 2
        assert len(box.mails) == 1
        assert sorted(row[:3] for row in await stored(owner, shop)) == [
            ("summer-thanks", SUPPRESSED, "switched_off"),
            ("thanks", SENT, None),
        ]


async def test_a_switch_stops_what_was_claimed(live: Shop, box: Mailbox, owner: Connection) -> None:
    """Turned off while the first mails are on their way, it holds back all the others."""
    box.gate = asyncio.Event()
    for number in range(12):
        await put(live, f"c{number}", f"c{number}@example.com")
        await live.order(f"o{number}", f"c{number}", 1200, at=wall())
    sending = asyncio.create_task(send(live, box))
    await box.reached.wait()
    switched = SwitchObject(kind=SwitchKind.MESSAGE, program="points", id="thanks")
    await turn_off(live.database, live.workspace_id, switched, Author(actor="mara", at=wall(), note="wrong"))
    box.gate.set()
    assert await sending == 12
    assert len(box.mails) <= 4  # one on each connection
    states = [row[1:3] for row in await stored(owner, live)]
    assert states.count((SUPPRESSED, "switched_off")) == 12 - len(box.mails)


async def test_who_is_blocked_left_or_has_no_address_gets_nothing(
    live: Shop, box: Mailbox, owner: Connection
) -> None:
    """And support is told which of these it was."""
    for name in ("blocked", "left", "nowhere"):
        await put(live, name, None if name == "nowhere" else f"{name}@example.com")
        await live.order(f"o-{name}", name, 1200, at=wall())
    await block_customer(live.handler, desk(live), "blocked", "odd", earning=True, spending=True)
    await live.do(LeaveProgram(customer="left", program="points", at=wall()))
    assert await send(live, box) == 3
    assert box.mails == []
    assert {row[2] for row in await stored(owner, live)} == {"blocked", "left", "no_address"}


async def test_of_the_erased_nothing_is_left(live: Shop, box: Mailbox, owner: Connection) -> None:
    """Neither what waits nor what was sent."""
    await put(live, "anna")
    await live.order("o1", "anna", 1200, at=wall())
    await send(live, box)
    await live.order("o2", "anna", 1200, at=wall())
    await erase_customer(live.handler, live.workspace_id, "anna", "test")
    assert await send(live, box) == 0
    assert len(box.mails) == 1
    assert await stored(owner, live) == []


async def test_a_message_on_its_way_moves_with_its_customer(
    live: Shop, box: Mailbox, owner: Connection
) -> None:
    """Merged while the server takes it: it was sent, to whom it was written for, and is the survivor's."""
    box.gate = asyncio.Event()
    for name in ("anna", "bea"):
        await put(live, name, f"{name}@example.com")
    at = wall()
    await live.order("o1", "anna", 1200, at=at)
    sending = asyncio.create_task(send(live, box))
    await box.reached.wait()
    await merge(live, "anna", "bea")
    box.gate.set()
    await sending
    assert box.to == ["anna@example.com"]
    assert await stored(owner, live) == [("thanks", SENT, None, 1)]
    who = await owner.fetchval("select customer_id from messages where workspace_id = $1", live.workspace_id)
    assert who == named_id(live.workspace_id, "customer", "bea")
    await live.order("o1", "bea", 1500, at=at)
    assert await send(live, box) == 0


async def test_too_late_is_not_at_all(live: Shop, box: Mailbox, owner: Connection) -> None:
    """What happened longer ago than the message is good for is never written; what waits too long expires."""
    await put(live, "anna")
    await live.order("old", "anna", 1200, at=wall() - 4 * DAY)
    assert await stored(owner, live) == []
    await live.order("o1", "anna", 1200, at=wall())
    await owner.execute("update messages set until = caused_at where workspace_id = $1", live.workspace_id)
    assert await send(live, box) == 1
    assert box.mails == []
    assert await stored(owner, live) == [("thanks", EXPIRED, "too_late", 1)]


async def test_without_settings_nothing_leaves_and_it_is_told(
    live: Shop, marketing: Shop, box: Mailbox, owner: Connection
) -> None:
    """No server: nothing goes. No public address: nothing goes that has to have a link to unsubscribe."""
    for shop in (live, marketing):
        await put(shop, "anna")
        await say(shop, "anna", GIVEN)
        await shop.order("o1", "anna", 1200, at=wall())
    assert await send(live, None) == 1
    assert await send_messages(
        marketing.handler, marketing.workspace_id, marketing.workspace_id, channels_to(box, None)
    )
    assert box.mails == []
    for shop in (live, marketing):
        assert await stored(owner, shop) == [("thanks", SUPPRESSED, "not_configured", 1)]


async def test_in_a_sandbox_nothing_leaves(shop: Shop, box: Mailbox, owner: Connection) -> None:
    """But it is found out whether it would: a template that cannot be written is told there, too."""
    await shop.publish(PROGRAM)
    await put(shop, "anna")
    await shop.order("o1", "anna", 1200)
    assert await send(shop, box) == 1
    assert box.mails == []
    assert await stored(owner, shop) == [("thanks", SUPPRESSED, "sandbox", 1)]


async def test_a_template_that_fails_fails_alone(db: Database, database_url: str, box: Mailbox) -> None:
    """Of two messages for one order the other one goes out."""
    broken = PROGRAM + (
        "  - {id: broken, type: email, subject: Hi, body: '{{ 1 | divided_by: wallets.points.pending }}'}\n"
    )
    async with open_shop(db, database_url, broken) as shop:
        await put(shop, "anna")
        await shop.order("o1", "anna", 1200, at=wall())
        assert await send(shop, box) == 2
        assert len(box.mails) == 1
        async with shop.database.transaction(shop.workspace_id) as conn:
            rows = await conn.fetch("select state, reason from messages where message = 'broken'")
        assert [tuple(row) for row in rows] == [(FAILED, "template")]


async def test_for_good_is_refused(live: Shop, box: Mailbox, owner: Connection) -> None:
    """A recipient that the server does not know is not tried again."""
    box.rcpt_answers = ["550 nobody"]
    await put(live, "anna")
    await live.order("o1", "anna", 1200, at=wall())
    await send(live, box)
    assert await send(live, box) == 0
    assert await stored(owner, live) == [("thanks", FAILED, "refused", 1)]


async def test_for_now_is_tried_again_less_and_less_often(
    live: Shop, box: Mailbox, owner: Connection
) -> None:
    """After a minute, five, half an hour, two and six hours; then it is given up."""
    box.data_answers = ["451 later"] * 6
    await put(live, "anna")
    await live.order("o1", "anna", 1200, at=wall())
    for number, pause in enumerate(BACKOFF, 1):
        before = wall()
        assert await send(live, box) == 1
        assert await stored(owner, live) == [("thanks", WAITING, "delayed", number)]
        (due,) = (
            await owner.fetchrow("select due_at from messages where workspace_id = $1", live.workspace_id)
        ) or (0,)
        assert before + pause <= due <= wall() + pause
        assert await send(live, box) == 0
        await owner.execute(
            "update messages set due_at = caused_at where workspace_id = $1", live.workspace_id
        )
    assert await send(live, box) == 1
    assert await stored(owner, live) == [("thanks", FAILED, "undeliverable", 6)]
    assert box.mails == []


async def test_a_server_that_is_back_gets_what_waited(live: Shop, box: Mailbox, owner: Connection) -> None:
    """One try that failed costs a minute and nothing else."""
    box.data_answers = ["451 later"]
    await put(live, "anna")
    await live.order("o1", "anna", 1200, at=wall())
    await send(live, box)
    await owner.execute("update messages set due_at = caused_at where workspace_id = $1", live.workspace_id)
    await send(live, box)
    assert len(box.mails) == 1
    assert await stored(owner, live) == [("thanks", SENT, None, 2)]


async def _send_in_parallel(live: Shop, box: Mailbox) -> None:
    for number in range(40):
        await put(live, f"c{number}", f"c{number}@example.com")
        await live.order(f"o{number}", f"c{number}", 1200, at=wall())
    handlers = [Handler(live.database, CODEBOOK) for _ in range(4)]
    turns = [
        send_messages(handlers[turn % 4], live.workspace_id, live.workspace_id, channels_to(box))
        for turn in range(8)
    ]
    await asyncio.gather(*turns)


class _Told(MessageFigures):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.outcomes: list[tuple[str, MessageState, str | None]] = []
        self.oldest: list[int | None] = []

    def ended(self, channel: str, became: Became) -> None:
        self.outcomes.append((channel, became.state, became.reason))

    def oldest_due(self, due_at: int | None) -> None:
        self.oldest.append(due_at)


async def test_who_watches_is_told_since_when_the_oldest_waits(
    live: Shop, shop: Shop, box: Mailbox, owner: Connection, database_url: str
) -> None:
    """By wall time: one of a sandbox whose clock was set is sent, and is not late by any."""
    at = wall() - DAY
    await put(live, "anna")
    await live.order("o1", "anna", 1200, at=at)
    await shop.publish(PROGRAM)
    await put(shop, "anna")
    await shop.order("o1", "anna", 1200)
    told = _Told()
    async with await Database.connect(database_url, role=DISPATCHER_ROLE, largest=1) as dispatcher:
        async with dispatcher.unbound() as conn:
            due = await stored_messages.buckets_with_due_messages(conn, wall())
        assert {ws: since for ws, _, since in due if ws in (live.workspace_id, shop.workspace_id)} == {
            live.workspace_id: at,
            shop.workspace_id: None,
        }
        channels = msgspec.structs.replace(channels_to(box), figures=told)
        worker = Worker(live.handler, dispatcher, channels)
        assert await worker.send_messages() >= 2
        assert told.oldest == [min(since for _, _, since in due if since is not None)]
        assert ("email", MessageState.SENT, None) in told.outcomes
        assert ("email", MessageState.SUPPRESSED, "sandbox") in told.outcomes
        await worker.send_messages()
        assert told.oldest[1:] == [None]


async def test_what_another_one_has_sent_since_is_not_counted(
    live: Shop, box: Mailbox, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who came too late with it wrote nothing, and counts nothing."""
    await put(live, "anna")
    await live.order("o1", "anna", 1200, at=wall())
    told = _Told()
    channels = msgspec.structs.replace(channels_to(box), figures=told)

    async def taken(*_: object) -> bool:
        return False

    with monkeypatch.context() as late:
        late.setattr(sending, "end_message", taken)
        assert await send_messages(live.handler, live.workspace_id, live.workspace_id, channels) == 1
    assert told.outcomes == []
    await owner.execute("update messages set held_until = due_at where workspace_id = $1", live.workspace_id)
    assert await send_messages(live.handler, live.workspace_id, live.workspace_id, channels) == 1
    assert told.outcomes == [("email", MessageState.SENT, None)]


async def test_two_who_send_at_once_send_each_message_once(live: Shop, box: Mailbox) -> None:
    """Eight turns at once over forty messages: forty e-mails, each to somebody else."""
    await _send_in_parallel(live, box)
    assert len(box.to) == len(set(box.to)) == 40


async def test_without_the_lock_they_send_it_twice(
    live: Shop, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: the same statement without its lock lets two claim one message."""
    lock = "for update skip locked"
    assert lock in stored_messages.FIND_DUE_MESSAGES
    free = stored_messages.FIND_DUE_MESSAGES.replace(lock, "")
    monkeypatch.setattr(stored_messages, "FIND_DUE_MESSAGES", free)
    await _send_in_parallel(live, box)
    assert len(box.to) > len(set(box.to))


async def test_what_somebody_holds_is_left_alone_until_that_ends(
    live: Shop, box: Mailbox, owner: Connection
) -> None:
    """A worker that does not come back: another one sends its message, and it cannot say otherwise then."""
    await put(live, "anna")
    await live.order("o1", "anna", 1200, at=wall())
    ws, bucket, now = live.workspace_id, live.workspace_id, wall()
    async with live.database.transaction(ws) as conn:
        (gone,) = await stored_messages.claim_messages(
            conn, ws, bucket, due=now, now=now, held_until=now + HELD, limit=5
        )
    assert await send(live, box) == 0
    assert await send(live, box, now=now + HELD - 1) == 0
    assert await send(live, box, now=now + HELD) == 1
    assert len(box.mails) == 1
    late = stored_messages.Became(stored_messages.MessageState.FAILED, "refused", now)
    async with live.database.transaction(ws) as conn:
        assert not await stored_messages.end_message(conn, ws, (bucket, gone.customer_id), gone, late)
    assert await stored(owner, live) == [("thanks", SENT, None, 2)]
