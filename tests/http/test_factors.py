"""Second factors: codes that count once, codes for a lost app, and passkeys of a soft authenticator."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

import pyotp
import pytest

from perennial.flows.staff import guessing
from perennial.http.reference.staff_examples import PASSWORD
from tests.http.people import Hired, headers_of_cookie, hire, signed_in
from tests.http.site import Site
from tests.http.soft_authenticator import SoftAuthenticator

_ORIGIN = "http://localhost:8400"


async def _with_app(site: Site, role: str = "owner") -> tuple[Hired, pyotp.TOTP, list[str], dict[str, str]]:
    """Hire somebody who has an app with codes; its code of the last half minute is used already."""
    person = await hire(site, role)
    session = await signed_in(site, person)
    app = await site.done("POST", "/v1/me/totp", {"password": PASSWORD}, session=session)
    totp = pyotp.TOTP(app["secret"])
    assert app["uri"].startswith("otpauth://totp/Perennial:")
    code = totp.at(int(time.time()) - 30)
    codes = await site.done("POST", "/v1/me/totp/confirm", {"code": code}, session=session)
    return person, totp, codes["codes"], session


async def _ticket(site: Site, person: Hired) -> str:
    body = {"email": person.email, "password": PASSWORD}
    answer = await site.done("POST", "/v1/sign-in", body, session={})
    assert (answer["signed_in"], answer["factors"][:2]) == (False, ["totp", "recovery_code"])
    ticket: str = answer["ticket"]
    return ticket


async def test_a_code_of_the_app_counts_once_even_at_one_moment(site: Site) -> None:
    """Of ten who send the same code at once one is signed in, and the code is good for nobody later."""
    person, totp, _, _ = await _with_app(site)
    tickets = [await _ticket(site, person) for _ in range(9)]
    code = totp.now()
    answers = await asyncio.gather(
        *(
            site.call("POST", "/v1/sign-in/code", {"ticket": ticket, "code": code}, session={})
            for ticket in tickets
        )
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 401: 8}
    [won] = [answer for answer in answers if answer.status_code == 201]
    me = await site.done("GET", "/v1/me", session=headers_of_cookie(won.headers["set-cookie"]))
    assert (me["strong"], me["factors"]) == (True, ["totp", "recovery_code"])
    body = {"ticket": await _ticket(site, person), "code": code}
    await site.refused(401, "code_wrong", "POST", "/v1/sign-in/code", body, session={})


async def test_a_ticket_opens_one_session(site: Site) -> None:
    """What the password began is ended once, and a ticket that nobody gave out opens nothing."""
    person, _, codes, _ = await _with_app(site)
    ticket = await _ticket(site, person)
    path = "/v1/sign-in/code"
    await site.done("POST", path, {"ticket": ticket, "code": codes[0]}, session={})
    body = {"ticket": ticket, "code": codes[1]}
    await site.refused(401, "ticket_unknown", "POST", path, body, session={})
    body = {"ticket": "x" * 43, "code": codes[1]}
    await site.refused(401, "ticket_unknown", "POST", path, body, session={})


async def test_codes_are_guessed_ten_times(site: Site) -> None:
    """Then there is a pause, for the right code too."""
    person, totp, _, _ = await _with_app(site)
    ticket = await _ticket(site, person)
    wrong = "000000" if totp.now() != "000000" else "111111"
    answers = [
        await site.call("POST", "/v1/sign-in/code", {"ticket": ticket, "code": wrong}, session={})
        for _ in range(12)
    ]
    assert Counter(answer.status_code for answer in answers) == {401: 10, 429: 2}


async def test_a_recovery_code_counts_once(site: Site) -> None:
    """However it is written; and the database holds none of them."""
    person, _, codes, session = await _with_app(site)
    assert len(set(codes)) == 10
    typed = codes[3].upper().replace("-", " ")
    body = {"ticket": await _ticket(site, person), "code": typed}
    await site.done("POST", "/v1/sign-in/code", body, session={})
    body = {"ticket": await _ticket(site, person), "code": codes[3]}
    await site.refused(401, "code_wrong", "POST", "/v1/sign-in/code", body, session={})
    factors = await site.done("GET", "/v1/me/factors", session=session)
    assert (factors["totp"], factors["recovery_codes"]) == (True, 9)


async def test_the_secret_of_an_app_is_sealed(site: Site) -> None:
    """A copy of the database makes no codes."""
    _, totp, codes, _ = await _with_app(site)
    async with site.database.unbound() as conn:
        held = repr([list(row.values()) for row in await conn.fetch("select * from staff")])
        held += repr([list(row.values()) for row in await conn.fetch("select * from staff_recovery_codes")])
    assert totp.secret not in held
    assert not any(code.replace("-", "") in held or code in held for code in codes)


async def test_an_app_is_changed_with_the_password_only(site: Site) -> None:
    """A session that was left open neither adds nor removes one."""
    person, totp, _, session = await _with_app(site)
    for path in ("/v1/me/totp", "/v1/me/totp/remove", "/v1/me/passkeys/begin"):
        await site.refused(401, "password_wrong", "POST", path, {"password": "no"}, session=session)
        await site.refused(401, "password_wrong", "POST", path, {}, session=session)
    body = {"password": PASSWORD}
    await site.refused(409, "totp_is_on", "POST", "/v1/me/totp", body, session=session)
    assert not (await site.done("POST", "/v1/me/totp/remove", body, session=session))["totp"]
    await signed_in(site, person)
    assert totp.secret


async def test_who_demands_a_second_factor_gets_it(site: Site) -> None:
    """A session with a password alone can do nothing but add one; the demand counts from the next call."""
    _, _, _, strong = await _with_app(site)
    weak = await signed_in(site, await hire(site, "marketer"))
    rules = {"second_factor": True, "two_to_publish": False}
    await site.done("GET", "/v1/programs", session=weak)
    lone = await signed_in(site, await hire(site, "owner"))
    await site.refused(409, "second_factor_needed", "PUT", "/v1/staff-rules", rules, session=lone)
    await site.done("PUT", "/v1/staff-rules", rules, session=strong)
    for method, path in (("GET", "/v1/programs"), ("PUT", "/v1/orders/o")):
        await site.refused(403, "second_factor_needed", method, path, {}, session=weak)
    assert (await site.done("GET", "/v1/me", session=weak))["second_factor_needed"] is True
    await site.done("GET", "/v1/programs", session=strong)
    app = await site.done("POST", "/v1/me/totp", {"password": PASSWORD}, session=weak)
    code = pyotp.TOTP(app["secret"]).now()
    await site.done("POST", "/v1/me/totp/confirm", {"code": code}, session=weak)
    await site.done("GET", "/v1/programs", session=weak)


async def _with_passkey(site: Site) -> tuple[Hired, SoftAuthenticator, dict[str, str]]:
    person = await hire(site, "owner")
    session = await signed_in(site, person)
    device = SoftAuthenticator(_ORIGIN, "localhost")
    await _add(site, session, device)
    return person, device, session


async def _add(site: Site, session: dict[str, str], device: SoftAuthenticator) -> Any:
    asked = await site.done("POST", "/v1/me/passkeys/begin", {"password": PASSWORD}, session=session)
    body = {"ticket": asked["ticket"], "name": "Laptop", "credential": device.create(asked["options"])}
    return await site.done("POST", "/v1/me/passkeys", body, session=session)


async def test_a_passkey_signs_in_by_itself(site: Site) -> None:
    """No address is asked for, and the session counts as one of two factors."""
    person, device, _ = await _with_passkey(site)
    asked = await site.done("POST", "/v1/sign-in/passkey/begin", session={})
    assert "allowCredentials" not in asked["options"] or asked["options"]["allowCredentials"] == []
    body = {"ticket": asked["ticket"], "credential": device.get(asked["options"])}
    answer = await site.call("POST", "/v1/sign-in/passkey", body, session={})
    assert answer.status_code == 201, answer.text
    me = await site.done("GET", "/v1/me", session=headers_of_cookie(answer.headers["set-cookie"]))
    assert (me["email"], me["strong"]) == (person.email, True)
    await site.refused(401, "ticket_unknown", "POST", "/v1/sign-in/passkey", body, session={})


@pytest.mark.parametrize("fault", ["origin", "host", "unverified", "copy", "question", "stranger"])
async def test_a_wrong_answer_of_a_passkey_opens_nothing(site: Site, fault: str) -> None:
    """From another page, of another host, without its person, of a copy, to another question, unknown."""
    _, device, _ = await _with_passkey(site)
    asked = await site.done("POST", "/v1/sign-in/passkey/begin", session={})
    if fault == "origin":
        device.origin = "https://evil.test"
    elif fault == "host":
        device.host = "evil.test"
    elif fault == "unverified":
        device.verifies = False
    elif fault == "stranger":
        device = SoftAuthenticator(_ORIGIN, "localhost")
    credential = device.get(asked["options"])
    if fault == "question":
        asked = await site.done("POST", "/v1/sign-in/passkey/begin", session={})
    if fault == "copy":
        body = {"ticket": asked["ticket"], "credential": credential}
        await site.done("POST", "/v1/sign-in/passkey", body, session={})
        device.count = 0  # a copy that was made before
        asked = await site.done("POST", "/v1/sign-in/passkey/begin", session={})
        credential = device.get(asked["options"])
    body = {"ticket": asked["ticket"], "credential": credential}
    await site.refused(401, "passkey_wrong", "POST", "/v1/sign-in/passkey", body, session={})


async def test_passkeys_are_listed_and_taken_away(site: Site) -> None:
    """Nobody takes another's; what is away opens nothing; the same device is not added twice."""
    _, device, session = await _with_passkey(site)
    other = await signed_in(site, await hire(site, "owner"))
    [kept] = (await site.done("GET", "/v1/me/factors", session=session))["passkeys"]
    assert kept["name"] == "Laptop"
    path = f"/v1/me/passkeys/{kept['id']}"
    await site.refused(404, "passkey_unknown", "DELETE", path, session=other)
    asked = await site.done("POST", "/v1/me/passkeys/begin", {"password": PASSWORD}, session=session)
    body = {"ticket": asked["ticket"], "name": "Again", "credential": device.create(asked["options"])}
    await site.refused(409, "passkey_known", "POST", "/v1/me/passkeys", body, session=session)
    assert (await site.call("DELETE", path, session=session)).status_code == 204
    asked = await site.done("POST", "/v1/sign-in/passkey/begin", session={})
    body = {"ticket": asked["ticket"], "credential": device.get(asked["options"])}
    await site.refused(401, "passkey_wrong", "POST", "/v1/sign-in/passkey", body, session={})


async def test_a_passkey_that_is_no_passkey_is_refused(site: Site) -> None:
    """Whatever the browser sends, it is a 422, and the ticket is used up."""
    session = await signed_in(site, await hire(site, "owner"))
    for credential in ({}, {"id": "AQID", "rawId": "AQID", "type": "public-key", "response": {}}):
        asked = await site.done("POST", "/v1/me/passkeys/begin", {"password": PASSWORD}, session=session)
        body = {"ticket": asked["ticket"], "name": "x", "credential": credential}
        await site.refused(422, "passkey_invalid", "POST", "/v1/me/passkeys", body, session=session)


async def _answer(site: Site, device: SoftAuthenticator, *, wrong: bool) -> int:
    """Ask for a passkey and answer; return the status."""
    asked = await site.done("POST", "/v1/sign-in/passkey/begin", session={})
    options = asked["options"] | ({"challenge": "AQIDBA"} if wrong else {})
    body = {"ticket": asked["ticket"], "credential": device.get(options)}
    return (await site.call("POST", "/v1/sign-in/passkey", body, session={})).status_code


async def _says_the_password(site: Site, person: Hired) -> None:
    """Say the right password, after which the passkey is asked for as the second factor."""
    body = {"email": person.email, "password": PASSWORD}
    assert (await site.done("POST", "/v1/sign-in", body, session={}))["factors"] == ["passkey"]


async def test_wrong_passkeys_keep_nobody_else_out(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounded for the person that is meant, also at the same moment; others and the password go on."""
    span = 10**7
    monkeypatch.setattr(guessing, "_span", lambda: span)
    person, device, _ = await _with_passkey(site)
    _, other, _ = await _with_passkey(site)
    answers = await asyncio.gather(*(_answer(site, device, wrong=True) for _ in range(16)))
    assert Counter(answers) == {401: 10, 429: 6}
    assert await _answer(site, device, wrong=False) == 429
    assert await _answer(site, other, wrong=False) == 201
    await _says_the_password(site, person)
    # Those of nobody count for their place alone, for nobody's name and no other place.
    monkeypatch.setattr(guessing, "PLACE", 10 + 5)
    strangers = [SoftAuthenticator(_ORIGIN, "localhost") for _ in range(7)]
    answers = await asyncio.gather(*(_answer(site, each, wrong=False) for each in strangers))
    assert Counter(answers) == {401: 5, 429: 2}
    async with guessing.guessing(site.database, None, "198.51.100.7"):
        pass
    span += 1
    assert await _answer(site, device, wrong=False) == 201


async def test_passkeys_are_not_asked_for_without_end(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Per place, and only what lets nobody in, also at the same moment; passwords go on."""
    monkeypatch.setattr(guessing, "ASKED", 3)
    span = 10**7 + 10
    monkeypatch.setattr(guessing, "_span", lambda: span)
    person, device, _ = await _with_passkey(site)
    for _ in range(4):
        assert await _answer(site, device, wrong=False) == 201
    path = "/v1/sign-in/passkey/begin"
    answers = await asyncio.gather(*(site.call("POST", path, session={}) for _ in range(9)))
    assert Counter(answer.status_code for answer in answers) == {200: 3, 429: 6}
    await _says_the_password(site, person)
    span += 1
    assert await _answer(site, device, wrong=False) == 201
