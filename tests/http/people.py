"""People of the staff, hired and signed in."""

from __future__ import annotations

import itertools
from typing import NamedTuple
from uuid import UUID

from perennial.flows.ids import Ids
from perennial.flows.staff.sessions import now_of
from perennial.http.reference.staff_examples import PASSWORD
from perennial.store.staff.staff import StaffRow, grant_role, insert_staff
from tests.http.site import Site

_numbers = itertools.count(1)


class Hired(NamedTuple):
    """A person with a role in the workspace of a site."""

    staff_id: UUID
    email: str


async def hire(site: Site, role: str, workspace_id: int | None = None) -> Hired:
    """Give somebody new a role, with the password of the examples."""
    email = f"{role}-{next(_numbers)}@shop.test"
    staff = StaffRow(
        staff_id=Ids().next(),
        email=email,
        name=role.capitalize(),
        created_at=now_of(),
        password_hash=await site.app.door.desk.passwords.hash(PASSWORD),
    )
    place = site.row.workspace_id if workspace_id is None else workspace_id
    async with site.database.transaction(place) as conn:
        await insert_staff(conn, staff)
        await grant_role(conn, place, staff.staff_id, role, staff.created_at, "test")
    return Hired(staff.staff_id, email)


async def signed_in(site: Site, person: Hired, password: str = PASSWORD) -> dict[str, str]:
    """Sign in and return the headers with which the person calls."""
    response = await site.call(
        "POST", "/v1/sign-in", {"email": person.email, "password": password}, session={}
    )
    assert response.status_code == 201, response.text
    return headers_of_cookie(response.headers["set-cookie"])


def headers_of_cookie(set_cookie: str) -> dict[str, str]:
    """Return what a browser with this cookie sends from our own pages."""
    return {"cookie": set_cookie.partition(";")[0], "x-perennial-csrf": "1"}
