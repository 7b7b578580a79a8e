"""Vouchers through the API: batches, exports, one voucher by its code, codes for members."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import asyncpg
import pytest

from perennial.flows.programs.life import Author, apply_document
from perennial.http.checkout import making, vouchers
from tests.http.hanging import hang_up
from tests.http.site import PROGRAM, Site

_POOLS = (
    PROGRAM
    + """\
  - id: ship
    name: Free shipping
    codes: {pattern: "SHIP-########", uses: 2}
    gives: [{type: free_shipping}]
"""
)
_BATCHES = "/v1/vouchers/batches"


@pytest.fixture
async def pool(site: Site) -> Site:
    """The shop with a pool of three codes, one of which was made elsewhere."""
    author = Author(actor="test", at=site.row.created_at)
    await apply_document(site.database, site.row.workspace_id, _POOLS, author)
    await site.done("PUT", "/v1/customers/anna", {"attributes": {}})
    await site.done("POST", _BATCHES, {"id": "b1", "reward": "ship", "count": 2})
    await site.done("POST", _BATCHES, {"id": "b2", "reward": "points/ship", "codes": ["ship/50%-off"]})
    return site


async def _codes(site: Site, batch: str) -> list[str]:
    response = await site.call("GET", f"{_BATCHES}/{batch}/codes")
    return [row["code"] for row in csv.DictReader(io.StringIO(response.text))]


async def test_a_batch_is_made_and_exported(pool: Site) -> None:
    """Its answer has no code; the export has them all, as CSV and as lines of JSON."""
    response = await pool.call("POST", _BATCHES, {"id": "b1", "reward": "ship", "count": 2})
    assert (response.status_code, response.headers["idempotency-replayed"]) == (200, "true")
    assert response.json() == {
        "id": "b1",
        "reward": "points/ship",
        "version": 2,
        "imported": False,
        "made": 2,
        "created_at": response.json()["created_at"],
    }
    exported = await pool.call("GET", f"{_BATCHES}/b1/codes")
    assert exported.headers["content-type"] == "text/csv; charset=utf-8"
    assert exported.headers["cache-control"] == "no-store"
    rows = list(csv.DictReader(io.StringIO(exported.text)))
    assert [(row["state"], row["used"], row["uses"], row["customer"]) for row in rows] == [
        ("issued", "0", "2", "")
    ] * 2
    lines = await pool.call("GET", f"{_BATCHES}/b1/codes?format=ndjson")
    assert lines.headers["content-type"].startswith("application/x-ndjson")
    assert {json.loads(line)["code"] for line in lines.text.splitlines()} == {row["code"] for row in rows}
    listed = await pool.done("GET", _BATCHES)
    assert [batch["id"] for batch in listed["data"]] == ["b2", "b1"]
    await pool.refused(404, "batch_unknown", "GET", f"{_BATCHES}/b9/codes")
    await pool.refused(422, "invalid_parameter", "GET", f"{_BATCHES}/b1/codes?format=xls")


async def test_an_idempotency_key_is_an_id(pool: Site) -> None:
    """Without an id the header is the id; without either nothing is done."""
    body = {"reward": "ship", "count": 1}
    headers = {"idempotency-key": "key-of-a-batch"}
    made = await pool.done("POST", _BATCHES, body, headers=headers)
    assert made["id"] == "key-of-a-batch"
    await pool.refused(422, "idempotency_key_required", "POST", _BATCHES, body)


async def test_bad_rows_are_in_the_answer(pool: Site) -> None:
    """Each with its number; with all_or_nothing they refuse the whole."""
    body = {"id": "b3", "reward": "ship", "codes": ["NEW-1", "SHIP/50% OFF", "NEW-1", ""]}
    made = await pool.done("POST", _BATCHES, body)
    assert (made["made"], made["refused"]) == (
        1,
        [
            {"row": 2, "code": "code_taken", "message": "another voucher has this code"},
            {"row": 3, "code": "code_twice", "message": "is read as the code of row 1"},
            {
                "row": 4,
                "code": "code_malformed",
                "message": "a code has up to 100 printable characters, and not only spaces and dashes",
            },
        ],
    )
    problem = await pool.refused(
        422, "rows_refused", "POST", _BATCHES, {**body, "id": "b4", "all_or_nothing": True}
    )
    assert [error["path"] for error in problem["errors"]] == [f"$.codes[{row}]" for row in range(4)]


async def test_a_voucher_is_looked_up_by_its_code(pool: Site) -> None:
    """In lower case, with a slash and a percent sign; every unknown code is answered with the same words."""
    [code] = await _codes(pool, "b2")
    assert code == "ship/50%-off"
    found = await pool.done("GET", "/v1/vouchers/SHIP%2F50%25OFF")
    assert (found["reward"], found["state"], found["uses_left"], found["last4"], found["batch"]) == (
        "points/ship",
        "issued",
        2,
        "-off",
        "b2",
    )
    assert "code" not in found
    details = {
        (await pool.refused(404, "voucher_unknown", "GET", f"/v1/vouchers/{unknown}"))["detail"]
        for unknown in ("SHIP-22222222", "x", "-", "EVERYBODY")
    }
    assert details == {"There is no such voucher."}


async def test_a_voucher_is_taken_back(pool: Site) -> None:
    """With a reason; what was voided stays voided."""
    [code, _] = await _codes(pool, "b1")
    await pool.refused(422, "required", "POST", f"/v1/vouchers/{code}/void", {})
    for _ in range(2):
        voided = await pool.done("POST", f"/v1/vouchers/{code}/void", {"reason": "printed twice"})
        assert voided["state"] == "voided"
    await pool.refused(404, "voucher_unknown", "POST", "/v1/vouchers/no/void", {"reason": "r"})


async def test_a_member_is_given_a_code_and_reads_it(pool: Site) -> None:
    """The answer has the code, and so has the member's list, in pages."""
    codes = []
    for number in range(3):
        body = {"id": f"a{number}", "reward": "ship", "customer": "anna"}
        given = await pool.done("POST", "/v1/vouchers/assign", body)
        assert (await pool.call("POST", "/v1/vouchers/assign", body)).json() == given
        codes.append(given["voucher"]["code"])
    page = await pool.done("GET", "/v1/customers/anna/vouchers?limit=2")
    rest = await pool.done("GET", f"/v1/customers/anna/vouchers?limit=2&cursor={page['next_cursor']}")
    assert {voucher["code"] for voucher in (*page["data"], *rest["data"])} == set(codes)
    assert rest["next_cursor"] is None
    assert (await pool.done("GET", "/v1/vouchers/ship-50-off".replace("-50-", "%2F50%25")))[
        "customer"
    ] == "anna"
    body = {"id": "a9", "reward": "ship", "customer": "anna"}
    await pool.refused(409, "pool_empty", "POST", "/v1/vouchers/assign", body)
    await pool.refused(404, "customer_unknown", "POST", "/v1/vouchers/assign", {**body, "customer": "nobody"})
    await pool.refused(404, "customer_unknown", "GET", "/v1/customers/nobody/vouchers")


async def test_a_code_for_friends_is_for_everybody_else(pool: Site) -> None:
    """Its customer may not use it, nor a guest, who may be them; friends may, and merging keeps it so."""
    body = {"id": "f1", "reward": "ship", "customer": "anna", "batch": "b1", "for_friends": True}
    given = await pool.done("POST", "/v1/vouchers/assign", body)
    assert (await pool.call("POST", "/v1/vouchers/assign", body)).json() == given
    await pool.refused(422, "id_conflict", "POST", "/v1/vouchers/assign", {**body, "for_friends": False})
    for name in ("ben", "cora"):
        await pool.done("PUT", f"/v1/customers/{name}", {"attributes": {}})

    async def why(customer: str | None) -> str | None:
        cart = {"lines": [{"sku": "tea", "amount": 1000}], "shipping": 490}
        asked = {"cart": cart, "redeem": [{"code": given["voucher"]["code"]}], "customer": customer}
        [found] = (await pool.done("POST", "/v1/quotes", asked))["redeemables"]
        assert (found["status"] == "applicable") == ("reason" not in found), found
        reason: str | None = found.get("reason")
        return reason

    assert [await why(name) for name in ("anna", None, "ben", "cora")] == [
        "own_referral",
        "customer_required",
        None,
        None,
    ]
    [listed] = (await pool.done("GET", "/v1/customers/anna/vouchers"))["data"]
    assert (listed["for_friends"], listed["customer"]) == (True, "anna")
    await pool.done("POST", "/v1/customers/anna/merge", {"id": "m", "into": "ben", "reason": "one person"})
    assert [await why(name) for name in ("ben", "cora")] == ["own_referral", None]


async def test_a_code_that_is_bound_cannot_be_passed_on(pool: Site) -> None:
    """It would be for nobody; the code stays nobody's."""
    author = Author(actor="test", at=pool.row.created_at)
    bound = _POOLS.replace("uses: 2}", "uses: 2, bound: true}")
    await apply_document(pool.database, pool.row.workspace_id, bound, author)
    await pool.done("POST", _BATCHES, {"id": "b3", "reward": "ship", "count": 1})
    body = {"id": "f1", "reward": "ship", "customer": "anna", "batch": "b3", "for_friends": True}
    await pool.refused(422, "bound_code", "POST", "/v1/vouchers/assign", body)
    given = await pool.done("POST", "/v1/vouchers/assign", {**body, "for_friends": False})
    assert given["customer"] == "anna"


async def test_a_claimed_code_is_replayed_and_read_back(pool: Site) -> None:
    """What is stored is sealed; who asks again gets the same answer, byte for byte."""
    body = {"id": "o1", "customer": "anna", "wallet": "points", "points": 500, "reason": "test"}
    await pool.done("POST", "/v1/customers/anna/memberships", {"program": "points"})
    await pool.done("POST", "/v1/adjustments", body)
    claim = {"id": "c1", "reward": "five-off"}
    first = await pool.call("POST", "/v1/customers/anna/claims", claim)
    again = await pool.call("POST", "/v1/customers/anna/claims", claim)
    assert (first.status_code, again.status_code, again.content) == (201, 200, first.content)
    [voucher] = (await pool.done("GET", "/v1/customers/anna/vouchers"))["data"]
    assert voucher["code"] == first.json()["voucher"]["code"]


async def test_only_who_may_handles_codes(pool: Site) -> None:
    """A key that reads looks up; it neither exports, makes, gives nor voids."""
    reader = await pool.key("read")
    [code, _] = await _codes(pool, "b1")
    assert (await pool.call("GET", f"/v1/vouchers/{code}", secret=reader)).status_code == 200
    for method, path, body in (
        ("GET", f"{_BATCHES}/b1/codes", None),
        ("POST", _BATCHES, {"id": "b9", "reward": "ship", "count": 1}),
        ("POST", "/v1/vouchers/assign", {"id": "a", "reward": "ship", "customer": "anna"}),
        ("POST", f"/v1/vouchers/{code}/void", {"reason": "r"}),
    ):
        await pool.refused(403, "scope_missing", method, path, body, secret=reader)


async def test_a_batch_is_watched_while_it_is_made(pool: Site) -> None:
    """Progress, then the batch, as the plain call answers it; a problem is the last line."""
    body = {"id": "b3", "reward": "ship", "count": 3}
    response = await pool.call("POST", f"{_BATCHES}/watched", body)
    assert response.headers["content-type"] == "application/x-ndjson"
    *steps, last = [json.loads(line) for line in response.text.splitlines()]
    assert steps[-1] == {"type": "progress", "made": 3, "of": 3}
    assert last == {"type": "batch", "batch": (await pool.call("POST", _BATCHES, body)).json()}
    refused = await pool.call("POST", f"{_BATCHES}/watched", {**body, "id": "b4", "reward": "none"})
    problem = json.loads(refused.text.splitlines()[-1])["problem"]
    assert (problem["status"], problem["errors"][0]["path"]) == (422, "$.reward")


async def test_hanging_up_takes_the_batch_back(pool: Site) -> None:
    """Who does not wait for the batch has none, and may send the same id again."""
    body = {"id": "b3", "reward": "ship", "count": 500_000}
    sent = await hang_up(pool, f"{_BATCHES}/watched", body)
    assert b'"progress"' in sent[1]["body"]
    assert not any(b'"batch"' in message.get("body", b"") for message in sent)
    await pool.refused(404, "batch_unknown", "GET", f"{_BATCHES}/b3")
    assert (await pool.done("POST", f"{_BATCHES}", {**body, "count": 1}))["made"] == 1


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (asyncpg.ConnectionDoesNotExistError("lost"), 503, "unavailable"),
        (asyncpg.InterfaceError("closed"), 503, "unavailable"),
        (TimeoutError(), 503, "unavailable"),
        (asyncpg.NumericValueOutOfRangeError("large"), 422, "value_not_storable"),
        (RuntimeError("secret of ours"), 500, "internal_error"),
        (OSError("secret of ours"), 500, "internal_error"),
    ],
    ids=[
        "connection lost",
        "pool closed",
        "too slow",
        "too large",
        "a fault of ours",
        "a fault of the system",
    ],
)
async def test_a_fault_while_it_is_watched_is_the_last_line(
    pool: Site,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: Exception,
    status: int,
    code: str,
) -> None:
    """Any error is told as the plain call tells it, with the same id, and is in the log."""

    async def fails(*_: Any) -> None:
        raise fault

    for module in (making, vouchers):
        monkeypatch.setattr(module, "create_batch", fails)
    body = {"id": "b3", "reward": "ship", "count": 1}
    plain = await pool.refused(status, code, "POST", _BATCHES, body)
    caplog.clear()
    response = await pool.call("POST", f"{_BATCHES}/watched", body)
    last = json.loads(response.text.splitlines()[-1])
    identity = response.headers["x-request-id"]
    assert last == {"type": "problem", "problem": {**plain, "request_id": identity}}
    assert "secret" not in response.text
    assert identity in caplog.text


async def test_codes_are_looked_at_before_and_after(pool: Site) -> None:
    """A check names the bad rows and writes nothing; a batch tells its counts and its codes."""
    body = {"reward": "ship", "codes": ["ship/50%-off", "SHIP-NEW-1", "- -"]}
    told = await pool.done("POST", f"{_BATCHES}/check", body)
    assert (told["made"], [row["row"] for row in told["refused"]]) == (1, [1, 3])
    counted = await pool.done("GET", f"{_BATCHES}/b2")
    assert (counted["codes"], counted["given"], counted["batch"]["id"]) == (1, 0, "b2")
    listed = await pool.done("GET", f"{_BATCHES}/b2/vouchers")
    assert [each["state"] for each in listed["data"]] == ["issued"]
    assert (await pool.call("GET", f"{_BATCHES}/none")).status_code == 404


async def test_a_code_for_everybody_is_nobodys_voucher(pool: Site) -> None:
    """Drafts and publications refuse a new shared code that a voucher has, imports one that is shared."""
    path, as_yaml = "/v1/programs/points", {"content-type": "application/yaml"}
    taken = _POOLS + "  - {id: half, name: Half, codes: {shared: Ship-50}, gives: [{type: free_shipping}]}\n"
    await pool.done("POST", _BATCHES, {"id": "b3", "reward": "ship", "codes": ["SHIP 5O"]})
    draft = await pool.call("PUT", f"{path}/draft", raw=taken.encode(), headers=as_yaml)
    [problem] = draft.json()["problems"]
    assert (problem["path"], problem["code"]) == ("rewards[2].codes.shared", "code_taken")
    read = await pool.done("GET", f"{path}/draft")
    assert read["problems"] == [problem]
    refused = await pool.refused(422, "program_invalid", "POST", f"{path}/publish", {})
    assert [each["path"] for each in refused["errors"]] == [problem["path"]]

    free = taken.replace("Ship-50", "Ship-51")
    draft = await pool.call("PUT", f"{path}/draft", raw=free.encode(), headers=as_yaml)
    assert draft.json()["problems"] == []
    await pool.done("POST", f"{path}/publish", {})
    late = await pool.done("POST", _BATCHES, {"id": "b4", "reward": "ship", "codes": ["ship51"]})
    assert [row["code"] for row in late["refused"]] == ["code_taken"]
