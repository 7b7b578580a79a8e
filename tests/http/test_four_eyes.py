"""What one person may give, and what takes two: bounded where it is written, done once."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import asyncpg
import pytest

from perennial.store.credits import CREDIT_A_DAY, lock_day
from perennial.store.staff.approvals import decide_approval
from tests.http.people import hire, signed_in
from tests.http.site import Site


def _credit(id: str, points: int, customer: str = "anna") -> dict[str, Any]:
    return {"id": id, "customer": customer, "wallet": "points", "points": points, "reason": "sorry"}


async def _balance(site: Site) -> int:
    view = await site.done("GET", "/v1/customers/anna")
    return sum(wallet["available"] for wallet in view["wallets"])


async def _publish(site: Site, document: str) -> None:
    headers = {"content-type": "application/yaml"}
    await site.done("PUT", "/v1/programs/cash/draft", raw=document.encode(), headers=headers)
    await site.done("POST", "/v1/programs/cash/publish", {"revision": 1})


async def _member(site: Site) -> None:
    await site.done("POST", "/v1/customers/anna/memberships", {"program": "points"})


async def _rules(site: Site, owner: dict[str, str], **rules: Any) -> None:
    body = {"second_factor": False, "two_to_publish": False, **rules}
    await site.done("PUT", "/v1/staff-rules", body, session=owner)


async def test_a_role_bounds_one_credit(site: Site) -> None:
    """Support gives 500 points at most, by any way; taking points is free; the log names the person."""
    await _member(site)
    person = await hire(site, "support")
    support = await signed_in(site, person)
    path = "/v1/adjustments"
    problem = await site.refused(403, "credit_limit", "POST", path, _credit("a", 501), session=support)
    assert problem["details"] == {"most": 500}
    await site.done("POST", path, {**_credit("b", 500), "actor": "the boss"}, session=support)
    assert await _balance(site) == 500
    await site.done("POST", path, _credit("c", -400), session=support)
    # A file of lines takes the scope to write.
    await site.refused(403, "scope_missing", "POST", "/v1/batch", raw=b"{}", session=support)
    await site.done("POST", "/v1/customers/ben/memberships", {"program": "points"})
    move = {"id": "m", "from": "anna", "to": "ben", "wallet": "points", "points": 501, "reason": "r"}
    await site.refused(403, "credit_limit", "POST", "/v1/transfers", move, session=support)
    async with site.database.transaction(site.row.workspace_id) as conn:
        held = await conn.fetchval("select string_agg(encode(body, 'escape'), '') from events")
    assert person.email in held
    assert "the boss" not in held


async def test_a_role_bounds_the_credits_of_a_day_at_one_moment(site: Site) -> None:
    """Of 40 credits of 500 at once, on many members, exactly as many pass as the day allows."""
    for number in range(8):
        await site.done("POST", f"/v1/customers/c{number}/memberships", {"program": "points"})
    support = await signed_in(site, await hire(site, "support"))
    answers = await asyncio.gather(
        *(
            site.call("POST", "/v1/adjustments", _credit(f"d{n}", 500, f"c{n % 8}"), session=support)
            for n in range(40)
        )
    )
    assert Counter(answer.status_code for answer in answers) == {201: 10, 403: 30}
    again = await site.call("POST", "/v1/adjustments", _credit("d0", 500, "c0"), session=support)
    assert again.status_code in (200, 403)
    problem = await site.refused(
        403, "credit_limit_per_day", "POST", "/v1/adjustments", _credit("e", 1, "c0"), session=support
    )
    assert problem["details"] == {"per_day": 5000, "left": 0, "decimals": 0}


async def test_bounds_are_whole_points_of_every_wallet(site: Site) -> None:
    """Of a wallet with two decimals 500 are 500.00; a day adds both wallets up; moving is bounded alike."""
    cash = """
program: cash
name: Cash
wallets: [{id: cash, name: Cash, decimals: 2}]
"""
    await _publish(site, cash)
    for customer in ("anna", "ben"):
        for program in ("points", "cash"):
            await site.done("POST", f"/v1/customers/{customer}/memberships", {"program": program})
    support = await signed_in(site, await hire(site, "support"))
    path = "/v1/adjustments"
    cents = _credit("a", 50_001) | {"wallet": "cash/cash"}
    await site.refused(403, "credit_limit", "POST", path, cents, session=support)
    for number in range(9):
        each = {"id": f"cents-{number}", "points": 50_000}
        await site.done("POST", path, cents | each, session=support)
    await site.done("POST", path, _credit("whole", 499), session=support)
    told = await site.refused(
        403, "credit_limit_per_day", "POST", path, cents | {"points": 101}, session=support
    )
    assert told["detail"] == "Your role may credit 5000 points a day; 1.00 are left."
    assert told["details"] == {"per_day": 5000, "left": 100, "decimals": 2}
    await site.done("POST", path, cents | {"id": "cent", "points": 1}, session=support)
    # What is left is 0.99: no whole point of the other wallet.
    told = await site.refused(403, "credit_limit_per_day", "POST", path, _credit("b", 1), session=support)
    assert told["details"]["left"] == 0
    await site.done("POST", path, cents | {"id": "last", "points": 99}, session=support)
    move = {"id": "m", "from": "anna", "to": "ben", "wallet": "cash/cash", "points": 50_001, "reason": "r"}
    await site.refused(403, "credit_limit", "POST", "/v1/transfers", move, session=support)
    await site.done("POST", "/v1/transfers", move | {"points": 50_000}, session=support)
    merge = {"id": "merge", "into": "ben", "reason": "one person"}
    await site.refused(403, "credit_limit", "POST", "/v1/customers/anna/merge", merge, session=support)


async def test_two_people_see_whole_points(site: Site) -> None:
    """What waits says the decimals and the name of its wallet; who approves is bounded alike."""
    cash = "program: cash\nname: Cash\nwallets: [{id: cash, name: Money back, decimals: 2}]\n"
    await _publish(site, cash)
    await site.done("POST", "/v1/customers/anna/memberships", {"program": "cash"})
    owner = await signed_in(site, await hire(site, "owner"))
    await _rules(site, owner, two_to_credit_above=100)
    cents = _credit("a", 10_000) | {"wallet": "cash"}
    await site.done("POST", "/v1/adjustments", cents, session=owner)
    asked = await site.call("POST", "/v1/adjustments", cents | {"id": "b", "points": 10_001}, session=owner)
    assert asked.status_code == 202, asked.text
    summary = asked.json()["summary"]
    assert (summary["points"], summary["decimals"], summary["wallet_name"]) == (10_001, 2, "Money back")
    body = {"name": "Lead", "scopes": ["read", "adjust", "approve"], "credit_most": 100}
    await site.done("PUT", "/v1/roles/lead", body, session=owner)
    lead = await signed_in(site, await hire(site, "lead"))
    path = f"/v1/approvals/{asked.json()['approval']}/approve"
    await site.refused(403, "credit_limit", "POST", path, {}, session=lead)
    await site.done("PUT", "/v1/roles/lead", body | {"credit_most": 101}, session=owner)
    assert (await site.done("POST", path, {}, session=lead))["state"] == "done"


async def test_without_its_guards_the_bound_of_a_day_breaks(site: Site) -> None:
    """The control: the product's statement without its comparison, and the table without its CHECK."""
    naive = CREDIT_A_DAY.replace(" and credited + $4 <= $5", "")
    assert naive != CREDIT_A_DAY
    person = await hire(site, "support")
    ws = site.row.workspace_id

    async def guarded(statement: str) -> int:
        passed = 0

        async def one() -> None:
            nonlocal passed
            async with site.database.transaction(ws) as conn:
                done = await conn.fetchval(statement, ws, person.staff_id, 1, 500, 5000)
            passed += done is not None

        await asyncio.gather(*(one() for _ in range(20)), return_exceptions=True)
        return passed

    async with site.database.transaction(ws) as conn:
        await lock_day(conn, ws, person.staff_id, 1, 5000)
    assert await guarded(CREDIT_A_DAY) == 10
    async with site.database.transaction(ws) as conn:
        credited = await conn.fetchval(
            "select credited from staff_credits where staff_id = $1", person.staff_id
        )
    assert credited == 5000
    assert await guarded(naive) == 0  # the CHECK of the table holds by itself


async def test_two_people_for_a_large_credit(site: Site) -> None:
    """Asked for, approved by somebody else, done once; never by who asked, a key, or a lesser role."""
    await _member(site)
    owner_person = await hire(site, "owner")
    owner, second = await signed_in(site, owner_person), await signed_in(site, await hire(site, "admin"))
    marketer = await signed_in(site, await hire(site, "marketer"))
    await _rules(site, owner, two_to_credit_above=1000)
    await site.done("POST", "/v1/adjustments", _credit("small", 1000), session=owner)
    answer = await site.call("POST", "/v1/adjustments", _credit("large", 1001), session=owner)
    assert answer.status_code == 202, answer.text
    asked = answer.json()
    assert (asked["state"], asked["summary"]["points"]) == ("requested", 1001)
    again = await site.call("POST", "/v1/adjustments", _credit("large", 1001), session=owner)
    assert again.json()["approval"] == asked["approval"]
    await site.refused(422, "id_conflict", "POST", "/v1/adjustments", _credit("large", 2000), session=owner)
    assert await _balance(site) == 1000
    path = f"/v1/approvals/{asked['approval']}/approve"
    await site.refused(403, "own_request", "POST", path, {}, session=owner)
    again_owner = await signed_in(site, owner_person)
    await site.refused(403, "own_request", "POST", path, {}, session=again_owner)
    await site.refused(403, "session_needed", "POST", path, {})
    await site.refused(403, "scope_missing", "POST", path, {}, session=marketer)
    done = await site.done("POST", path, {"reason": "right"}, session=second)
    assert (done["state"], done["answer"]["balances"][0]["available"]) == ("done", 2001)
    assert (await site.done("POST", path, {}, session=second))["state"] == "done"
    assert await _balance(site) == 2001
    replay = await site.call("POST", "/v1/adjustments", _credit("large", 1001), session=owner)
    assert (replay.status_code, replay.headers["idempotency-replayed"]) == (200, "true")
    log = await site.done("GET", "/v1/audit?action=approval.", session=owner)
    assert [each["action"] for each in log["data"]] == ["approval.approved", "approval.requested"]


async def test_keys_are_no_way_around(site: Site) -> None:
    """A key asks too, in one call and in a file of lines."""
    await _member(site)
    owner = await signed_in(site, await hire(site, "owner"))
    await _rules(site, owner, two_to_credit_above=10)
    answer = await site.call("POST", "/v1/adjustments", _credit("key", 11))
    assert answer.status_code == 202
    done = await site.done("POST", f"/v1/approvals/{answer.json()['approval']}/approve", {}, session=owner)
    assert done["state"] == "done"
    line = json.dumps({"op": "adjustment", **_credit("line", 11)}).encode() + b"\n"
    batch = await site.call("POST", "/v1/batch", raw=line, headers={"content-type": "application/x-ndjson"})
    assert '"approval_needed"' in batch.text, batch.text
    assert await _balance(site) == 11


async def test_approved_once_however_many_approve(site: Site) -> None:
    """Of twenty approvals by four people at once, and a rejection, one decides; points come once."""
    await _member(site)
    owner = await signed_in(site, await hire(site, "owner"))
    others = [await signed_in(site, await hire(site, "admin")) for _ in range(4)]
    await _rules(site, owner, two_to_credit_above=0)
    for number in range(5):
        answer = await site.call("POST", "/v1/adjustments", _credit(f"race-{number}", 7), session=owner)
        path = f"/v1/approvals/{answer.json()['approval']}"
        await asyncio.gather(
            site.call("POST", f"{path}/reject", {}, session=others[0]),
            *(
                site.call("POST", f"{path}/approve", {}, session=session)
                for session in others[1:] + others
                for _ in range(3)
            ),
        )
        listed = await site.done("GET", "/v1/approvals?limit=1", session=owner)
        [row] = listed["data"]
        assert row["state"] in ("done", "rejected")
    pages, cursor = [], ""
    while cursor is not None:
        page = await site.done("GET", f"/v1/approvals?limit=2&cursor={cursor}", session=owner)
        pages.append([row["summary"]["points"] for row in page["data"]])
        cursor = page["next_cursor"]
    assert pages == [[7, 7], [7, 7], [7]]
    async with site.database.transaction(site.row.workspace_id) as conn:
        states = Counter(row[0] for row in await conn.fetch("select state from approvals"))
        decided = await conn.fetchval(
            "select count(*) from audit_entries where action in ('approval.approved', 'approval.rejected')"
        )
    assert decided == 5
    assert await _balance(site) == 7 * states["done"]


async def test_the_database_itself_keeps_the_two_apart(site: Site) -> None:
    """Nobody decides what they asked for, even where the code forgets to compare."""
    await _member(site)
    person = await hire(site, "owner")
    owner = await signed_in(site, person)
    await _rules(site, owner, two_to_credit_above=0)
    await site.call("POST", "/v1/adjustments", _credit("mine", 7), session=owner)
    ws = site.row.workspace_id
    async with site.database.transaction(ws) as conn:
        [row] = await conn.fetch("select approval_id from approvals")
        found = await decide_approval(conn, ws, row[0], "approved", person.staff_id, "me", 0, None)
    assert found is None
    with pytest.raises(asyncpg.CheckViolationError):
        async with site.database.transaction(ws) as conn:
            await conn.execute("update approvals set state = 'approved', decided_by = $1", person.staff_id)


async def test_two_people_to_publish(site: Site) -> None:
    """A draft is published as it was when it was asked for, or not at all; so is an older version."""
    owner = await signed_in(site, await hire(site, "owner"))
    first = await signed_in(site, await hire(site, "marketer"))
    second = await signed_in(site, await hire(site, "marketer"))
    await _rules(site, owner, two_to_publish=True)
    draft = await site.done("GET", "/v1/programs/points/draft", session=first)
    text = draft["document"].replace("name: Points\ncurrency", "name: More points\ncurrency")
    yaml = {"content-type": "application/yaml"}

    async def put(document: str) -> None:
        headers = {**first, **yaml}
        answer = await site.call("PUT", "/v1/programs/points/draft", raw=document.encode(), session=headers)
        assert answer.status_code == 200, answer.text

    await put(text)
    asked = await site.call("POST", "/v1/programs/points/publish", {"note": "new name"}, session=first)
    assert asked.status_code == 202, asked.text
    stale = f"/v1/approvals/{asked.json()['approval']}/approve"
    await put(text.replace("More points", "Even more points"))
    failed = await site.done("POST", stale, {}, session=second)
    assert (failed["state"], failed["answer"]["code"]) == ("failed", "draft_changed")
    listed = await site.done("GET", "/v1/approvals?status=failed", session={**first, "accept-language": "fa"})
    assert "بازبینی" in listed["data"][0]["answer"]["detail"]
    asked = await site.call("POST", "/v1/programs/points/publish", {}, session=first)
    path = f"/v1/approvals/{asked.json()['approval']}/approve"
    await site.refused(403, "own_request", "POST", path, {}, session=first)
    done = await site.done("POST", path, {}, session=second)
    assert (done["state"], done["answer"]["version"]) == ("done", 2)
    assert done["answer"]["assessment"]["warnings"] == []
    asked = await site.call("POST", "/v1/programs/points/rollback", {"version": 1}, session=second)
    path = f"/v1/approvals/{asked.json()['approval']}/approve"
    done = await site.done("POST", path, {}, session=first)
    assert (done["state"], done["answer"]["version"]) == ("done", 3)
    key = await site.call("POST", "/v1/programs/points/rollback", {"version": 2})
    assert key.status_code == 202
    # What is odd is told to who lets it pass as to its author, in their own languages.
    never = "{all: [{fact: order.total, at_least: 5000}, {fact: order.total, less_than: 4000}]}"
    odd = text.replace("per: 100}", f"per: 100, when: {never}}}")
    put_odd = await site.call("PUT", "/v1/programs/points/draft", raw=odd.encode(), session={**first, **yaml})
    (english,) = put_odd.json()["assessment"]["warnings"]
    asked = await site.call("POST", "/v1/programs/points/publish", {}, session=first)
    path = f"/v1/approvals/{asked.json()['approval']}/approve"
    done = await site.done("POST", path, {}, session={**second, "accept-language": "ko"})
    (told,) = done["answer"]["assessment"]["warnings"]
    assert (told["path"], told["code"]) == (english["path"], english["code"])
    assert "모순됩니다" in told["words"]
    assert "할인 후 주문 금액" in told["words"]
    again = await site.done("POST", path, {}, session=second)
    assert again["answer"] == done["answer"]
