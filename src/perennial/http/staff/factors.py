"""Second factors over HTTP: an app with codes, recovery codes, passkeys; and signing in with a passkey."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, delete, get, post

from perennial.flows.staff.account import account_of, prove
from perennial.flows.staff.passkeys import (
    Asked,
    Site,
    ask_for_passkey,
    begin_passkey,
    finish_passkey,
    passkeys_of,
    remove_passkey,
    sign_in_with_passkey,
    text_of,
)
from perennial.flows.staff.second_factors import begin_totp, finish_totp, recovery_codes_left, remove_totp
from perennial.http.door.door import Door
from perennial.http.door.operation import ExternalId, admitted, body_of, operation, written
from perennial.http.door.paths import plain_segment
from perennial.http.door.sessions import person_of
from perennial.http.staff.requests import AppCodeBody, NewPasskeyBody, PasskeyBody, ProofBody
from perennial.http.staff.sign_in import SignedIn, caller_of, opened, own_page
from perennial.store.staff.factors import PasskeyRow
from perennial.units import format_instant


class AppView(msgspec.Struct, frozen=True):
    """The secret for an app, as text and as what its camera reads. Shown this once."""

    secret: str
    uri: str


class RecoveryCodes(msgspec.Struct, frozen=True):
    """Codes for when the app is lost, each good once. Shown this once."""

    codes: tuple[str, ...]


class PasskeyQuestion(msgspec.Struct, frozen=True):
    """What the browser's `navigator.credentials` is called with, and the ticket for its answer."""

    ticket: str
    options: dict[str, Any]


class PasskeyView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A passkey of the person."""

    id: str
    name: str
    created_at: str
    used_at: str | None = None


class FactorsView(msgspec.Struct, frozen=True):
    """The second factors of a person: whether an app counts, codes left for when it is lost, passkeys."""

    totp: bool
    recovery_codes: int
    passkeys: tuple[PasskeyView, ...]


def _site(door: Door) -> Site:
    return Site(door.address.host, door.address.origin)


def _question(asked: Asked) -> Response[Any]:
    return written(PasskeyQuestion(asked.ticket, msgspec.json.decode(asked.options)))


def _view(row: PasskeyRow) -> PasskeyView:
    return PasskeyView(
        id=text_of(row.credential_id),
        name=row.name,
        created_at=format_instant(row.created_at),
        used_at=None if row.used_at is None else format_instant(row.used_at),
    )


@get(
    "/v1/me/factors",
    **operation(
        "factors_get",
        "Sign-in",
        "Read the own second factors",
        needs=None,
        staff=True,
        gives={200: FactorsView},
    ),
)
async def factors_get(request: Request[Any, Any, Any]) -> Response[Any]:
    """Whether an app with codes counts, how many recovery codes are left, and the passkeys."""
    door, caller = admitted(request)
    account = await account_of(door.database, person_of(caller))
    passkeys = await passkeys_of(door.database, account.staff_id)
    return written(
        FactorsView(
            totp=account.totp_confirmed_at is not None,
            recovery_codes=await recovery_codes_left(door.database, account),
            passkeys=tuple(_view(row) for row in passkeys),
        )
    )


@post(
    "/v1/me/totp",
    **operation(
        "totp_begin",
        "Sign-in",
        "Begin to add an app with codes",
        needs=None,
        staff=True,
        takes=ProofBody,
        gives={201: AppView},
        refuses=(409, 429),
    ),
)
async def totp_begin(request: Request[Any, Any, Any]) -> Response[Any]:
    """Makes a secret. It counts once `POST /v1/me/totp/confirm` was sent a code of the app."""
    door, caller = admitted(request)
    data = await body_of(request, ProofBody)
    account = await prove(door.desk, person_of(caller), data.password, caller_of(request))
    app = await begin_totp(door.database, door.desk.codebook, account)
    return written(AppView(app.secret, app.uri), 201)


@post(
    "/v1/me/totp/confirm",
    **operation(
        "totp_confirm",
        "Sign-in",
        "Add the app",
        needs=None,
        staff=True,
        takes=AppCodeBody,
        gives={201: RecoveryCodes},
        refuses=(409,),
    ),
)
async def totp_confirm(request: Request[Any, Any, Any]) -> Response[Any]:
    """From now on a sign-in with the password wants a code. The answer has ten codes for a lost app."""
    door, caller = admitted(request)
    data = await body_of(request, AppCodeBody)
    account = await account_of(door.database, person_of(caller))
    codes = await finish_totp(door.database, door.desk.codebook, account, data.code, caller)
    return written(RecoveryCodes(codes), 201)


@post(
    "/v1/me/totp/remove",
    status_code=200,
    **operation(
        "totp_remove",
        "Sign-in",
        "Take the app away",
        needs=None,
        staff=True,
        takes=ProofBody,
        gives={200: FactorsView},
        refuses=(429,),
    ),
)
async def totp_remove(request: Request[Any, Any, Any]) -> Response[Any]:
    """The app and its recovery codes count no more; the password is asked for."""
    door, caller = admitted(request)
    data = await body_of(request, ProofBody)
    account = await prove(door.desk, person_of(caller), data.password, caller_of(request))
    await remove_totp(door.database, account)
    passkeys = await passkeys_of(door.database, account.staff_id)
    return written(FactorsView(totp=False, recovery_codes=0, passkeys=tuple(_view(row) for row in passkeys)))


@post(
    "/v1/me/passkeys/begin",
    **operation(
        "passkey_begin",
        "Sign-in",
        "Begin to add a passkey",
        needs=None,
        staff=True,
        takes=ProofBody,
        gives={200: PasskeyQuestion},
        refuses=(409, 429),
    ),
    status_code=200,
)
async def passkey_begin(request: Request[Any, Any, Any]) -> Response[Any]:
    """Gives what `navigator.credentials.create` is called with."""
    door, caller = admitted(request)
    data = await body_of(request, ProofBody)
    account = await prove(door.desk, person_of(caller), data.password, caller_of(request))
    return _question(await begin_passkey(door.database, _site(door), account))


@post(
    "/v1/me/passkeys",
    **operation(
        "passkey_post",
        "Sign-in",
        "Add a passkey",
        needs=None,
        staff=True,
        takes=NewPasskeyBody,
        gives={201: PasskeyView},
        refuses=(409,),
    ),
)
async def passkey_post(request: Request[Any, Any, Any]) -> Response[Any]:
    """Keeps what the browser made, for the ticket; it must have known its person by finger, face or PIN."""
    door, caller = admitted(request)
    data = await body_of(request, NewPasskeyBody)
    row = await finish_passkey(door.database, _site(door), caller, data.ticket, data.name, data.credential)
    return written(_view(row), 201)


@delete(
    "/v1/me/passkeys/{id:str}",
    status_code=204,
    **operation(
        "passkey_delete",
        "Sign-in",
        "Take a passkey away",
        needs=None,
        staff=True,
        gives={204: None},
        refuses=(404,),
    ),
)
async def passkey_delete(request: Request[Any, Any, Any], id: ExternalId) -> None:
    """Nobody signs in with it any more; sessions that it began go on."""
    door, caller = admitted(request)
    await remove_passkey(door.database, person_of(caller).staff_id, plain_segment(id))


@post(
    "/v1/sign-in/passkey/begin",
    status_code=200,
    **operation(
        "signin_ask",
        "Sign-in",
        "Begin to sign in with a passkey",
        needs=None,
        gives={200: PasskeyQuestion},
        refuses=(403, 429),
    ),
)
async def signin_ask(request: Request[Any, Any, Any]) -> Response[Any]:
    """Gives what `navigator.credentials.get` is called with; the passkey says by itself whose it is."""
    door = own_page(request)
    return _question(await ask_for_passkey(door.database, _site(door), caller_of(request).place))


@post(
    "/v1/sign-in/passkey",
    **operation(
        "signin_passkey",
        "Sign-in",
        "Sign in with a passkey",
        needs=None,
        takes=PasskeyBody,
        gives={201: SignedIn},
        refuses=(401, 403, 429),
    ),
)
async def signin_passkey(request: Request[Any, Any, Any]) -> Response[Any]:
    """A passkey is two factors in one, so that nothing else is asked."""
    door = own_page(request)
    data = await body_of(request, PasskeyBody)
    session = await sign_in_with_passkey(
        door.desk, _site(door), data.ticket, data.credential, caller_of(request)
    )
    return opened(door, session)


FACTOR_ROUTES = [
    factors_get,
    totp_begin,
    totp_confirm,
    totp_remove,
    passkey_begin,
    passkey_post,
    passkey_delete,
    signin_ask,
    signin_passkey,
]
