"""Messages over HTTP, end to end: from an order to an e-mail, to who is told of it, to its end by a link."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest

from perennial.channels.email import MailServer
from perennial.flows.handle_events import Handler
from perennial.flows.messaging.send_messages import Channels, send_messages
from perennial.flows.messaging.unsubscribing import PATH, Subscription, write_token
from perennial.flows.programs.life import Author, apply_document
from perennial.flows.staff.keys import create_key
from perennial.flows.workspaces import create_workspace
from perennial.http.door.metrics import COUNTED
from perennial.http.fast_lane import FastLane
from perennial.store.database import Database, connect
from perennial.units import bucket_of, format_instant, named_id
from tests.channels.mailbox import Mailbox, mailbox
from tests.codebook import CODEBOOK
from tests.flows.messages import MARKETING
from tests.http.site import Site, fresh_code


@pytest.fixture
async def live(db: Database, app: FastLane) -> AsyncIterator[Site]:
    """A workspace that is no sandbox, with a message for those who agreed to marketing."""
    row = await create_workspace(db, fresh_code(), "Our shop", sandbox=False)
    author = Author(actor="test", at=time.time_ns() // 1_000)
    await apply_document(db, row.workspace_id, MARKETING, author)
    created = await create_key(db, row.code, "everything", ["admin"], actor="test")
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
        yield Site(app, client, db, row, created.secret)


def _order() -> dict[str, object]:
    return {
        "customer": "anna",
        "status": "paid",
        "occurred_at": format_instant(time.time_ns() // 1_000),
        "currency": "USD",
        "lines": [{"id": "1", "sku": "mug", "amount": 1200}],
    }


async def _anna(site: Site) -> None:
    body = {
        "attributes": {"first_name": "Anna"},
        "identifiers": [{"type": "email", "value": "anna@example.com"}],
    }
    await site.done("PUT", "/v1/customers/anna", body)
    said = {"channel": "email", "purpose": "marketing", "state": "given", "source": "web"}
    await site.done("POST", "/v1/customers/anna/consents", {"consents": [said]})


async def _send(site: Site, box: Mailbox) -> int:
    channels = Channels(MailServer(box.settings), "http://shop.test", COUNTED)
    bucket = bucket_of("anna", site.row.bucket_base, site.row.bucket_count)
    return await send_messages(Handler(site.database, CODEBOOK), site.row.workspace_id, bucket, channels)


async def test_from_an_order_to_its_e_mail_and_to_the_end_of_it(live: Site) -> None:
    """Two hundred clients that say the same once make one e-mail; its link ends the next ones."""
    await _anna(live)
    body = _order()
    answers = await asyncio.gather(*(live.call("PUT", "/v1/orders/o1", body) for _ in range(200)))
    assert {answer.status_code for answer in answers} <= {200, 201}
    async with mailbox() as box:
        assert await _send(live, box) == 1
        (mail,) = box.mails
        assert (mail["Subject"], mail["To"]) == ("Thank you, Anna", "anna@example.com")
        assert box.texts()[0].strip() == "You have 12 points with Our club."
        (told,) = (await live.done("GET", "/v1/customers/anna/messages"))["data"]
        assert (told["message"], told["state"], told["attempts"]) == ("thanks", "sent", 1)
        link = mail["List-Unsubscribe"].strip("<>").removeprefix("http://shop.test")
        asked = await live.client.get(link)
        assert asked.status_code == 200
        assert "<form" in asked.text
        assert (await live.done("GET", "/v1/customers/anna"))["consents"][0]["state"] == "given"
        for _ in range(2):
            done = await live.client.post(link, data={"List-Unsubscribe": "One-Click"})
            assert done.status_code == 200
        consent = (await live.done("GET", "/v1/customers/anna"))["consents"][0]
        assert (consent["state"], consent["source"]) == ("withdrawn", "unsubscribe")
        records = (await live.done("GET", "/v1/customers/anna/consents"))["data"]
        assert len(records) == 2
        await live.done("PUT", "/v1/orders/o2", _order())
        assert await _send(live, box) == 1
        assert len(box.mails) == 1
    kinds = {
        (each["type"], each.get("id"), each.get("reason"))
        for each in (await live.done("GET", "/v1/customers/anna/timeline"))["data"]
    }
    assert ("message_sent", "thanks", None) in kinds
    assert ("message_suppressed", "thanks", "no_consent") in kinds


async def test_metrics_count_messages_and_name_nobody(live: Site, database_url: str) -> None:
    """Sent, tried again, held back: each once, when it is written."""
    key = (await create_key(live.database, live.row.code, "watch", ["metrics"], actor="test")).secret

    async def counted() -> Counter[str]:
        text = (await live.call("GET", "/metrics", secret=key)).text
        assert "anna" not in text
        lines = [line for line in text.splitlines() if line.startswith("perennial_messages_total{")]
        return Counter({line.rpartition(" ")[0]: int(float(line.rpartition(" ")[2])) for line in lines})

    def told(outcome: str, reason: str = "") -> str:
        return f'perennial_messages_total{{channel="email",outcome="{outcome}",reason="{reason}"}}'

    before = await counted()
    await _anna(live)
    async with mailbox() as box:
        await live.done("PUT", "/v1/orders/o1", _order())
        assert await _send(live, box) == 1
        await live.done("PUT", "/v1/orders/o2", _order())
        box.data_answers = ["451 later"]
        assert await _send(live, box) == 1
        said = {"channel": "email", "purpose": "marketing", "state": "withdrawn", "source": "web"}
        await live.done("POST", "/v1/customers/anna/consents", {"consents": [said]})
        number = live.row.workspace_id
        owner = await connect(database_url)
        await owner.execute("update messages set due_at = caused_at where workspace_id = $1", number)
        await owner.close()
        assert await _send(live, box) == 1
    assert await counted() - before == {
        told("sent"): 1,
        told("delayed", "delayed"): 1,
        told("suppressed", "no_consent"): 1,
    }


async def test_pages_of_messages(live: Site) -> None:
    """Each message is on one page, those of the latest cause first."""
    await _anna(live)
    for number in range(5):
        await live.done("PUT", f"/v1/orders/o{number}", _order())
    found, cursor = [], ""
    while True:
        page = await live.done("GET", f"/v1/customers/anna/messages?limit=2&cursor={cursor}")
        found += page["data"]
        if page["next_cursor"] is None:
            break
        cursor = page["next_cursor"]
    assert len({each["id"] for each in found}) == len(found) == 5
    assert [each["caused_at"] for each in found] == sorted((e["caused_at"] for e in found), reverse=True)


async def test_a_preview_is_what_the_customer_would_get(live: Site) -> None:
    """Subject, text, HTML, address; a text that cannot be written is told by its field; nothing is stored."""
    await _anna(live)
    place = "/v1/programs/points/messages/thanks/preview"
    seen = await live.done("POST", place, {"customer": "anna"})
    assert seen == {
        "subject": "Thank you, Anna",
        "body": "You have 0 points with Our club.\n",
        "html": "<p>Dear Anna: 0</p>",
        "to": "anna@example.com",
    }
    draft = MARKETING.replace("{{ program.name }}", "{{ 1 | divided_by: 0 }}")
    await live.done(
        "PUT", "/v1/programs/points/draft", raw=draft.encode(), headers={"content-type": "application/yaml"}
    )
    refused = await live.call("POST", place, {"customer": "anna"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["path"] == "message.body"
    published = await live.done("POST", place, {"customer": "anna", "version": 1})
    assert published["subject"] == "Thank you, Anna"
    other = "/v1/programs/points/messages/other/preview"
    assert (await live.call("POST", other, {"customer": "anna"})).status_code == 404
    assert (await live.done("GET", "/v1/customers/anna/messages"))["data"] == []


@pytest.mark.parametrize(("language", "direction"), [("fa", "rtl"), ("ko", "ltr"), ("zh-TW", "ltr")])
async def test_the_page_speaks_the_language_of_its_reader(live: Site, language: str, direction: str) -> None:
    """Five languages, in their own direction; it may load nothing and be framed by nobody."""
    place = bucket_of("anna", live.row.bucket_base, live.row.bucket_count)
    customer_id = named_id(live.row.workspace_id, "customer", "anna")
    token = write_token(CODEBOOK, Subscription(live.row.workspace_id, (place, customer_id), "marketing"))
    page = await live.client.get(PATH + token, headers={"accept-language": language})
    assert f'dir="{direction}"' in page.text
    assert "Unsubscribe" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    # Of whoever is not there, nothing is left to withdraw.
    assert (await live.client.post(PATH + token)).status_code == 200


async def test_a_link_that_nobody_wrote_does_nothing(live: Site) -> None:
    """A changed letter, another workspace, or no link at all: a page that says so."""
    await _anna(live)
    place = bucket_of("anna", live.row.bucket_base, live.row.bucket_count)
    customer_id = named_id(live.row.workspace_id, "customer", "anna")
    token = write_token(CODEBOOK, Subscription(live.row.workspace_id, (place, customer_id), "marketing"))
    for number in (0, 10, 40, len(token) - 2):
        changed = token[:number] + ("A" if token[number] != "A" else "B") + token[number + 1 :]
        assert (await live.client.post(PATH + changed)).status_code == 404, number
    for text in ("x", "preview", token[:-4], token + "AAAA", "a" * 190):
        answer = await live.client.post(PATH + text)
        assert answer.status_code == 404, (text, answer.text)
        assert (await live.client.get(PATH + text)).status_code == 404
    assert (await live.done("GET", "/v1/customers/anna"))["consents"][0]["state"] == "given"
