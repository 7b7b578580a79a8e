"""Merging over HTTP: previewed, bounded by the role, approved by a second person, answered by the old id."""

from __future__ import annotations

from perennial.units import named_id
from tests.http.people import hire, signed_in
from tests.http.site import Site, order

_ASKED = {"id": "m-1", "into": "ben", "reason": "the same person"}


async def _two(site: Site, points: int) -> None:
    for name in ("anna", "ben"):
        await site.done("POST", f"/v1/customers/{name}/memberships", {"program": "points"})
    give = {"id": "a", "customer": "anna", "wallet": "points", "points": points, "reason": "r"}
    await site.done("POST", "/v1/adjustments", give)


async def test_a_merge_is_previewed_done_once_and_told(site: Site) -> None:
    """The preview changes nothing; the old id answers for the survivor; the audit log tells amounts alone."""
    await _two(site, 700)
    path = "/v1/customers/anna/merge"
    told = await site.done("GET", f"{path}?into=ben")
    assert (told["preview"], told["wallets"][0]["points"]) == (True, 700)
    assert (await site.done("GET", "/v1/customers/anna"))["id"] == "anna"
    done = await site.done("POST", path, _ASKED)
    assert {**told, "id": "m-1", "at": done["at"], "preview": False} == done
    assert await site.done("POST", path, _ASKED) == done
    await site.refused(422, "id_conflict", "POST", path, {**_ASKED, "into": "cyd"})
    problem = await site.refused(410, "customer_merged", "POST", path, {**_ASKED, "id": "m-2"})
    assert problem["details"] == {"merged_into": "ben"}
    for read in ("", "/ledger", "/timeline", "/vouchers", "/challenges", "/notes", "/consents", "/merges"):
        ours = await site.done("GET", f"/v1/customers/ben{read}")
        assert (await site.done("GET", f"/v1/customers/anna{read}")).keys() == ours.keys(), read
    assert (await site.done("GET", "/v1/customers/anna"))["id"] == "ben"
    merges = (await site.done("GET", "/v1/customers/ben/merges"))["data"]
    assert [(each["absorbed"], each["reason"]) for each in merges] == [("anna", "the same person")]
    await site.done("PUT", "/v1/orders/late", order(100_000, customer="anna"))
    assert (await site.done("GET", "/v1/orders/late"))["customer"] == "ben"
    await site.refused(410, "customer_merged", "DELETE", "/v1/customers/anna")
    entries = (await site.done("GET", "/v1/audit"))["data"]
    entry = next(each for each in entries if each["action"] == "customer.merged")
    ben = named_id(site.row.workspace_id, "customer", "ben")
    assert entry["object"] == f"customer/{ben}"
    assert entry["after"]["points"] == {"points/points": 700}
    assert "anna" not in str(entry)


async def test_a_role_and_two_people_bound_a_merge(site: Site) -> None:
    """As credits by hand: no more than the role moves, and above a bound only with a second person."""
    await _two(site, 700)
    path = "/v1/customers/anna/merge"
    support = await signed_in(site, await hire(site, "support"))
    problem = await site.refused(403, "credit_limit", "POST", path, _ASKED, session=support)
    assert problem["details"] == {"most": 500}
    owner = await signed_in(site, await hire(site, "owner"))
    rules = {"second_factor": False, "two_to_publish": False, "two_to_credit_above": 600}
    await site.done("PUT", "/v1/staff-rules", rules, session=owner)
    assert (await site.done("GET", f"{path}?into=ben", session=owner))["needs_approval"]
    asked = await site.call("POST", path, _ASKED, session=owner)
    assert (asked.status_code, asked.json()["kind"]) == (202, "merge")
    approving = f"/v1/approvals/{asked.json()['approval']}/approve"
    await site.refused(403, "own_request", "POST", approving, {}, session=owner)
    other = await signed_in(site, await hire(site, "admin"))
    approved = await site.done("POST", approving, {}, session=other)
    assert (approved["state"], approved["answer"]["absorbed"]) == ("done", "anna")
    assert (await site.done("GET", "/v1/customers/anna"))["id"] == "ben"
