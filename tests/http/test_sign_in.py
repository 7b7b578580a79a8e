"""People sign in with a password, are known by a cookie, and are out the moment a session is revoked."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import Counter

import pytest

from perennial.flows.staff.setup import setup_token
from perennial.flows.workspaces import create_workspace
from perennial.http.reference.staff_examples import PASSWORD
from tests.codebook import CODEBOOK
from tests.http.people import headers_of_cookie, hire, signed_in
from tests.http.site import Site, fresh_code


async def test_a_person_signs_in_and_out(site: Site) -> None:
    """The cookie is for browsers alone; who signed out is out."""
    person = await hire(site, "marketer")
    response = await site.call(
        "POST", "/v1/sign-in", {"email": person.email.upper(), "password": PASSWORD}, session={}
    )
    assert (response.status_code, response.json()) == (201, {"signed_in": True})
    cookie = response.headers["set-cookie"]
    assert {"Path=/", "HttpOnly", "SameSite=Strict"} <= set(cookie.split("; "))
    session = headers_of_cookie(cookie)
    me = await site.done("GET", "/v1/me", session=session)
    assert (me["email"], me["role"], me["workspace"]) == (person.email, "marketer", site.row.code)
    assert {"read", "programs"} <= set(me["scopes"])
    out = await site.call("DELETE", "/v1/session", session=session)
    assert (out.json(), "Max-Age=0" in out.headers["set-cookie"]) == ({"signed_in": False}, True)
    await site.refused(401, "unauthorized", "GET", "/v1/me", session=session)


async def test_a_wrong_password_and_an_unknown_address_are_one_answer(site: Site) -> None:
    """Status, body and, within bounds, time tell nobody who works here."""
    person = await hire(site, "analyst")
    bodies, times = [], {}
    for email in (person.email, "nobody@shop.test"):
        taken = []
        for _ in range(9):
            began = time.perf_counter()
            problem = await site.refused(
                401,
                "sign_in_wrong",
                "POST",
                "/v1/sign-in",
                {"email": email, "password": "a wrong password"},
                session={},
            )
            taken.append(time.perf_counter() - began)
        times[email] = statistics.median(taken)
        bodies.append({key: value for key, value in problem.items() if key != "request_id"})
    assert bodies[0] == bodies[1]
    slow, fast = max(times.values()), min(times.values())
    assert fast > slow / 2, times  # without the hash for nobody it is a hundredth


async def test_guesses_end_even_when_they_come_at_once(site: Site) -> None:
    """Of 40 at the same moment ten are looked at; the right password is refused too; others go on."""
    person, other = await hire(site, "owner"), await hire(site, "owner")
    body = {"email": person.email, "password": "a wrong password"}
    answers = await asyncio.gather(*(site.call("POST", "/v1/sign-in", body, session={}) for _ in range(40)))
    assert Counter(answer.status_code for answer in answers) == {401: 10, 429: 30}
    right = {"email": person.email, "password": PASSWORD}
    await site.refused(429, "too_many_tries", "POST", "/v1/sign-in", right, session={})
    await signed_in(site, other)


async def test_right_passwords_are_no_guesses(site: Site) -> None:
    """Who signs in often is not locked out."""
    person = await hire(site, "owner")
    for _ in range(12):
        await signed_in(site, person)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"x-perennial-csrf": None}, "another_site"),
        ({"sec-fetch-site": "cross-site"}, "another_site"),
        ({"sec-fetch-site": "same-site"}, "another_site"),
        ({"origin": "https://evil.test"}, "another_site"),
        ({"origin": "null"}, "another_site"),
    ],
)
async def test_another_site_cannot_make_a_browser_act(
    site: Site, changed: dict[str, str | None], code: str
) -> None:
    """A cookie alone changes nothing, on routes hot and cold; reading needs no proof."""
    session = await signed_in(site, await hire(site, "owner"))
    forged = {name: value for name, value in {**session, **changed}.items() if value is not None}
    for method, path, body in (
        ("PUT", "/v1/orders/forged", {"customer": "c", "status": "paid", "lines": []}),
        ("PUT", "/v1/me", {"name": "Eve"}),
        ("POST", "/v1/switches", {}),
        ("DELETE", "/v1/session", None),
    ):
        await site.refused(403, code, method, path, body, session=forged)
    await site.done("GET", "/v1/me", session=session)


async def test_another_site_cannot_sign_a_browser_in(site: Site) -> None:
    """Nobody is signed in to somebody else's account unawares."""
    person = await hire(site, "owner")
    body = {"email": person.email, "password": PASSWORD}
    forged = {"origin": "https://evil.test"}
    await site.refused(403, "another_site", "POST", "/v1/sign-in", body, session=forged)


async def test_our_own_origin_is_let_in(site: Site) -> None:
    """A browser that names our own pages goes through."""
    session = await signed_in(site, await hire(site, "owner"))
    for origin in ({"origin": "http://shop.test"}, {"sec-fetch-site": "same-origin"}):
        await site.done("PUT", "/v1/me", {"name": "Anna"}, session={**session, **origin})


async def test_a_session_is_of_one_workspace_at_a_time(site: Site) -> None:
    """The header chooses for one call, the session remembers; where one has no role one can do nothing."""
    person = await hire(site, "owner")
    session = await signed_in(site, person)
    other = await create_workspace(site.database, fresh_code(), "Other", sandbox=False)
    there = {**session, "x-perennial-workspace": other.code}
    await site.refused(403, "scope_missing", "GET", "/v1/programs", session=there)
    await site.refused(
        404, "workspace_unknown", "PUT", "/v1/me/workspace", {"workspace": other.code}, session=session
    )
    async with site.database.transaction(other.workspace_id) as conn:
        await conn.execute(
            "insert into staff_roles values ($1, $2, 'analyst', now(), 'test')",
            other.workspace_id,
            person.staff_id,
        )
    assert await site.done("GET", "/v1/programs", session=there) == {"data": []}
    await site.refused(403, "scope_missing", "POST", "/v1/switches", {}, session=there)
    await site.done("PUT", "/v1/me/workspace", {"workspace": other.code}, session=session)
    me = await site.done("GET", "/v1/me", session=session)
    assert (me["workspace"], me["role"], me["sandbox"]) == (other.code, "analyst", False)
    assert [place["code"] for place in me["workspaces"]] == [other.code, site.row.code]


async def test_sessions_are_listed_and_ended_one_by_one(site: Site) -> None:
    """One's own sessions and nobody else's; the ended one is out, the others stay."""
    person, stranger = await hire(site, "owner"), await hire(site, "owner")
    first, second, third = [await signed_in(site, person) for _ in range(3)]
    other = await signed_in(site, stranger)
    listed = (await site.done("GET", "/v1/me/sessions", session=first))["data"]
    assert [each["current"] for each in listed] == [False, False, True]
    await site.refused(404, "session_unknown", "DELETE", f"/v1/me/sessions/{listed[0]['id']}", session=other)
    await site.call("DELETE", f"/v1/me/sessions/{listed[0]['id']}", session=first)
    await site.refused(401, "unauthorized", "GET", "/v1/me", session=third)
    await site.call("DELETE", "/v1/me/sessions", session=second)
    await site.refused(401, "unauthorized", "GET", "/v1/me", session=first)
    await site.done("GET", "/v1/me", session=second)


async def test_another_password_ends_the_other_sessions(site: Site) -> None:
    """It wants the old one, and says why a new one will not do."""
    person = await hire(site, "owner")
    here, there = await signed_in(site, person), await signed_in(site, person)
    path = "/v1/me/password"
    new = "purple tractor on a hill"
    await site.refused(
        401, "password_wrong", "PUT", path, {"password": "no", "new_password": new}, session=here
    )
    for weak, code in (("short", "too_short"), ("aaaaaaaaaaaaaaa", "password_weak")):
        body = {"password": PASSWORD, "new_password": weak}
        problem = await site.refused(422, code, "PUT", path, body, session=here)
        assert problem["errors"][0]["path"] == "$.new_password"
    body = {"password": PASSWORD, "new_password": new}
    assert (await site.call("PUT", path, body, session=here)).status_code == 204
    await site.done("GET", "/v1/me", session=here)
    await site.refused(401, "unauthorized", "GET", "/v1/me", session=there)
    await signed_in(site, person, new)


async def test_a_key_is_no_person(site: Site) -> None:
    """Routes for people let no key in, whatever its scopes."""
    await site.refused(401, "session_needed", "GET", "/v1/me")


async def test_the_first_person_is_made_once(site: Site) -> None:
    """Of twenty with the right token at one moment one founds the installation; a wrong token never does."""
    assert await site.done("GET", "/v1/sign-in", session={}) == {"needs_setup": True}
    body = {"token": "x" * 43, "email": "first@shop.test", "name": "First", "password": PASSWORD}
    await site.refused(401, "setup_token_wrong", "POST", "/v1/setup", body, session={})
    body["token"] = setup_token(CODEBOOK)
    await site.refused(422, "too_short", "POST", "/v1/setup", {**body, "password": "short"}, session={})
    answers = await asyncio.gather(
        *(
            site.call("POST", "/v1/setup", {**body, "email": f"first-{n}@shop.test"}, session={})
            for n in range(20)
        )
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 19}
    [won] = [answer for answer in answers if answer.status_code == 201]
    me = await site.done("GET", "/v1/me", session=headers_of_cookie(won.headers["set-cookie"]))
    assert (me["role"], site.row.code in [place["code"] for place in me["workspaces"]]) == ("owner", True)
    await site.refused(409, "set_up_already", "POST", "/v1/setup", body, session={})
    assert await site.done("GET", "/v1/sign-in", session={}) == {"needs_setup": False}


async def test_nothing_that_opens_a_door_is_stored(site: Site) -> None:
    """The database holds hashes: neither the password nor the token of a session."""
    session = await signed_in(site, await hire(site, "owner"))
    token = session["cookie"].partition("=")[2]
    async with site.database.unbound() as conn:
        held = repr([list(row.values()) for row in await conn.fetch("select * from staff_sessions")])
        held += repr([list(row.values()) for row in await conn.fetch("select * from staff")])
    assert token not in held
    assert PASSWORD not in held
    assert "$argon2id$" in held
