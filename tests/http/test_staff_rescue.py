"""Who is locked out gets in again by the machine's operator; who should be out is out at once."""

from __future__ import annotations

import pytest

from perennial.flows.problems import ProblemError
from perennial.flows.staff.rescue import everybody, forget_factors, give_password, invite_here, sign_out
from perennial.http.reference.staff_examples import PASSWORD
from perennial.store.staff.factors import confirm_totp, keep_totp, replace_recovery_codes
from tests.codebook import CODEBOOK
from tests.http.people import headers_of_cookie, hire, signed_in
from tests.http.site import Site

_NEW = "a lamp on every hill"


async def test_a_locked_out_owner_gets_in(site: Site) -> None:
    """A new password works and the old one does not; sessions end; then the password is enough."""
    person = await hire(site, "owner")
    session = await signed_in(site, person)
    async with site.database.unbound() as conn:
        await keep_totp(conn, person.staff_id, CODEBOOK.seal(0, "JBSWY3DPEHPK3PXP"))
        await confirm_totp(conn, person.staff_id, 1)
        await replace_recovery_codes(conn, person.staff_id, [b"x"])
    with pytest.raises(ProblemError, match="12 characters"):
        await give_password(site.database, person.email, "short", "cli root")
    await give_password(site.database, person.email.upper(), _NEW, "cli root")
    await site.refused(401, "unauthorized", "GET", "/v1/me", session=session)
    wrong = {"email": person.email, "password": PASSWORD}
    await site.refused(401, "sign_in_wrong", "POST", "/v1/sign-in", wrong, session={})
    right = {"email": person.email, "password": _NEW}
    halfway = await site.done("POST", "/v1/sign-in", right, session={})
    assert halfway["factors"] == ["totp", "recovery_code"]
    await forget_factors(site.database, person.email, "cli root")
    session = await signed_in(site, person, _NEW)
    await sign_out(site.database, person.email, "cli root")
    await site.refused(401, "unauthorized", "GET", "/v1/me", session=session)
    log = await site.done("GET", "/v1/audit?actor=cli%20root")
    assert [each["action"] for each in log["data"]] == [
        "staff.signed_out",
        "staff.factors_reset",
        "staff.password_reset",
    ]
    assert all(each["object"] == f"staff/{person.staff_id}" for each in log["data"])
    with pytest.raises(ProblemError, match="Nobody here"):
        await sign_out(site.database, "nobody@shop.test", "cli root")


async def test_an_owner_is_added(site: Site) -> None:
    """By a link that is good once, to any role that there is."""
    async with site.database.unbound() as conn:
        await conn.execute("insert into staff_founding (founded_at) values (now()) on conflict do nothing")
    with pytest.raises(ProblemError, match="no role"):
        await invite_here(site.database, site.row.code, "new@shop.test", "king", "cli root")
    for no_address in ("anna", "anna@", "@shop.test", "an na@shop.test", "a@b@c", "a@" + "b" * 253):
        with pytest.raises(ProblemError, match="no e-mail address") as raised:
            await invite_here(site.database, site.row.code, no_address, "owner", "cli root")
        assert no_address in raised.value.problem.detail
    token = await invite_here(site.database, site.row.code, "New@shop.test", "owner", "cli root")
    body = {"token": token, "name": "New", "password": _NEW}
    answer = await site.call("POST", "/v1/invitations/accept", body, session={})
    me = await site.done("GET", "/v1/me", session=headers_of_cookie(answer.headers["set-cookie"]))
    assert (me["email"], me["role"], me["workspace"]) == ("new@shop.test", "owner", site.row.code)
    await site.refused(404, "invitation_unknown", "POST", "/v1/invitations/accept", body, session={})
    here = [each.row.email for each in await everybody(site.database) if each.workspace == site.row.code]
    assert "new@shop.test" in here
