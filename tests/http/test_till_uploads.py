"""What devices redeemed while they were offline: merged once, in order, and never beyond the allowance."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from perennial.core.codes.till_code import read
from perennial.store.audits.audit import audit
from perennial.units import DAY, HOUR, MINUTE, SECOND, Instant, format_instant
from tests.http.site import Site, order
from tests.http.till_device import PROGRAM, Device, cart, open_shop, voucher

_TEN_DAYS = """\
  - {id: codes, name: Codes, codes: {pattern: "C-############"}, gives: [{type: amount_off, value: 100}]}
challenges:
  - id: ten-days
    name: Ten days
    goals: [{member_for: {days: 10}}]
    gives: [{type: coupon, pool: codes}]
"""


@pytest.fixture
async def shop(site: Site) -> Site:
    """A site with a program that has codes, cards, and points that pay."""
    await open_shop(site)
    return site


def now(ago: Instant = 0) -> str:
    """Return the present, or an instant before, as a device writes it whose clock is a second fast."""
    return format_instant(time.time_ns() // 1_000 // SECOND * SECOND + SECOND - ago)


async def till(shop: Site, name: str = "till-1", location: str = "berlin", **more: Any) -> Device:
    """Return a registered device with an allowance."""
    device = await Device(shop, name, location).register()
    await device.allow(**more)
    return device


async def available(shop: Site, customer: str = "anna") -> tuple[int, int]:
    """Return the available points and the debt of a customer."""
    [wallet] = (await shop.done("GET", f"/v1/customers/{customer}"))["wallets"]
    return wallet["available"], wallet["debt"]


async def audited(shop: Site) -> list[tuple[str, str]]:
    """Return what the audit log says of entries."""
    async with shop.database.transaction(shop.row.workspace_id) as conn:
        rows = await conn.fetch(
            "select action, object from audit_entries where workspace_id = $1 and action like 'till_entry.%'"
            " order by at, entry_id",
            shop.row.workspace_id,
        )
    return [(row[0], row[1]) for row in rows]


async def granted(shop: Site) -> tuple[int, int, int]:
    """Return what all allowances of the workspace granted: points, amount, redemptions."""
    async with shop.database.transaction(shop.row.workspace_id) as conn:
        row = await conn.fetchrow(
            "select sum(points)::bigint, sum(amount)::bigint, sum(redemptions)::bigint from till_allowances"
            " where workspace_id = $1",
            shop.row.workspace_id,
        )
    assert row is not None
    return row[0], row[1], row[2]


async def test_a_voucher_and_points_redeemed_offline(shop: Site) -> None:
    """The upload redeems both at their own time; the other channel knows. Sent again, nothing changes."""
    code = await voucher(shop, "c1")
    device = await till(shop)
    first = device.entry(now(), redeem=[{"code": code}], amount=500)
    points = [{"wallet": "points", "points": 300}]
    second = device.entry(now(), customer="anna", points=points, amount=300)
    entries = await device.upload(first, second)
    assert entries == [
        {"sequence": 1, "state": "redeemed", "redemption": "till:till-1:1", "amount": 500},
        {"sequence": 2, "state": "redeemed", "redemption": "till:till-1:2", "points": 300, "amount": 300},
    ]
    assert await available(shop) == (9_200, 0)
    online = {"id": "r1", "cart": cart(), "redeem": [{"code": code}]}
    answer = await shop.done("POST", "/v1/redemptions", online)
    assert answer["quote"]["redeemables"][0]["reason"] == "used_up"
    # Twice, in another order, overlapping, alone: the same answers, and nothing more is done.
    third = device.entry(now(), redeem=[{"code": "TEN"}], amount=200)
    assert await device.upload(second, first) == entries
    assert (await device.upload(third, second))[0] == entries[1]
    assert await device.upload(first) == entries[:1]
    assert await available(shop) == (9_200, 0)
    assert await granted(shop) == (300, 1_000, 3)
    assert await audited(shop) == []
    read = await shop.done("GET", "/v1/redemptions/till:till-1:1")
    assert (read["state"], read["quote"]["to_pay"]) == ("redeemed", 1_500)


async def test_a_challenge_that_time_completed_gives_its_code_with_an_entry(shop: Site) -> None:
    """Ten days after joining the first thing to happen is an entry of a device."""
    raw = (PROGRAM + _TEN_DAYS).encode()
    yaml = {"content-type": "application/yaml"}
    await shop.done("PUT", "/v1/programs/points/draft", raw=raw, headers=yaml)
    await shop.done("POST", "/v1/programs/points/publish", {})
    await shop.done("PUT", "/v1/orders/o2", order(10_000, customer="ben"))
    await shop.done("POST", "/v1/vouchers/batches", {"id": "b1", "reward": "codes", "count": 2})
    async with shop.database.transaction(shop.row.workspace_id) as conn:
        later = time.time_ns() // 1_000 + 10 * DAY
        sql = "update workspaces set clock_at = $2 where workspace_id = $1"
        await conn.execute(sql, shop.row.workspace_id, later)
    device = await till(shop)
    points = [{"wallet": "points", "points": 100}]
    entry = device.entry(now(-10 * DAY), customer="ben", points=points, amount=100)
    assert [each["state"] for each in await device.upload(entry)] == ["redeemed"]
    page = await shop.done("GET", "/v1/customers/ben/vouchers")
    assert [each["reward"] for each in page["data"]] == ["points/codes"]


async def test_ten_at_once_are_one(shop: Site) -> None:
    """The same upload sent ten times in parallel is merged once, and all get the same answer."""
    device = await till(shop)
    points = [{"wallet": "points", "points": 100}]
    entries = [device.entry(now(), customer="anna", points=points, amount=100) for _ in range(5)]
    answers = await asyncio.gather(*(device.send(*entries) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert await available(shop) == (9_500, 0)
    assert await granted(shop) == (500, 500, 5)


async def test_a_voucher_used_elsewhere_is_a_loss(shop: Site) -> None:
    """What was given for nothing is recorded as lost, said, and audited; the allowance pays for it."""
    code = await voucher(shop, "c1")
    device = await till(shop)
    await shop.done("POST", "/v1/redemptions", {"id": "r1", "cart": cart(), "redeem": [{"code": code}]})
    [entry] = await device.upload(device.entry(now(), redeem=[{"code": code}], amount=500))
    assert (entry["state"], entry["reason"], entry["lost"], entry["amount"]) == (
        "overspent",
        "overspent",
        500,
        500,
    )
    assert await audited(shop) == [("till_entry.overspent", "till_device/till-1/1")]
    assert await granted(shop) == (0, 500, 1)


async def test_points_that_are_gone_are_a_debt(shop: Site) -> None:
    """The member owes what was spent twice; the next points pay it off, and the books hold."""
    device = await till(shop, max_points=12_000, max_amount=20_000)
    await shop.done("POST", "/v1/adjustments", _adjustment(-9_800))
    points = [{"wallet": "points", "points": 500}]
    [entry] = await device.upload(device.entry(now(), customer="anna", points=points, amount=500))
    assert (entry["state"], entry["points"], entry["owed"], entry.get("lost", 0)) == (
        "overspent",
        500,
        300,
        0,
    )
    assert await available(shop) == (-300, 300)
    await shop.done("POST", "/v1/adjustments", {**_adjustment(1_000), "id": "a2"})
    assert await available(shop) == (700, 0)
    async with shop.database.unbound() as conn:
        report = await audit(conn, shop.row.workspace_id)
    assert [(check.name, check.findings) for check in report.broken] == []
    statement = await shop.done("GET", "/v1/customers/anna/ledger")
    assert [line["because"] for line in statement["data"] if line.get("owed", 0) > 0] == ["redeemed"]


def _adjustment(points: int) -> dict[str, Any]:
    return {"id": "a1", "customer": "anna", "wallet": "points", "points": points, "reason": "r"}


async def test_an_allowance_may_refuse_what_is_gone(shop: Site) -> None:
    """With `overspend: refuse` nothing is redeemed, owed or granted, and it is said and audited."""
    code = await voucher(shop, "c1")
    device = await till(shop, overspend="refuse")
    await shop.done("POST", "/v1/redemptions", {"id": "r1", "cart": cart(), "redeem": [{"code": code}]})
    points = [{"wallet": "points", "points": 100}]
    given: dict[str, Any] = {"customer": "anna", "redeem": [{"code": code}], "points": points, "amount": 600}
    [entry] = await device.upload(device.entry(now(), **given))
    assert (entry["state"], entry["reason"]) == ("refused", "overspent")
    assert await available(shop) == (9_500, 0)
    assert await granted(shop) == (0, 0, 0)
    assert await audited(shop) == [("till_entry.refused", "till_device/till-1/1")]
    await shop.refused(404, "redemption_unknown", "GET", "/v1/redemptions/till:till-1:1")


@pytest.mark.parametrize(
    ("bounds", "entry", "reason"),
    [
        ({"max_amount": 99}, {"amount": 100}, "too_much_money"),
        ({"max_points": 99}, {"points": 100}, "too_many_points"),
        ({"max_points_total": 99}, {"points": 100}, "too_many_points"),
        ({"members": ["ben"]}, {}, "member_not_allowed"),
        ({"members": ["ben"]}, {"customer": None}, "member_not_allowed"),
        ({}, {"customer": None, "points": 100}, "customer_required"),
        ({}, {"ago": DAY}, "before_allowance"),
        ({}, {"redeem": [{"code": "TEN"}], "amount": 199}, "worth_more"),
        ({}, {"token": "PT1.NONE"}, "token_invalid"),
        ({}, {"points": 100, "wallet": "other"}, "wallet_unknown"),
    ],
)
async def test_beyond_the_bounds(
    shop: Site, bounds: dict[str, Any], entry: dict[str, Any], reason: str
) -> None:
    """What an allowance does not allow is refused with the reason; the device goes on with the next entry."""
    await shop.done("PUT", "/v1/customers/ben", {"attributes": {}})
    device = await till(shop, **bounds)
    body: dict[str, Any] = {"customer": "anna", "amount": 100} | entry
    at = now(body.pop("ago", 0))
    wallet = body.pop("wallet", "points")
    if "points" in body:
        body["points"] = [{"wallet": wallet, "points": body["points"]}]
    if body["customer"] is None:
        del body["customer"]
    [answer] = await device.upload(device.entry(at, **body))
    assert (answer["state"], answer["reason"]) == ("refused", reason)
    assert await granted(shop) == (0, 0, 0)
    assert await available(shop) == (10_000, 0)
    assert await audited(shop) == [("till_entry.refused", "till_device/till-1/1")]
    [following] = await device.upload(device.entry(now(), customer="ben"))
    assert (following["sequence"], following["state"]) == (2, "redeemed")


async def test_an_allowance_ends(shop: Site) -> None:
    """What happened after its end is refused, what happened before is not, whenever it is uploaded."""
    device = await till(shop, expires_in=60)
    async with shop.database.transaction(shop.row.workspace_id) as conn:
        issued = await conn.fetchval("select issued_at from till_allowances")
    await shop.done("POST", "/v1/clock", {"advance_to": format_instant(issued + HOUR)})
    before = device.entry(format_instant(issued + MINUTE - SECOND), customer="anna")
    after = device.entry(format_instant(issued + MINUTE), customer="anna")
    answers = await device.upload(before, after)
    assert [(each["state"], each.get("reason")) for each in answers] == [
        ("redeemed", None),
        ("refused", "allowance_expired"),
    ]


Change = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: {**entry, "amount": 1},
        lambda entry: {**entry, "sequence": 2},
        lambda entry: {**entry, "customer": "ben"},
        lambda entry: {**entry, "cart": cart(1)},
        lambda entry: {**entry, "order": "o1"},
        lambda entry: {**entry, "signature": "A" * 86 + "=="},
    ],
)
async def test_nobody_else_can_write_an_entry(shop: Site, change: Change) -> None:
    """Altered after it was signed, or not signed by the device: nothing of the upload is merged."""
    device = await till(shop)
    good = device.entry(now(), customer="anna", amount=0)
    response = await device.send(change(good))
    assert (response.status_code, response.json()["code"]) == (422, "signature_invalid")
    assert response.json()["errors"][0]["path"] == "$.entries[0].signature"
    [device_view] = (await shop.done("GET", "/v1/till/devices"))["data"]
    assert device_view["last_sequence"] == 0
    assert (await device.upload(good))[0]["state"] == "redeemed"


async def test_an_entry_is_of_one_allowance_and_one_device(shop: Site) -> None:
    """Signed for one, it cannot be moved to another."""
    first, second = await till(shop), await till(shop, "till-2")
    await first.allow("a2")
    entry = first.entry(now(), customer="anna")
    for device, allowance in ((first, "a2"), (second, "a1")):
        response = await device.send(entry, allowance=allowance)
        assert (response.status_code, response.json()["code"]) == (422, "signature_invalid")
    response = await first.send(first.sign(entry, "a3"), allowance="a3")
    assert (response.status_code, response.json()["code"]) == (404, "allowance_unknown")


async def test_no_gap_and_no_number_twice(shop: Site) -> None:
    """A number that leaves others out, or was used for something else, refuses the whole upload."""
    device = await till(shop)
    one = device.entry(now(), customer="anna")
    three = device.entry(now(), number=3, customer="anna")
    response = await device.send(one, three)
    assert (response.status_code, response.json()["code"]) == (409, "sequence_gap")
    assert response.json()["details"] == {"expected": 2, "given": 3}
    assert await granted(shop) == (0, 0, 0)
    await device.upload(one)
    other = device.entry(now(), number=1, customer="anna", amount=1)
    for entries in ([other], [one, other]):
        response = await device.send(*entries)
        assert (response.status_code, response.json()["code"]) == (422, "sequence_conflict")
    future = device.entry(now(-10 * MINUTE), number=2, customer="anna")
    response = await device.send(future)
    assert (response.status_code, response.json()["code"]) == (422, "in_the_future")


async def test_two_devices_and_one_voucher(shop: Site) -> None:
    """Uploaded in parallel, exactly one redeems it, and the other one's is an overspend; five times."""
    devices = [await till(shop, f"till-{number}") for number in range(2)]
    for round_number in range(5):
        code = await voucher(shop, f"c{round_number}")
        entries = await asyncio.gather(
            *(each.upload(each.entry(now(), redeem=[{"code": code}], amount=500)) for each in devices)
        )
        states = sorted(entry["state"] for [entry] in entries)
        assert states == ["overspent", "redeemed"]
    assert await granted(shop) == (0, 5_000, 10)
    async with shop.database.transaction(shop.row.workspace_id) as conn:
        used = [row[0] for row in await conn.fetch("select used from vouchers where uses = 1")]
        lost = await conn.fetchval("select sum(lost)::bigint from till_entries")
    assert (used, lost) == ([1] * 5, 2_500)


async def test_the_risk_is_bounded(shop: Site) -> None:
    """Law: over any uploads, in parallel and again, an allowance never grants more than it says."""
    device = await till(shop, max_points=700, max_points_total=1_100, max_amount=2_000, max_redemptions=12)
    draw = random.Random(7)
    entries = []
    for _ in range(30):
        points = draw.choice([0, 100, 200, 300])
        entry: dict[str, Any] = {
            "customer": draw.choice(["anna", "ben"]),
            "amount": points + draw.choice([0, 50]),
        }
        if points:
            entry["points"] = [{"wallet": "points", "points": points}]
        entries.append(device.entry(now(), **entry))
    uploads = [entries[: draw.randint(1, 30)] for _ in range(6)]
    answers = await asyncio.gather(*(device.send(*upload) for upload in [*uploads, entries]))
    assert {answer.status_code for answer in answers} == {200}
    final = await device.upload(*entries)
    points, amount, redemptions = await granted(shop)
    assert points == sum(each.get("points", 0) for each in final) <= 1_100
    assert amount == sum(each.get("amount", 0) for each in final) <= 2_000
    assert redemptions == sum(each["state"] != "refused" for each in final) <= 12
    assert {each["state"] for each in final} == {"redeemed", "overspent", "refused"}
    async with shop.database.transaction(shop.row.workspace_id) as conn:
        most = await conn.fetchval(
            "select max(total) from (select sum(points) as total from till_entries group by member_id) as t"
        )
    assert most <= 700


async def test_a_members_code_says_whose_it_is(shop: Site) -> None:
    """The device has only scanned a rotating code; the entry finds the member by it."""
    await shop.done("PUT", "/v1/customers/ben", {"attributes": {}})
    device = await till(shop, members=["anna"])
    token = (await shop.done("POST", "/v1/customers/anna/till-code"))["text"]
    points = [{"wallet": "points", "points": 100}]
    entry = device.entry(now(), token=token, points=points, amount=100)
    other = device.entry(now(), token=token, customer="ben", points=points, amount=100)
    answers = await device.upload(entry, other)
    assert [(each["state"], each.get("reason")) for each in answers] == [
        ("redeemed", None),
        ("refused", "token_invalid"),
    ]
    assert await available(shop) == (9_900, 0)


async def test_a_rotating_voucher_code_in_an_entry(shop: Site) -> None:
    """What was scanned offline redeems the voucher if it was current then."""
    code = await voucher(shop, "c1")
    device = await till(shop)
    shown = (await shop.done("POST", f"/v1/vouchers/{code}/till-code"))["text"]
    [entry] = await device.upload(device.entry(now(), redeem=[{"code": shown}], amount=500))
    assert entry["state"] == "redeemed"
    late = device.entry(now(-4 * MINUTE), redeem=[{"code": shown}], amount=500)
    [entry] = await device.upload(late)
    assert (entry["state"], entry["lost"]) == ("overspent", 500)


async def test_limits_count_the_devices_store(shop: Site) -> None:
    """An entry has the location of its device and the device as an attribute, whatever its cart says."""
    devices = [await till(shop, f"till-{number}", location="rome") for number in range(2)]
    redeem = [{"code": "STORE"}]
    lost = []
    for device in (*devices, devices[0]):
        given = {**cart(), "location": "elsewhere"}
        [entry] = await device.upload(device.entry(now(), cart=given, redeem=redeem, amount=100))
        lost.append(entry.get("lost", 0))
    assert lost == [0, 0, 100]
    [once] = await devices[0].upload(devices[0].entry(now(), redeem=[{"code": "TILL"}], amount=100))
    [twice] = await devices[0].upload(devices[0].entry(now(), redeem=[{"code": "TILL"}], amount=100))
    assert (once["state"], twice["state"]) == ("redeemed", "overspent")


async def test_devices_and_allowances_are_made_once(shop: Site) -> None:
    """The same again is the same answer; something else under the same id is a conflict that is named."""
    device = await Device(shop, "till-1").register()
    again = await shop.call("POST", "/v1/till/devices", device.body())
    assert again.status_code == 200
    other = {**device.body(), "location": "rome"}
    problem = await shop.refused(422, "id_conflict", "POST", "/v1/till/devices", other)
    assert problem["errors"][0]["path"] == "$.location"
    document = await device.allow(members=["anna"])
    assert await device.allow(members=["anna"]) == document
    assert document["members"] == [str(_subject(await _code(shop)))]
    body = {"id": "a1", "max_points": 1, "max_amount": 5_000, "max_redemptions": 10, "expires_in": 3_600}
    problem = await shop.refused(422, "id_conflict", "POST", f"{device.path}/allowance", body)
    assert "$.max_points" in [each["path"] for each in problem["errors"]]
    unknown = {**body, "id": "a2", "members": ["nobody"]}
    await shop.refused(404, "customer_unknown", "POST", f"{device.path}/allowance", unknown)
    await shop.refused(404, "device_unknown", "POST", "/v1/till/devices/x/allowance", body)


async def _code(shop: Site) -> str:
    text: str = (await shop.done("POST", "/v1/customers/anna/till-code"))["text"]
    return text


def _subject(text: str) -> Any:
    found = read(text)
    assert found is not None
    return found[0].subject


async def test_erasing_leaves_nothing_at_the_till(shop: Site) -> None:
    """What is kept of entries and allowances has no name in it, of anybody."""
    await shop.done("PUT", "/v1/customers/canary-bird", {"attributes": {}})
    device = await till(shop, members=["canary-bird"])
    await device.upload(device.entry(now(), customer="canary-bird", amount=100))
    async with shop.database.transaction(shop.row.workspace_id) as conn:
        for table in ("till_devices", "till_allowances", "till_entries", "audit_entries"):
            for row in await conn.fetch(f"select * from {table}"):
                assert "canary" not in str(dict(row)), table


async def test_a_lost_device_is_blocked(shop: Site) -> None:
    """From the loss on nothing is granted; what happened before is merged, within what was at risk."""
    device = await Device(shop, "till-1").register()
    await device.allow()

    def present() -> str:
        return format_instant(time.time_ns() // 1_000)

    there, _ = await available(shop)
    paid: dict[str, Any] = {
        "amount": 200,
        "customer": "anna",
        "points": [{"wallet": "points", "points": 200}],
    }
    first = device.entry(present(), **paid)
    assert [each["state"] for each in await device.upload(first)] == ["redeemed"]
    before, since = device.entry(present(), **paid), present()
    path = f"{device.path}/block"
    ahead = await shop.call("POST", path, {"reason": "r", "since": now(-HOUR)})
    assert ahead.json()["errors"][0]["code"] == "in_the_future"
    blocked = await shop.done("POST", path, {"reason": "stolen", "since": since})
    del blocked["at_risk"]["until"]
    assert blocked["at_risk"] == {"points": 9_800, "amount": 4_800, "redemptions": 9}
    assert (blocked["device"]["blocked_since"], blocked["device"]["block_reason"]) == (since, "stolen")
    bounds = {"id": "a2", "max_points": 10, "max_amount": 10, "max_redemptions": 1, "expires_in": 60}
    refused = await shop.call("POST", f"{device.path}/allowance", bounds)
    assert (refused.status_code, refused.json()["code"]) == (409, "device_blocked")
    after = device.entry(present(), **paid)
    answers = await device.upload(first, before, after)
    assert [(each["state"], each.get("reason")) for each in answers] == [
        ("redeemed", None),
        ("redeemed", None),
        ("refused", "device_blocked"),
    ]
    assert await available(shop) == (there - 400, 0)
    found = await shop.done("POST", f"{device.path}/unblock", {"reason": "found"})
    assert "blocked_since" not in found
    late = device.entry(present(), **paid)
    assert [each["state"] for each in await device.upload(after, late)] == ["refused", "redeemed"]
    assert await available(shop) == (there - 600, 0)
    assert (await shop.call("POST", "/v1/till/devices/nobody/block", {"reason": "r"})).status_code == 404
