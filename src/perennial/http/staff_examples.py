"""Examples of the calls for people.

They name tokens and codes that are made while one goes along: the tests send them with those of the moment
in their place.
"""

from __future__ import annotations

from perennial.http.examples import Example

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
    "me_put": {"name": Example("Another name", {"name": "Anna B."})},
    "me_workspace": {"sandbox": Example("To the sandbox", {"workspace": "roastery-sandbox"})},
    "me_password": {
        "another": Example(
            "Another password", {"password": PASSWORD, "new_password": "purple tractor on a hill"}
        )
    },
}
