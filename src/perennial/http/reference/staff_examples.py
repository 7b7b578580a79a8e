"""Examples of the calls for people.

They name tokens and codes that are made while one goes along: the tests send them with those of the moment
in their place.
"""

from __future__ import annotations

from perennial.http.reference.examples import Example

TOKEN = "n0uVbGKb1o0YxXkq9hU2mZr7cJtP4sLwE8fDaQiT6vM"  # noqa: S105  nobody's
PASSWORD = "correct horse battery"  # noqa: S105  nobody's

STAFF_EXAMPLES: dict[str, dict[str, Example]] = {
    "setup_post": {
        "first": Example(
            "The owner of a new installation, with a workspace for the shop and its sandbox",
            {
                "token": TOKEN,
                "email": "anna@example.com",
                "name": "Anna",
                "password": PASSWORD,
                "workspace": "roastery",
            },
        )
    },
    "signin_post": {
        "password": Example("With a password", {"email": "anna@example.com", "password": PASSWORD})
    },
    "signin_code": {"app": Example("With a code of the app", {"ticket": TOKEN, "code": "123456"})},
    "signin_passkey": {
        "answer": Example(
            "The browser's answer", {"ticket": TOKEN, "credential": {"id": "AQID", "type": "public-key"}}
        )
    },
    "totp_begin": {"password": Example("The password once more", {"password": PASSWORD})},
    "totp_confirm": {"code": Example("What the app shows", {"code": "123456"})},
    "totp_remove": {"password": Example("The password once more", {"password": PASSWORD})},
    "passkey_begin": {"password": Example("The password once more", {"password": PASSWORD})},
    "passkey_post": {
        "made": Example(
            "What the browser has made",
            {"ticket": TOKEN, "name": "Laptop", "credential": {"id": "AQID", "type": "public-key"}},
        )
    },
    "staff_role": {"marketer": Example("Anna does the marketing", {"role": "marketer"})},
    "invitation_post": {
        "support": Example("Ben answers the phone", {"email": "ben@example.com", "role": "support"})
    },
    "invitation_look": {"token": Example("What the link holds", {"token": TOKEN})},
    "invitation_accept": {
        "new": Example("Somebody new", {"token": TOKEN, "name": "Ben", "password": PASSWORD})
    },
    "role_put": {
        "desk": Example(
            "A desk that may give 200 points at a time and 1,000 a day",
            {
                "name": "Desk",
                "scopes": ["read", "members", "adjust"],
                "credit_most": 200,
                "credit_per_day": 1000,
            },
        )
    },
    "rules_put": {
        "two": Example(
            "Two people to publish, and to give more than 1,000 points",
            {"second_factor": False, "two_to_publish": True, "two_to_credit_above": 1000},
        )
    },
    "approval_approve": {"why": Example("It is right", {"reason": "checked against the order"})},
    "approval_reject": {"why": Example("It is not", {"reason": "the order was returned"})},
    "note_post": {"call": Example("What was said on the phone", {"note": "Called about the grinder."})},
    "block_put": {
        "spending": Example(
            "Nothing can be used while it is looked into",
            {"earning": False, "spending": True, "reason": "The account may be in other hands."},
        )
    },
    "key_post": {"shop": Example("A key for the shop", {"name": "Shop", "scopes": ["read", "write"]})},
    "me_put": {"name": Example("Another name", {"name": "Anna B."})},
    "me_workspace": {"sandbox": Example("To the sandbox", {"workspace": "roastery-sandbox"})},
    "me_password": {
        "another": Example(
            "Another password", {"password": PASSWORD, "new_password": "purple tractor on a hill"}
        )
    },
}
