"""Single sign-on against a provider that runs beside the test: who gets in, and attacks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from perennial.config import OidcSettings, RoleOfGroup
from perennial.connectors.openid import Provider
from perennial.flows.staff import guessing
from perennial.flows.staff.sessions import SECOND, now_of
from perennial.flows.staff.sign_in import Caller
from perennial.flows.staff.single_sign_on import begin_single_sign_on
from perennial.http.door.door import Address
from perennial.http.reference.staff_examples import PASSWORD
from perennial.store.staff.factors import confirm_totp, keep_totp
from tests.codebook import CODEBOOK
from tests.http.people import headers_of_cookie, hire, signed_in
from tests.http.provider import (
    CLIENT,
    OTHER_KEY,
    SECRET,
    Claims,
    SmallProvider,
    signed_with_public_key,
    small_provider,
    unsigned,
)
from tests.http.site import Site

_BACK = "/v1/sign-in/callback"


@pytest.fixture
def there(site: Site) -> Iterator[SmallProvider]:
    """A provider by which the site signs people in."""
    with small_provider() as provider:
        use(site, provider)
        yield provider
        site.app.door.provider = None


def use(site: Site, there: SmallProvider, **settings: Any) -> Provider:
    """Let the site use the provider with these settings."""
    given = {"issuer": there.issuer, "client_id": CLIENT, "client_secret": SECRET, "name": "Firm", **settings}
    site.app.door.provider = Provider(OidcSettings(**given))
    return site.app.door.provider


async def begin(site: Site, *more: str) -> tuple[str, str]:
    """Begin a sign-in; return the provider's address and the browser's cookie, which has ``more`` marks."""
    response = await site.call("POST", "/v1/sign-in/single", session={})
    assert response.status_code == 200, response.text
    cookie = response.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600", *more} <= set(cookie.split("; "))
    return response.json()["address"], cookie.partition(";")[0]


async def begin_refused(site: Site, status: int, code: str) -> None:
    """Try to begin a sign-in, and demand this problem."""
    await site.refused(status, code, "POST", "/v1/sign-in/single", session={})


async def come_back(site: Site, returned: dict[str, str], cookie: str) -> tuple[str, dict[str, str] | None]:
    """Come back from the provider; return where the console is then, and the session that was begun."""
    response = await site.call("GET", f"{_BACK}?{urlencode(returned)}", session={"cookie": cookie})
    assert response.status_code == 303, response.text
    begun = response.headers.get("set-cookie")
    return response.headers["location"], None if begun is None else headers_of_cookie(begun)


async def sign_in(
    site: Site, there: SmallProvider, person: Claims, **extra: str
) -> tuple[str, dict[str, str] | None]:
    """Sign a person in, the whole way."""
    address, cookie = await begin(site)
    return await come_back(site, there.approve(address, person) | extra, cookie)


def refused(code: str) -> tuple[str, None]:
    """Return how a refused sign-in ends."""
    return f"/console/sign-in?problem={code}", None


async def test_a_colleague_signs_in(site: Site, there: SmallProvider) -> None:
    """Linked by the verified address once; from then on by the subject, whatever the address is called."""
    person = await hire(site, "marketer")
    assert (await site.done("GET", "/v1/sign-in"))["single_sign_on"] == "Firm"
    place, session = await sign_in(site, there, {"email": person.email.upper()})
    assert (place, session is None) == ("/console/", False)
    me = await site.done("GET", "/v1/me", session=session)
    assert (me["email"], me["role"]) == (person.email, "marketer")
    place, session = await sign_in(site, there, {"email": "renamed@shop.test"})
    assert (await site.done("GET", "/v1/me", session=session))["email"] == person.email
    other = await sign_in(site, there, {"email": person.email, "sub": "subject-2"})
    assert other == refused("identity_taken")


async def test_keys_of_either_kind_that_change(site: Site, there: SmallProvider) -> None:
    """RSA and elliptic curves; a new key is asked for once it is met, and not for every made-up token."""
    person = await hire(site, "owner")
    provider = use(site, there)
    said = {"email": person.email}
    assert (await sign_in(site, there, said))[0] == "/console/"
    there.rotate(ECKey.generate_key("P-256", {"kid": "two"}))
    assert await sign_in(site, there, said) == refused("provider_refused")
    provider.clock = lambda: time.time() + 61
    assert (await sign_in(site, there, said))[0] == "/console/"
    there.key = OTHER_KEY
    for _ in range(3):
        assert await sign_in(site, there, said) == refused("provider_refused")
    assert there.asked.count("/keys") == 2
    assert there.asked.count("/.well-known/openid-configuration") == 1


def _lies() -> dict[str, Any]:
    now = int(time.time())
    return {
        "another nonce": {"nonce": "of another sign-in"},
        "no nonce": {"nonce": None},
        "another audience": {"aud": "another"},
        "many audiences without a party": {"aud": [CLIENT, "another"]},
        "made for another party": {"aud": [CLIENT, "another"], "azp": "another"},
        "another issuer": {"iss": "https://evil.test"},
        "expired": {"exp": now - 61},
        "without an end": {"exp": None},
        "an end in words": {"exp": "tomorrow"},
        "of tomorrow": {"iat": now + 120},
        "of yesterday": {"iat": now - 86_400},
        "not yet": {"nbf": now + 120},
        "without a subject": {"sub": ""},
        "without a signature": unsigned,
        "signed by a stranger": lambda claims: jwt.encode(
            {"alg": "RS256", "kid": "one"}, claims, OTHER_KEY, algorithms=["RS256"]
        ),
        "signed with the public key": signed_with_public_key,
        "signed with our secret": lambda claims: jwt.encode(
            {"alg": "HS256"}, claims, OctKey.import_key(SECRET), algorithms=["HS256"]
        ),
        "no token": lambda _: "a.b",
    }


async def test_tokens_that_do_not_hold(site: Site, there: SmallProvider) -> None:
    """Each is refused, and says the same; within the skew of clocks a token holds."""
    person = await hire(site, "owner")
    said = {"email": person.email}
    for name, lie in _lies().items():
        if callable(lie):
            there.sign = lie
        else:
            there.lie = partial(_changed, lie)
        assert await sign_in(site, there, said) == refused("provider_refused"), name
        there.sign, there.lie = there.signed, partial(_changed, {})
    now = int(time.time())
    assert (await sign_in(site, there, said | {"exp": now - 30, "iat": now + 30}))[0] == "/console/"


def _changed(lie: Claims, claims: Claims) -> Claims:
    return {key: value for key, value in (claims | lie).items() if value is not None}


async def test_the_way_back_is_of_one_browser_and_good_once(site: Site, there: SmallProvider) -> None:
    """A state that was used, or made up, or of another browser, lets nobody in; nor does another issuer."""
    person = await hire(site, "owner")
    said = {"email": person.email}
    address, cookie = await begin(site)
    returned = there.approve(address, said)
    assert (await come_back(site, returned, cookie))[0] == "/console/"
    assert await come_back(site, returned, cookie) == refused("ticket_unknown")
    assert await come_back(site, {"code": "c", "state": "made-up"}, cookie) == refused("ticket_unknown")
    address, _ = await begin(site)
    assert await come_back(site, there.approve(address, said), cookie) == refused("another_browser")
    address, _ = await begin(site)
    assert await come_back(site, there.approve(address, said), "") == refused("another_browser")
    assert await sign_in(site, there, said, iss="https://evil.test") == refused("provider_refused")
    assert (await sign_in(site, there, said, iss=there.issuer, session_state="x"))[0] == "/console/"
    assert await come_back(site, {"error": "access_denied"}, cookie) == refused("provider_refused")
    address, cookie = await begin(site)
    used = there.approve(address, said)
    there.codes.clear()
    assert await come_back(site, used, cookie) == refused("provider_refused")


@pytest.mark.parametrize(
    "beside",
    ['a={"x":1}', "prefs=a b", "foo", "k=\u00e9", "a@b=2", "perennial_sign_in=", "perennial_sign_in=\u00e9"],
)
async def test_cookies_of_others_hide_none_of_ours(site: Site, there: SmallProvider, beside: str) -> None:
    """A browser sends whatever any page of the host has set, before ours and after it."""
    person = await hire(site, "owner")
    for cookies in ("{beside}; {ours}", "{ours}; {beside}"):
        address, ours = await begin(site)
        returned = there.approve(address, {"email": person.email})
        place, session = await come_back(site, returned, cookies.format(beside=beside, ours=ours))
        assert (place, session is None) == ("/console/", False)
        assert session is not None
        session["cookie"] = cookies.format(beside=beside, ours=session["cookie"])
        assert (await site.done("GET", "/v1/me", session=session))["email"] == person.email


async def test_nobody_is_sent_elsewhere(site: Site, there: SmallProvider) -> None:
    """Whatever is added to the address, the way back ends at our console; other sites cannot begin."""
    person = await hire(site, "owner")
    extra = {"next": "//evil.test", "redirect_uri": "https://evil.test", "return_to": "https://evil.test"}
    place, session = await sign_in(site, there, {"email": person.email}, **extra)
    assert (place, session is None) == ("/console/", False)
    headers = {"host": "evil.test", "x-forwarded-host": "evil.test"}
    response = await site.call("POST", "/v1/sign-in/single", session=headers)
    assert "evil" not in response.json()["address"]
    assert urlsplit(response.json()["address"]).netloc == urlsplit(there.issuer).netloc
    forged = {"origin": "https://evil.test"}
    await site.refused(403, "another_site", "POST", "/v1/sign-in/single", session=forged)


async def test_only_verified_addresses_of_our_domains(site: Site, there: SmallProvider) -> None:
    """An address that anybody may have typed in there links nobody; nor does one of another firm."""
    person = await hire(site, "owner")
    for verified in (False, None, "true", 1):
        said = {"email": person.email, "email_verified": verified}
        assert await sign_in(site, there, said) == refused("address_unverified")
    assert await sign_in(site, there, {"email": "nobody@shop.test"}) == refused("not_admitted")
    use(site, there, domains=("firm.test",))
    assert await sign_in(site, there, {"email": person.email}) == refused("domain_not_admitted")
    assert await sign_in(site, there, {"email": "a@evil.test@firm.test.evil.test"}) == refused(
        "domain_not_admitted"
    )
    async with site.database.unbound() as conn:
        await conn.execute("update staff set disabled_at = now() where staff_id = $1", person.staff_id)
    use(site, there)
    assert await sign_in(site, there, {"email": person.email}) == refused("not_admitted")


async def test_groups_give_roles(site: Site, there: SmallProvider) -> None:
    """Who is new gets an account where a group says so; what a group gave goes with it."""
    code = site.row.code
    use(site, there, roles=(RoleOfGroup(code, "owner", "heads"), RoleOfGroup(code, "marketer", "market")))
    await hire(site, "owner")
    said = {"email": "new@shop.test", "name": "New\u0000 One", "groups": ["market", "other"]}
    place, session = await sign_in(site, there, said)
    me = await site.done("GET", "/v1/me", session=session)
    assert (place, me["role"], me["name"]) == ("/console/", "marketer", "New One")
    place, session = await sign_in(site, there, said | {"groups": ["market", "heads"]})
    assert (await site.done("GET", "/v1/me", session=session))["role"] == "owner"
    assert await sign_in(site, there, said | {"groups": []}) == refused("no_workspace")
    given = await hire(site, "analyst")
    place, session = await sign_in(site, there, {"email": given.email, "sub": "by hand"})
    assert (await site.done("GET", "/v1/me", session=session))["role"] == "analyst"
    log = (await site.done("GET", "/v1/audit?actor=single%20sign-on"))["data"]
    assert [each["action"] for each in log] == ["staff.dismissed", "staff.role_changed", "staff.joined"]


async def test_a_group_counts_more_than_a_colleague(site: Site, there: SmallProvider) -> None:
    """The role of the group takes the place of the one given by hand, and then goes with the group."""
    use(site, there, roles=(RoleOfGroup(site.row.code, "marketer", "market"),))
    await hire(site, "owner")
    person = await hire(site, "analyst")
    said = {"email": person.email, "groups": ["market"]}
    _, session = await sign_in(site, there, said)
    assert (await site.done("GET", "/v1/me", session=session))["role"] == "marketer"
    assert await sign_in(site, there, said | {"groups": []}) == refused("no_workspace")
    log = (await site.done("GET", "/v1/audit?actor=single%20sign-on"))["data"]
    assert [(each["action"], each.get("before"), each.get("after")) for each in log] == [
        ("staff.dismissed", {"email": person.email, "role": "marketer"}, None),
        (
            "staff.role_changed",
            {"email": person.email, "role": "analyst"},
            {"email": person.email, "role": "marketer"},
        ),
    ]


@pytest.mark.parametrize("groups", [[], ["market"]], ids=["no group", "a lesser group"])
@pytest.mark.parametrize("others", [0, 1], ids=["the last owner", "control: one of two"])
async def test_the_last_owner_stays_one(
    site: Site, there: SmallProvider, groups: list[str], others: int
) -> None:
    """Whatever the groups say; where there is another owner, they are believed."""
    code = site.row.code
    use(site, there, roles=(RoleOfGroup(code, "owner", "heads"), RoleOfGroup(code, "marketer", "market")))
    said = {"email": f"head-of-{code}@shop.test"}
    _, session = await sign_in(site, there, said | {"groups": ["heads"]})
    assert (await site.done("GET", "/v1/me", session=session))["role"] == "owner"
    for _ in range(others):
        await hire(site, "owner")
    place, session = await sign_in(site, there, said | {"groups": groups})
    if others and not groups:
        assert (place, session) == refused("no_workspace")
    else:
        role = (await site.done("GET", "/v1/me", session=session))["role"]
        assert role == ("marketer" if others else "owner")


async def test_cookies_are_of_our_host_alone_where_there_is_tls(
    site: Site, there: SmallProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over https both have the prefix that browsers refuse from other hosts, and none counts without it."""
    monkeypatch.setattr(site.app.door, "address", Address("https://shop.test"))
    person = await hire(site, "owner")
    said = {"email": person.email}
    address, cookie = await begin(site, "Secure")
    assert cookie.startswith("__Host-perennial_sign_in=")
    bare = cookie.removeprefix("__Host-")
    assert await come_back(site, there.approve(address, said), bare) == refused("another_browser")
    address, cookie = await begin(site, "Secure")
    query = urlencode(there.approve(address, said))
    response = await site.call("GET", f"{_BACK}?{query}", session={"cookie": cookie})
    begun = response.headers["set-cookie"]
    assert begun.startswith("__Host-perennial_session=")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=Strict"} <= set(begun.split("; "))
    session = headers_of_cookie(begun)
    assert (await site.done("GET", "/v1/me", session=session))["email"] == person.email
    session["cookie"] = session["cookie"].removeprefix("__Host-")
    await site.refused(401, "session_needed", "GET", "/v1/me", session=session)


async def test_a_second_factor_of_the_provider_counts(site: Site, there: SmallProvider) -> None:
    """Where the workspace demands two, one is held back who showed the provider but one."""
    person = await hire(site, "owner")
    async with site.database.transaction(site.row.workspace_id) as conn:
        await conn.execute("insert into staff_rules values ($1, true, false, null)", site.row.workspace_id)
    _, session = await sign_in(site, there, {"email": person.email, "amr": ["pwd"]})
    await site.refused(403, "second_factor_needed", "GET", "/v1/programs", session=session)
    _, session = await sign_in(site, there, {"email": person.email, "amr": ["pwd", "mfa"]})
    await site.done("GET", "/v1/programs", session=session)


async def test_an_app_is_asked_for_by_the_password_alone(site: Site, there: SmallProvider) -> None:
    """Where no workspace demands two factors, asking for a second one is the provider's part."""
    person = await hire(site, "owner")
    async with site.database.unbound() as conn:
        await keep_totp(conn, person.staff_id, CODEBOOK.seal(0, "JBSWY3DPEHPK3PXP"))
        await confirm_totp(conn, person.staff_id, 1)
    body = {"email": person.email, "password": PASSWORD}
    assert "totp" in (await site.done("POST", "/v1/sign-in", body, session={}))["factors"]
    _, session = await sign_in(site, there, {"email": person.email})
    await site.done("GET", "/v1/programs", session=session)


async def test_a_provider_that_is_away_or_somebody_else(site: Site, there: SmallProvider) -> None:
    """Nobody is sent to a provider that says it is another; without one there is no such way."""
    there.says_it_is = "https://evil.test"
    use(site, there)
    await begin_refused(site, 503, "provider_unavailable")
    there.says_it_is = there.issuer
    for unsafe in (
        "https://[x",
        "https://shop.test:99999",
        "http://shop.test/token",
        "ftp://localhost/token",
    ):
        there.token_endpoint = unsafe
        use(site, there)
        await begin_refused(site, 503, "provider_unavailable")
    use(site, there, issuer="http://127.0.0.1:9")
    await begin_refused(site, 503, "provider_unavailable")
    site.app.door.provider = None
    await begin_refused(site, 404, "no_provider")
    assert "single_sign_on" not in await site.done("GET", "/v1/sign-in")


async def test_what_is_begun_is_bounded_and_does_not_stay(
    site: Site, there: SmallProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Per place, and only what lets nobody in; passwords go on; what is over goes as others begin."""
    monkeypatch.setattr(guessing, "BEGUN", 3)
    moment = now_of() + 7 * 86_400 * SECOND
    monkeypatch.setattr(guessing, "now_of", lambda: moment)
    person = await hire(site, "owner")
    for _ in range(4):
        assert (await sign_in(site, there, {"email": person.email}))[0] == "/console/"
    stranger = {"email": "nobody@shop.test", "sub": "subject-2"}
    for _ in range(3):
        assert await sign_in(site, there, stranger) == refused("not_admitted")
    await begin_refused(site, 429, "too_many_tries")
    await signed_in(site, person)
    elsewhere = Caller(place="198.51.100.7", agent="")
    await begin_single_sign_on(site.app.door.desk, use(site, there), "https://shop.test/back", elsewhere)
    moment += 2 * guessing.SPAN_SECONDS * SECOND
    await begin(site)
    async with site.database.unbound() as conn:
        steps = await conn.fetchval("select count(*) from sign_in_steps where kind = 'single sign-on'")
        tries = await conn.fetchval("select count(distinct span) from sign_in_tries")
    assert (steps, tries) == (1, 1)


async def test_a_provider_that_is_away_leaves_nothing(site: Site, there: SmallProvider) -> None:
    """No row is written for a sign-in that cannot begin, and nothing is counted."""
    async with site.database.unbound() as conn:
        await conn.execute("delete from sign_in_steps")
        await conn.execute("delete from sign_in_tries")
        there.broken["/.well-known/openid-configuration"] = b""
        await begin_refused(site, 503, "provider_unavailable")
        assert await conn.fetchval("select count(*) from sign_in_steps") == 0
        assert await conn.fetchval("select count(*) from sign_in_tries") == 0


_OK = b"HTTP/1.0 200 OK\r\n\r\n"


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/keys"])
@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"good morning\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{",
        b"HTTP/1.0 302 Found\r\nlocation: http://evil.test/\r\n\r\n",
        _OK + b"[]",
        _OK + b'{"keys": null}',
        _OK + b'{"issuer": "\xff", "id_token": "\xff", "keys": "\xff"}',
        _OK + b'{"deep": ' + b"[" * 100_000,
        _OK + b" " * 300_000,
    ],
    ids=["nothing", "no HTTP", "half", "elsewhere", "list", "null", "no text", "deep", "much"],
)
async def test_a_provider_that_talks_nonsense(
    site: Site, there: SmallProvider, path: str, said: bytes
) -> None:
    """Whatever comes instead of an answer is a provider that does not answer, and never a fault of ours."""
    person = await hire(site, "owner")
    there.broken[path] = said
    if path.startswith("/."):
        await begin_refused(site, 503, "provider_unavailable")
    else:
        assert await sign_in(site, there, {"email": person.email}) == refused("provider_refused")
    assert path in there.asked
