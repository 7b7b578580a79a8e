"""Scanning, and rotating codes, at the till."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from perennial.core.codes.till_code import TillCode, TillKind, body_of, read, signed_bytes, step_at, write
from perennial.flows.signed_codes import wall_now
from perennial.flows.staff.keys import create_key
from perennial.flows.workspaces import create_workspace
from tests.codebook import CODEBOOK
from tests.http.people import hire, signed_in
from tests.http.site import Site, fresh_code
from tests.http.till_device import PROGRAM, cart, open_shop, voucher

NOTHING = ("nothing", "TEN1", "PT1.AAAA", "+49 170 1234567", "anna@example.com", "0042", "\u202e", "'; --")


@pytest.fixture
async def shop(site: Site) -> Site:
    """A site with a program that has codes, cards, and points that pay."""
    await open_shop(site)
    return site


async def scanned(shop: Site, text: str, **more: Any) -> Any:
    """Scan a text, which must be found."""
    return await shop.done("POST", "/v1/scan", {"text": text}, **more)


async def test_a_members_code(shop: Site) -> None:
    """The app shows it, a device checks it offline, and scanning it tells who stands at the till."""
    code = await shop.done("POST", "/v1/customers/anna/till-code")
    [key] = (await shop.done("GET", "/v1/till/keys"))["data"]
    assert (code["key"], key["algorithm"]) == (key["id"], "Ed25519")
    assert (key["step_seconds"], key["tolerance_steps"]) == (30, 1)
    found = read(code["text"])
    assert found is not None
    _, body, signature = found
    public = Ed25519PublicKey.from_public_bytes(b64decode(key["public_key"]))
    public.verify(signature, b"perennial till code\n" + body)
    answer = await scanned(shop, code["text"])
    assert answer["kind"] == "member"
    assert answer["member"]["customer"] == "anna"
    assert answer["member"]["memberships"] == [{"program": "points", "tier": "bronze"}]
    assert [(each["wallet"], each["available"]) for each in answer["member"]["wallets"]] == [
        ("points", 10_000)
    ]
    await shop.refused(404, "customer_unknown", "POST", "/v1/customers/nobody/till-code")


async def test_a_vouchers_code_is_redeemed_once(shop: Site) -> None:
    """SC-78: claimed online, shown as a rotating code, scanned and used once; online it is gone then."""
    plain = await voucher(shop, "c1")
    shown = await shop.done("POST", f"/v1/vouchers/{plain}/till-code")
    assert plain not in shown["text"]
    answer = await scanned(shop, shown["text"])
    assert (answer["kind"], answer["voucher"]["reward"]) == ("voucher", "points/five-off")
    assert (answer["voucher"]["state"], answer["voucher"]["uses_left"]) == ("valid", 1)
    assert answer["voucher"]["last4"] == plain[-4:]
    ticket = answer["voucher"]["code"]
    assert plain not in ticket
    body = {"id": "r1", "cart": cart(), "redeem": [{"code": ticket}]}
    redeemed = await shop.done("POST", "/v1/redemptions", body)
    assert redeemed["quote"]["to_pay"] == 1_500
    again = await shop.done("POST", "/v1/redemptions", {**body, "id": "r2", "redeem": [{"code": plain}]})
    assert (again["quote"]["to_pay"], again["quote"]["redeemables"][0]["reason"]) == (2_000, "used_up")
    assert (await scanned(shop, plain))["voucher"]["state"] == "used_up"
    await shop.refused(404, "voucher_unknown", "POST", "/v1/vouchers/NOSUCHCODE/till-code")


async def test_a_rotating_code_may_be_redeemed_without_scanning(shop: Site) -> None:
    """Quotes and redemptions take it as a code, and a replay is the same after it has ended."""
    shown = await shop.done("POST", f"/v1/vouchers/{await voucher(shop, 'c1')}/till-code")
    body = {"id": "r1", "cart": cart(), "redeem": [{"code": shown["text"]}]}
    quoted = await shop.done("POST", "/v1/quotes", {name: body[name] for name in ("cart", "redeem")})
    assert quoted["to_pay"] == 1_500
    first = await shop.done("POST", "/v1/redemptions", body)
    assert first["quote"]["to_pay"] == 1_500
    assert await shop.done("POST", "/v1/redemptions", body) == first


async def test_an_old_picture_is_worth_nothing(shop: Site) -> None:
    """A genuine code that is over is told as such when it is scanned, and redeems nothing."""
    shown = await shop.done("POST", f"/v1/vouchers/{await voucher(shop, 'c1')}/till-code")
    found = read(shown["text"])
    assert found is not None
    old = TillCode(TillKind.VOUCHER, 0, found[0].subject, step_at(wall_now()) - 3)
    body = body_of(old)
    text = write(body, CODEBOOK.till.sign(shop.row.workspace_id, signed_bytes(body)))
    await shop.refused(409, "till_code_over", "POST", "/v1/scan", {"text": text})
    quoted = await shop.done("POST", "/v1/quotes", {"cart": cart(), "redeem": [{"code": text}]})
    assert quoted["redeemables"][0]["reason"] == "unknown"


async def test_a_gift_card_and_a_shared_code(shop: Site) -> None:
    """A card shows its balance; a code that everybody shares shows its reward. Look-alikes do not matter."""
    card = await voucher(shop, "c1", "card")
    await shop.done("POST", "/v1/redemptions", {"id": "r1", "cart": cart(), "redeem": [{"code": card}]})
    answer = await scanned(shop, f" {card.lower()} ")
    assert (answer["kind"], answer["voucher"]["balance"]) == ("gift_card", 500)
    shared = await scanned(shop, "t-e-n")
    assert (shared["kind"], shared["voucher"]["reward"]) == ("shared_code", "points/ten")


async def test_a_switched_off_reward_is_told(shop: Site) -> None:
    """The till sees that a voucher is stopped before it tries."""
    code = await voucher(shop, "c1")
    reward = {"kind": "reward", "program": "points", "id": "five-off"}
    await shop.done("POST", "/v1/switches", {"object": reward, "off": True, "reason": "r"})
    assert (await scanned(shop, code))["voucher"]["state"] == "switched_off"


async def test_whatever_identifies_a_member(shop: Site) -> None:
    """A card, a phone number, an e-mail address, an alias, or your own id finds the member."""
    identifiers = [
        {"type": "card", "value": "0042 1234"},
        {"type": "phone", "value": "+49 170 1234567"},
        {"type": "email", "value": "anna@example.com"},
        {"type": "alias", "value": "loyal-7"},
    ]
    await shop.done("PUT", "/v1/customers/anna", {"identifiers": identifiers})
    for text in ("00421234", "0049 170 1234567", "Anna@Example.com", "LOYAL-7", "anna"):
        assert (await scanned(shop, text))["member"]["customer"] == "anna", text


async def test_nothing_is_told_apart(shop: Site) -> None:
    """Whatever is not found has the same answer, byte for byte but for the id of the request.

    That of another workspace, of an altered code and of an erased customer as well.
    """
    code = (await shop.done("POST", "/v1/customers/anna/till-code"))["text"]
    other = await create_workspace(shop.database, fresh_code(), "Other", sandbox=True)
    key = (await create_key(shop.database, other.code, "a key", ["till"], actor="test")).secret
    await shop.done("PUT", "/v1/customers/gone", {"attributes": {}})
    gone = (await shop.done("POST", "/v1/customers/gone/till-code"))["text"]
    assert (await shop.call("DELETE", "/v1/customers/gone")).status_code in (200, 204)
    altered = code[:-1] + ("A" if code[-1] != "A" else "Q")
    answers = [await shop.call("POST", "/v1/scan", {"text": text}) for text in (*NOTHING[:6], altered, gone)]
    answers.append(await shop.call("POST", "/v1/scan", {"text": code}, secret=key))
    bodies = {answer.text.replace(answer.headers["x-request-id"], "") for answer in answers}
    assert len(bodies) == 1
    assert {answer.status_code for answer in answers} == {404}
    assert (await scanned(shop, code))["member"]["customer"] == "anna"


async def test_guesses_are_counted(shop: Site) -> None:
    """Twenty misses, and this device waits; found ones do not count, and another device goes on."""
    code = await voucher(shop, "c1")

    async def guess(text: str, device: str) -> int:
        answer = await shop.call("POST", "/v1/scan", {"text": text, "device": device})
        if answer.status_code == 429:
            assert answer.headers["retry-after"] == "60"
            assert answer.json()["code"] == "too_many_guesses"
        return answer.status_code

    for _ in range(30):
        assert await guess(code, "till-1") == 200
    assert [await guess("NOTHING", "till-1") for _ in range(21)] == [404] * 20 + [429]
    assert await guess(code, "till-1") == 429
    assert await guess(code, "till-2") == 200
    # Who makes up devices meets the limit of the key.
    assert [await guess("NOTHING", f"made-up-{number}") for number in range(41)] == [404] * 40 + [429]
    assert await guess(code, "till-2") == 429
    other = await shop.key("till")
    assert (await shop.call("POST", "/v1/scan", {"text": code}, secret=other)).status_code == 200


async def test_the_scope_of_a_till(shop: Site) -> None:
    """It scans, quotes, holds, redeems and uploads, and does nothing else."""
    till = await shop.key("till")
    code = await voucher(shop, "c1")
    await scanned(shop, code, secret=till)
    await shop.done("GET", "/v1/till/keys", secret=till)
    redeem = {"cart": cart(), "redeem": [{"code": code}]}
    await shop.done("POST", "/v1/quotes", redeem, secret=till)
    await shop.done("POST", "/v1/holds", {**redeem, "id": "h1"}, secret=till)
    await shop.done("POST", "/v1/redemptions", {"hold": "h1"}, secret=till)
    await shop.done("GET", "/v1/redemptions/h1", secret=till)
    await shop.refused(404, "device_unknown", "POST", "/v1/till/devices/x/uploads", _UPLOAD, secret=till)
    for method, path, body in (
        ("POST", "/v1/customers/anna/till-code", None),
        ("POST", f"/v1/vouchers/{code}/till-code", None),
        ("POST", "/v1/till/devices", {}),
        ("GET", "/v1/till/devices", None),
        ("POST", "/v1/till/devices/x/allowance", {}),
        ("POST", "/v1/redemptions/h1/rollback", {"id": "b1"}),
        ("PUT", "/v1/orders/o9", {}),
        ("GET", "/v1/customers/anna", None),
        ("POST", "/v1/adjustments", {}),
    ):
        await shop.refused(403, "scope_missing", method, path, body, secret=till)
    reader = await shop.key("read")
    await shop.refused(403, "scope_missing", "POST", "/v1/redemptions", {**redeem, "id": "x"}, secret=reader)


_UPLOAD = {
    "allowance": "a1",
    "entries": [
        {
            "sequence": 1,
            "at": "2026-03-02T12:00:00Z",
            "cart": cart(),
            "amount": 0,
            "signature": "A" * 86 + "==",
        }
    ],
}


@pytest.mark.parametrize(("code", "holder", "most"), [("STORE", "location", 2), ("TILL", "device", 1)])
async def test_limits_of_stores_and_devices(shop: Site, code: str, holder: str, most: int) -> None:
    """A limit per location, or per device, counts the redemptions of one; the next has its own room."""

    async def discount(number: int, place: str) -> int:
        where = {"location": place} if holder == "location" else {"attributes": {"device": place}}
        body = {"id": f"{place}-{number}", "cart": {**cart(), **where}, "redeem": [{"code": code}]}
        answer = await shop.done("POST", "/v1/redemptions", body)
        taken: int = answer["quote"]["discount_total"]
        return taken

    assert [await discount(number, "one") for number in range(most + 1)] == [100] * most + [0]
    assert await discount(0, "two") == 100


WHO = """
  - id: shop
    name: 1.00 off in shop 7
    automatic: true
    gives: [{type: amount_off, value: 100}]
    usable_when: {fact: redeemer.key, is: shop 7}
  - id: person
    name: 0.20 off by a cashier
    automatic: true
    gives: [{type: amount_off, value: 20}]
    usable_when: {fact: redeemer.role, is: cashier}
  - id: device
    name: 0.03 off on one till
    automatic: true
    gives: [{type: amount_off, value: 3}]
    usable_when: {fact: redeemer.device, is: t7}
"""


async def test_who_redeems(site: Site) -> None:
    """Keys by their names, people by their roles and tills by their ids: in every call that has a cart."""
    raw = (PROGRAM + WHO).encode()
    await site.done("PUT", "/v1/programs/points/draft", raw=raw, headers={"content-type": "application/yaml"})
    await site.done("POST", "/v1/programs/points/publish", {})
    secret = (
        await create_key(site.database, site.row.code, "shop 7", ["write", "read"], actor="test")
    ).secret
    key = {"authorization": f"Bearer {secret}"}
    person = await signed_in(site, await hire(site, "cashier"))

    async def discount(method: str, path: str, body: Any, **caller: Any) -> int:
        answer = await site.done(method, path, {"cart": cart(), "device": "t7", **body}, **caller)
        off: int = answer.get("quote", answer)["discount_total"]
        return off

    for number, (caller, off) in enumerate([({"headers": key}, 103), ({"session": person}, 23), ({}, 3)]):
        assert await discount("POST", "/v1/quotes", {}, **caller) == off
        assert await discount("POST", "/v1/holds", {"id": f"h{number}"}, **caller) == off
        assert await discount("PUT", f"/v1/holds/h{number}", {}, **caller) == off
        assert await discount("POST", "/v1/redemptions", {"id": f"r{number}"}, **caller) == off
    assert await discount("POST", "/v1/quotes", {"device": "t8"}, headers=key) == 100
    assert await discount("POST", "/v1/quotes", {"device": "t8"}) == 0
    order = {"status": "paid", "lines": [{"sku": "mug", "amount": 2_000}], "device": "t7"}
    await site.done("PUT", "/v1/orders/o7", order, headers=key)
    assert (await site.done("GET", "/v1/orders/o7"))["order"]["redeemer"] == {"key": "shop 7", "device": "t7"}
    line = json.dumps({"op": "order", "id": "o8", **order, "device": "t8"}).encode()
    headers = {**key, "content-type": "application/x-ndjson"}
    assert (await site.call("POST", "/v1/batch", raw=line, headers=headers)).status_code == 200
    assert (await site.done("GET", "/v1/orders/o8"))["order"]["redeemer"] == {"key": "shop 7", "device": "t8"}
