"""The people of a workspace: invited once, never beyond the inviter's role, noted in the audit log."""

from __future__ import annotations

import asyncio
from collections import Counter

from perennial.http.reference.staff_examples import PASSWORD
from tests.http.people import headers_of_cookie, hire, signed_in
from tests.http.site import Site


def _token(link: str) -> str:
    return link.partition("#token=")[2]


async def test_an_invitation_makes_one_person(site: Site) -> None:
    """Of ten who use the link at one moment one gets in; the link is shown once and stored nowhere."""
    owner = await signed_in(site, await hire(site, "owner"))
    body = {"email": "Ben@shop.test", "role": "support"}
    made = await site.done("POST", "/v1/invitations", body, session=owner)
    token = _token(made["link"])
    look = await site.done("POST", "/v1/invitations/look", {"token": token}, session={})
    assert look == {"email": "ben@shop.test", "workspace": "Shop", "role": "support", "known": False}
    [listed] = (await site.done("GET", "/v1/invitations", session=owner))["data"]
    assert "link" not in listed
    accept = {"token": token, "name": "Ben", "password": PASSWORD}
    weak = {**accept, "password": "short"}
    await site.refused(422, "too_short", "POST", "/v1/invitations/accept", weak, session={})
    answers = await asyncio.gather(
        *(site.call("POST", "/v1/invitations/accept", accept, session={}) for _ in range(10))
    )
    counted = Counter(answer.status_code for answer in answers)
    assert counted[201] == 1, counted
    assert counted.keys() <= {200, 201, 401, 404, 409, 429}
    [won] = [answer for answer in answers if answer.status_code == 201]
    me = await site.done("GET", "/v1/me", session=headers_of_cookie(won.headers["set-cookie"]))
    assert (me["email"], me["role"], me["credit_most"]) == ("ben@shop.test", "support", 500)
    await site.refused(404, "invitation_unknown", "POST", "/v1/invitations/accept", accept, session={})
    log = await site.done("GET", "/v1/audit?action=staff.", session=owner)
    assert [each["action"] for each in log["data"]] == ["staff.joined", "staff.invited"]
    assert token not in repr(log)


async def test_an_invitation_is_taken_back(site: Site) -> None:
    """Its link is then good for nothing."""
    owner = await signed_in(site, await hire(site, "owner"))
    body = {"email": "carl@shop.test", "role": "analyst"}
    made = await site.done("POST", "/v1/invitations", body, session=owner)
    assert (await site.call("DELETE", f"/v1/invitations/{made['id']}", session=owner)).status_code == 204
    body = {"token": _token(made["link"])}
    await site.refused(404, "invitation_unknown", "POST", "/v1/invitations/look", body, session={})


async def test_an_account_takes_a_further_role_with_its_password(site: Site) -> None:
    """Who has the link but not the password of the account gets nothing."""
    owner = await signed_in(site, await hire(site, "owner"))
    person = await hire(site, "cashier")
    body = {"email": person.email, "role": "analyst"}
    made = await site.done("POST", "/v1/invitations", body, session=owner)
    accept = {"token": _token(made["link"]), "name": "Mallory", "password": "some other password"}
    await site.refused(401, "sign_in_wrong", "POST", "/v1/invitations/accept", accept, session={})
    accept["password"] = PASSWORD
    answer = await site.call("POST", "/v1/invitations/accept", accept, session={})
    me = await site.done("GET", "/v1/me", session=headers_of_cookie(answer.headers["set-cookie"]))
    assert (me["name"], me["role"]) == ("Cashier", "analyst")


async def test_nobody_gives_more_than_they_have(site: Site) -> None:
    """Not as a role, not by an invitation, not by a key; and only owners touch owners."""
    owner_person, admin_person = await hire(site, "owner"), await hire(site, "admin")
    owner, admin = await signed_in(site, owner_person), await signed_in(site, admin_person)
    lead = {"name": "Lead", "scopes": ["read", "staff", "keys", "adjust"], "credit_most": 100}
    await site.done("PUT", "/v1/roles/lead", lead, session=owner)
    lead_person = await hire(site, "lead")
    leader = await signed_in(site, lead_person)
    beyond = (403, "beyond_own_role")
    invite = {"email": "x@shop.test", "role": "marketer"}
    await site.refused(*beyond, "POST", "/v1/invitations", invite, session=leader)
    for scopes, most in ((["read", "programs"], None), (["admin"], None), (["adjust"], 101)):
        role = {"name": "More", "scopes": scopes, **({"credit_most": most} if most else {})}
        await site.refused(*beyond, "PUT", "/v1/roles/more", role, session=leader)
    key = {"name": "k", "scopes": ["read", "admin"]}
    await site.refused(*beyond, "POST", "/v1/api-keys", key, session=leader)
    path = f"/v1/staff/{lead_person.staff_id}/role"
    await site.refused(*beyond, "PUT", path, {"role": "admin"}, session=leader)
    await site.refused(*beyond, "PUT", path, {"role": "owner"}, session=admin)
    owners = f"/v1/staff/{owner_person.staff_id}"
    await site.refused(*beyond, "PUT", f"{owners}/role", {"role": "cashier"}, session=admin)
    await site.refused(*beyond, "DELETE", owners, session=admin)
    rules = {"second_factor": False, "two_to_publish": False}
    await site.refused(*beyond, "PUT", "/v1/staff-rules", rules, session=admin)
    await site.refused(*beyond, "PUT", path, {"role": "owner"})  # nor does a key that may do everything


async def test_a_workspace_keeps_an_owner(site: Site) -> None:
    """Of two owners who take each other's role at one moment one stays."""
    first, second = await hire(site, "owner"), await hire(site, "owner")
    sessions = await signed_in(site, first), await signed_in(site, second)
    answers = await asyncio.gather(
        site.call("DELETE", f"/v1/staff/{second.staff_id}", session=sessions[0]),
        site.call("DELETE", f"/v1/staff/{first.staff_id}", session=sessions[1]),
    )
    assert sorted(answer.status_code for answer in answers) in ([204, 403], [204, 409]), answers
    async with site.database.transaction(site.row.workspace_id) as conn:
        owners = await conn.fetchval(
            "select count(*) from staff_roles where workspace_id = $1 and role = 'owner'",
            site.row.workspace_id,
        )
    assert owners == 1


async def test_another_role_counts_at_once(site: Site) -> None:
    """From the very next call of a session that is open."""
    owner = await signed_in(site, await hire(site, "owner"))
    person = await hire(site, "marketer")
    session = await signed_in(site, person)
    await site.done("GET", "/v1/programs", session=session)
    path = f"/v1/staff/{person.staff_id}"
    assert (await site.call("PUT", f"{path}/role", {"role": "cashier"}, session=owner)).status_code == 204
    await site.refused(403, "scope_missing", "GET", "/v1/programs", session=session)
    assert (await site.call("DELETE", path, session=owner)).status_code == 204
    await site.refused(403, "scope_missing", "POST", "/v1/scan", {"text": "x"}, session=session)
    log = await site.done("GET", f"/v1/audit?object=staff/{person.staff_id}", session=owner)
    assert [(each["action"], each.get("before"), each.get("after")) for each in log["data"]] == [
        ("staff.dismissed", {"email": person.email, "role": "cashier"}, None),
        (
            "staff.role_changed",
            {"email": person.email, "role": "marketer"},
            {"email": person.email, "role": "cashier"},
        ),
    ]


async def test_roles_of_a_workspace(site: Site) -> None:
    """Made, changed, given, and deleted when nobody has them; the built-in ones stay."""
    owner = await signed_in(site, await hire(site, "owner"))
    body = {"name": "Desk", "scopes": ["read", "adjust"], "credit_most": 200}
    await site.done("PUT", "/v1/roles/desk", body, session=owner)
    await site.refused(409, "role_built_in", "PUT", "/v1/roles/owner", body, session=owner)
    await site.refused(422, "invalid_format", "PUT", "/v1/roles/Des%20k", body, session=owner)
    person = await hire(site, "desk")
    me = await site.done("GET", "/v1/me", session=await signed_in(site, person))
    assert (me["scopes"], me["credit_most"]) == (["read", "adjust"], 200)
    await site.refused(409, "role_in_use", "DELETE", "/v1/roles/desk", session=owner)
    await site.call("DELETE", f"/v1/staff/{person.staff_id}", session=owner)
    assert (await site.call("DELETE", "/v1/roles/desk", session=owner)).status_code == 204
    await site.refused(404, "role_unknown", "DELETE", "/v1/roles/desk", session=owner)
    listed = (await site.done("GET", "/v1/roles", session=owner))["data"]
    assert [each["role"] for each in listed] == [
        "owner",
        "admin",
        "marketer",
        "analyst",
        "support",
        "cashier",
        "developer",
    ]


async def test_keys_are_managed_over_the_api(site: Site) -> None:
    """The secret is shown once and works; a developer makes none that may do more; revoked is refused."""
    developer = await signed_in(site, await hire(site, "developer"))
    body = {"name": "Shop", "scopes": ["read", "write"], "expires_at": "2099-01-01T00:00:00Z"}
    made = await site.done("POST", "/v1/api-keys", body, session=developer)
    await site.done("GET", "/v1/programs", secret=made["secret"])
    listed = (await site.done("GET", "/v1/api-keys", session=developer))["data"]
    assert listed[-1] == {key: value for key, value in made.items() if key != "secret"}
    body = {"name": "More", "scopes": ["read", "adjust"]}
    await site.refused(403, "beyond_own_role", "POST", "/v1/api-keys", body, session=developer)
    path = f"/v1/api-keys/{made['id']}"
    assert (await site.call("DELETE", path, session=developer)).status_code == 204
    await site.refused(404, "key_unknown", "DELETE", path, session=developer)
    await asyncio.sleep(1)
    await site.refused(401, "unauthorized", "GET", "/v1/programs", secret=made["secret"])


async def test_the_audit_log_is_searched_and_paged(site: Site) -> None:
    """By who, what, on what, when and words; pages go on exactly; another workspace's entries never show."""
    owner_person = await hire(site, "owner")
    owner = await signed_in(site, owner_person)
    for number in range(7):
        body = {
            "object": {"kind": "program", "program": "points"},
            "off": number % 2 == 0,
            "reason": f"drill {number}",
        }
        await site.done("POST", "/v1/switches", body, session=owner)
    everything: list[str] = []
    cursor = ""
    while True:
        page = await site.done("GET", f"/v1/audit?limit=2&action=switch&cursor={cursor}", session=owner)
        everything += [each["reason"] for each in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = page["next_cursor"]
    assert everything == [f"drill {number}" for number in reversed(range(7))]
    for query, count in (
        ("text=DRILL%203", 1),
        (f"actor=staff%20{owner_person.email}", 7),
        ("actor=staff%20nobody", 0),
        ("object=program/points&action=switch", 7),
        ("action=switch&until=2020-01-01T00:00:00Z", 0),
        ("action=switch&since=2020-01-01T00:00:00Z", 7),
    ):
        found = (await site.done("GET", f"/v1/audit?{query}", session=owner))["data"]
        assert len(found) == count, query
    await site.refused(422, "invalid_instant", "GET", "/v1/audit?since=yesterday", session=owner)
    await site.refused(422, "invalid_cursor", "GET", "/v1/audit?cursor=abc", session=owner)
