"""The desk: members are found, noted about, exported; and nothing of it outlives an erased one."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from perennial.flows.programs.life import Author, apply_document
from tests.http.people import hire, signed_in
from tests.http.site import PROGRAM, Site, order


async def _found(site: Site, text: str) -> list[str]:
    page = await site.done("GET", f"/v1/customers?search={quote(text)}")
    return [each["id"] for each in page["data"]]


async def _put(site: Site, id: str, **body: Any) -> None:
    await site.done("PUT", f"/v1/customers/{id}", body)


async def test_members_are_found(site: Site) -> None:
    """By id, name, address, number and code; by several words; and as they are called now, not before."""
    identifiers = [
        {"type": "email", "value": "Anna@Example.com"},
        {"type": "phone", "value": "+49 170 1234567"},
    ]
    await _put(site, "c-1", attributes={"first_name": "Anna", "last_name": "Müller"}, identifiers=identifiers)
    await _put(site, "c-2", attributes={"name": "Anna Schmidt"})
    await site.done("PUT", "/v1/orders/o1", order(100_000, customer="bare"))
    await site.done("POST", "/v1/customers/c-2/memberships", {"program": "points"})
    await site.done("PUT", "/v1/orders/o2", order(100_000, customer="c-2"))
    claim = {"id": "claim-x", "reward": "five-off"}
    code = (await site.done("POST", "/v1/customers/c-2/claims", claim))["voucher"]["code"]
    assert set(await _found(site, "anna")) == {"c-1", "c-2"}
    assert await _found(site, "müll ann") == ["c-1"]
    assert await _found(site, "anna@example.com") == ["c-1"]
    assert await _found(site, "0170 1234567") == ["c-1"]
    assert await _found(site, "bare") == ["bare"]
    assert await _found(site, code) == ["c-2"]
    assert await _found(site, "nobody") == []
    await _put(site, "c-1", attributes={"last_name": "Weber"})
    assert await _found(site, "müller") == []
    assert await _found(site, "weber") == ["c-1"]
    assert await _found(site, "1234567") == ["c-1"]
    view = await site.done("GET", "/v1/customers?search=weber")
    assert view["data"][0]["name"] == "Anna Weber"
    await _put(site, "c-1", identifiers=[])
    assert await _found(site, "anna@example.com") == []
    code = "identifier_or_search"
    await site.refused(422, code, "GET", "/v1/customers")
    await site.refused(422, code, "GET", "/v1/customers?search=a&identifier=card:1")


async def test_the_erased_are_not_found(site: Site) -> None:
    """By no word; and the notes about them, and what was asked for them, are gone."""
    await _put(site, "gone", attributes={"name": "Canary Bird"})
    await site.done("POST", "/v1/customers/gone/memberships", {"program": "points"})
    owner = await signed_in(site, await hire(site, "owner"))
    rules = {"second_factor": False, "two_to_publish": False, "two_to_credit_above": 1}
    await site.done("PUT", "/v1/staff-rules", rules, session=owner)
    credit = {"id": "a", "customer": "gone", "wallet": "points", "points": 5, "reason": "Canary asked"}
    asked = (await site.call("POST", "/v1/adjustments", credit, session=owner)).json()
    await site.done("POST", "/v1/customers/gone/notes", {"note": "Canary called"}, session=owner)
    assert await _found(site, "canary") == ["gone"]
    assert (await site.call("DELETE", "/v1/customers/gone")).status_code == 204
    assert await _found(site, "canary") == []
    other = await signed_in(site, await hire(site, "admin"))
    path = f"/v1/approvals/{asked['approval']}/approve"
    await site.refused(410, "customer_erased", "POST", path, {}, session=other)
    async with site.database.transaction(site.row.workspace_id) as conn:
        for table in ("customer_words", "customer_notes", "approvals", "audit_entries"):
            rows = await conn.fetch(f"select t::text from {table} t")
            assert "anary" not in repr(rows), table


async def test_workspaces_do_not_find_each_others_members(site: Site) -> None:
    """The wall stands around words too."""
    from perennial.flows.staff.keys import create_key  # noqa: PLC0415
    from perennial.flows.workspaces import create_workspace  # noqa: PLC0415
    from tests.http.site import fresh_code  # noqa: PLC0415

    await _put(site, "c-1", attributes={"name": "Anna"})
    other = await create_workspace(site.database, fresh_code(), "Other", sandbox=False)
    secret = (await create_key(site.database, other.code, "k", ["admin"], actor="test")).secret
    assert await site.done("GET", "/v1/customers?search=anna", secret=secret) == {"data": []}


async def test_notes_are_kept_with_their_author(site: Site) -> None:
    """The latest first; deleted they are gone, and the log says by whom."""
    await _put(site, "anna", attributes={})
    person = await hire(site, "support")
    support = await signed_in(site, person)
    path = "/v1/customers/anna/notes"
    first = await site.done("POST", path, {"note": "called"}, session=support)
    second = await site.done("POST", path, {"note": "called again"}, session=support)
    listed = (await site.done("GET", path, session=support))["data"]
    assert listed == [second, first]
    assert first["actor"] == f"staff {person.email}"
    assert (await site.call("DELETE", f"{path}/{first['id']}", session=support)).status_code == 204
    await site.refused(404, "note_unknown", "DELETE", f"{path}/{first['id']}", session=support)
    await site.refused(404, "customer_unknown", "GET", "/v1/customers/nobody/notes", session=support)
    log = (await site.done("GET", "/v1/audit?action=note."))["data"]
    assert [each["action"] for each in log] == ["note.deleted", "note.added", "note.added"]
    assert "called" not in repr(log)


_WON = (
    PROGRAM
    + """\
  - {id: mug, name: A mug, price: 5, gives: [{type: physical, sku: mug}]}
challenges:
  - id: twice
    name: Two orders
    goals: [{measure: orders.count, target: 2}]
    gives: [{type: badge, name: regular}]
"""
)


async def test_an_export_holds_what_was_won(site: Site) -> None:
    """What is owed to the member with its state, and challenges with how far they are, completed or not."""
    author = Author(actor="test", at=site.row.created_at)
    await apply_document(site.database, site.row.workspace_id, _WON, author)
    for customer, orders in (("anna", 3), ("ben", 1)):
        for number in range(orders):
            await site.done("PUT", f"/v1/orders/{customer}-{number}", order(1_000, customer=customer))
        await site.done("POST", f"/v1/customers/{customer}/claims", {"id": customer, "reward": "mug"})
    exports = {name: await site.done("GET", f"/v1/customers/{name}/export") for name in ("anna", "ben")}
    told = {
        name: (
            sorted((each["kind"], each["reward"], each["state"]) for each in export["entitlements"]),
            [(each["id"], each["state"], each["completed_count"]) for each in export["challenges"]],
        )
        for name, export in exports.items()
    }
    mug, badge = ("physical", "points/mug", "ordered"), ("badge", "points/twice", "given")
    assert told == {
        "anna": ([badge, mug], [("twice", "completed", 1)]),
        "ben": ([mug], [("twice", "active", 0)]),
    }
    for name, export in exports.items():
        [owed] = [each for each in export["entitlements"] if each["kind"] == "physical"]
        listed = (await site.done("GET", f"/v1/customers/{name}/entitlements"))["data"]
        assert export["entitlements"] == listed
        assert owed["name"] == "mug"
        listed = (await site.done("GET", f"/v1/customers/{name}/challenges"))["data"]
        assert export["challenges"] == listed


async def test_an_export_holds_everything(site: Site) -> None:
    """The whole statement and timeline, beyond a page; that it was given out is noted."""
    await _put(site, "anna", attributes={"name": "Anna"})
    for number in range(205):
        await site.done("PUT", f"/v1/orders/o{number}", order(100, customer="anna"))
    await site.done("POST", "/v1/customers/anna/notes", {"note": "called"})
    export = await site.done("GET", "/v1/customers/anna/export")
    assert len(export["orders"]) == 205
    assert export["orders"][0]["order"]["lines"]
    assert (export["entitlements"], export["challenges"]) == ([], [])
    assert len(export["timeline"]) >= 205
    assert len(export["ledger"]) == 205
    assert export["customer"]["attributes"] == {"name": "Anna"}
    assert [note["text"] for note in export["notes"]] == ["called"]
    await site.done("GET", "/v1/customers/anna/export?reason=asked%20for%20it")
    noted = (await site.done("GET", "/v1/audit?action=customer.exported"))["data"]
    assert [each.get("reason") for each in noted] == ["asked for it", None]
    await site.refused(404, "customer_unknown", "GET", "/v1/customers/nobody/export")
