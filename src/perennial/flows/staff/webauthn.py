"""What a browser is asked for a passkey, and whether its answer holds, by the rules of WebAuthn.

The library that knows them takes longer to load than anything else of ours, and many a server never sees a
passkey: this file, which alone needs it, is loaded when the first one is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from perennial.store.staff.factors import PasskeyRow
from perennial.store.staff.staff import StaffRow

NAME = "Perennial"


class Question(msgspec.Struct, frozen=True):
    """What a browser's own function is called with, as JSON, and the challenge in it."""

    challenge: bytes
    options: bytes


class Made(msgspec.Struct, frozen=True):
    """A passkey that a browser made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def ask_for_new(host: str, account: StaffRow, there: Iterable[PasskeyRow]) -> Question:
    """Ask for a new passkey, on a device that has none of those that are ``there``."""
    options = generate_registration_options(
        rp_id=host,
        rp_name=NAME,
        user_id=account.staff_id.bytes,
        user_name=account.email,
        user_display_name=account.name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=row.credential_id) for row in there],
    )
    return Question(options.challenge, options_to_json(options).encode())


def ask_for_any(host: str) -> Question:
    """Ask for any passkey of ours."""
    options = generate_authentication_options(
        rp_id=host, user_verification=UserVerificationRequirement.REQUIRED
    )
    return Question(options.challenge, options_to_json(options).encode())


def made_by(credential: dict[str, Any], challenge: bytes, host: str, origin: str) -> Made | None:
    """Return the passkey of an answer, or None if it is not what was asked for."""
    try:
        verified = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=host,
            expected_origin=origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    return Made(verified.credential_id, verified.credential_public_key, verified.sign_count)


def count_of(
    credential: dict[str, Any], challenge: bytes, host: str, origin: str, row: PasskeyRow
) -> int | None:
    """Return how often the passkey of ``row`` has signed, or None if it did not answer what was asked."""
    try:
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=host,
            expected_origin=origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    return verified.new_sign_count
