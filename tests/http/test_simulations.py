"""What if, over HTTP: lines of progress, then the result; hanging up cancels."""

from __future__ import annotations

import msgspec

from perennial.flows.programs.life import Author, apply_document
from tests.http.hanging import hang_up
from tests.http.site import PROGRAM, Site

DOUBLE = PROGRAM.replace("points: 1,", "points: 2,")
_PATH = "/v1/programs/points/simulate"


async def _history(site: Site) -> None:
    await apply_document(
        site.database, site.row.workspace_id, PROGRAM, Author(actor="test", at=site.row.created_at)
    )
    for number in range(3):
        order = {"customer": f"c-{number}", "status": "paid", "lines": [{"sku": "s", "amount": 1_000}]}
        await site.done("PUT", f"/v1/orders/{number}", order)


async def test_a_draft_is_tried(site: Site) -> None:
    """Twice the points: both sides, what changes for whom, and what was taken for granted."""
    await _history(site)
    response = await site.call("POST", _PATH, {"document": DOUBLE})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/x-ndjson"
    lines = [msgspec.json.decode(line) for line in response.text.splitlines()]
    assert [line["type"] for line in lines[:1]] == ["progress"]
    assert lines[0]["of_people"] == 3
    result = lines[-1]["result"]
    assert [side["name"] for side in result["sides"]] == ["version 1", "draft"]
    assert [side["wallets"][0]["awarded"] for side in result["sides"]] == [30, 60]
    assert [mover["change"] for mover in result["gainers"]] == [10, 10, 10]
    assert result["losers"] == []
    assert result["groups"][0]["points"] == [30, 60]
    assert result["assumptions"]


async def test_messages_are_counted_on_both_sides(site: Site) -> None:
    """Each of three orders is thanked for, and with a draft that thanks for large ones alone none is."""
    await _history(site)
    message = "\nmessages: [{id: thanks, type: email, subject: Thanks, body: Thank you%s}]\n"
    large = ", when: {fact: order.total, at_least: 5000}"
    counted = []
    for when in ("", large):
        response = await site.call("POST", _PATH, {"document": PROGRAM + message % when})
        result = msgspec.json.decode(response.text.splitlines()[-1])["result"]
        counted.append([side["messages"] for side in result["sides"]])
    assert counted == [[[], [{"message": "thanks", "times": 3}]], [[], []]]
    assert "Messages are counted as if everybody had agreed to get them." in result["assumptions"]


async def test_it_needs_the_scope_of_programs(site: Site) -> None:
    """Whoever may not change programs may not try them on everybody's history either."""
    await _history(site)
    response = await site.call("POST", _PATH, {"version": "1"}, secret=await site.key("read"))
    assert response.status_code == 403


async def test_a_document_that_cannot_be_tried_says_where(site: Site) -> None:
    """A problem of the document is a problem of the field; one of a program is told as of its draft."""
    await _history(site)
    response = await site.call("POST", _PATH, {"document": "program: ["})
    assert response.status_code == 422
    assert response.json()["errors"][0]["path"].startswith("$.document")
    response = await site.call("POST", _PATH, {"document": DOUBLE.replace("currency: USD", "currency: EUR")})
    assert response.status_code == 422
    assert response.json()["code"] == "program_invalid"
    response = await site.call("POST", _PATH, {"version": "9"})
    assert response.status_code == 404


async def test_hanging_up_cancels(site: Site) -> None:
    """After the first line nobody listens any more: the route ends, and nothing of it is left."""
    await _history(site)
    sent = await hang_up(site, _PATH, {"version": "1"})
    assert sent[0]["status"] == 200
    assert not any(b'"result"' in message.get("body", b"") for message in sent)
