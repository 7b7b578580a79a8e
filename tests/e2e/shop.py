"""A shop with members, orders and a program, behind a real server, for a real browser."""

from __future__ import annotations

import json
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from perennial.flows.staff.setup import setup_token
from perennial.store.codes.codebook import Codebook
from tests.codebook import SECRET

ROOT = Path(__file__).parents[2]
PASSWORD = "a sentence does well here"
OWNER = "ada@shop.test"
SANDBOX = "shop-sandbox"
MEMBER = "anna"
CAMPAIGN = "thursday-gift"
SEGMENT = "buyers"
POOL = "flyer"

_CAMPAIGN = {
    "name": "Thursday gift",
    "schedule": {"windows": [{"days": ["thu"]}]},
    "earning_rules": [
        {"id": "thursday", "type": "fixed", "trigger": "order.paid", "points": 10, "multiplied": False}
    ],
    "limits": [{"points": 5_000, "per": "total"}],
}
_TRUST = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Without the certificates of the machine: a client that reads them costs more than the server's answer."""

_BUYERS = {"fact": "member.orders", "at_least": 1}


class Shop(NamedTuple):
    """Where the console is, the cookie of whoever calls (the owner, or somebody invited), and where to."""

    url: str
    cookie: str
    workspace: str = SANDBOX

    def invited(self, email: str, role: str) -> Shop:
        """Return the shop as somebody else sees it, who was invited to a role in the sandbox."""
        link = self.call("POST", "invitations", {"email": email, "role": role})["link"]
        body = {"token": link.partition("#token=")[2], "name": role.title(), "password": PASSWORD}
        answer = httpx.post(f"{self.url}/v1/invitations/accept", json=body, timeout=60, verify=_TRUST)
        assert answer.status_code < 300, answer.text
        return Shop(self.url, answer.cookies["perennial_session"], self.workspace)

    def status_of(self, method: str, path: str, body: Any = None) -> int:
        """Call the API in the workspace, and return the status alone."""
        return self._answer(method, path, json=body).status_code

    def batch(self, bodies: Sequence[Any]) -> list[Any]:
        """Send many lines at once, and return their results in the same order."""
        content = "\n".join(json.dumps(body) for body in bodies)
        answer = self._answer("POST", "batch", "application/x-ndjson", content=content)
        assert answer.status_code < 300, answer.text
        return [json.loads(line) for line in answer.text.splitlines()]

    def call(self, method: str, path: str, body: Any = None, *, yaml: str | None = None) -> Any:
        """Call the API in the workspace, and return the answer."""
        if yaml is None:
            answer = self._answer(method, path, json=body)
        else:
            answer = self._answer(method, path, "application/yaml", content=yaml)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def _answer(self, method: str, path: str, content_type: str | None = None, **sent: Any) -> httpx.Response:
        headers = {
            "cookie": f"perennial_session={self.cookie}",
            "x-perennial-csrf": "1",
            "x-perennial-workspace": self.workspace,
        }
        if content_type is not None:
            headers["content-type"] = content_type
        return httpx.request(
            method, f"{self.url}/v1/{path}", headers=headers, timeout=120, verify=_TRUST, **sent
        )


def founded(url: str, workspace: str = SANDBOX) -> Shop:
    """Make the owner and the workspaces of a fresh installation; what is called goes to this workspace."""
    body = {
        "token": setup_token(Codebook(SECRET)),
        "email": OWNER,
        "name": "Ada",
        "password": PASSWORD,
        "workspace": "shop",
    }
    answer = httpx.post(f"{url}/v1/setup", json=body, timeout=60, verify=_TRUST)
    assert answer.status_code == 201, answer.text
    return Shop(url, answer.cookies["perennial_session"], workspace)


_SAID = {"at": "2026-03-04T10:15:00Z", "source": "web", "wording": "2026-03", "proof": "form-8812"}
_CONSENTS = [
    {"channel": "email", "purpose": "newsletter", "state": "given", **_SAID},
    {"channel": "sms", "purpose": "marketing", "state": "withdrawn", "at": _SAID["at"], "source": "till"},
]


def found(url: str) -> Shop:
    """Make the owner and the workspaces of a fresh installation, and fill the sandbox."""
    shop = founded(url)
    document = (ROOT / "examples" / "points.yaml").read_text()
    shop.call("PUT", "programs/points/draft", yaml=document)
    shop.call("PUT", f"campaigns/points/{CAMPAIGN}", _CAMPAIGN)
    shop.call("POST", "programs/points/publish", {"note": "the first one"})
    known = {"identifiers": [{"type": "email", "value": "anna@example.org"}], "consents": _CONSENTS}
    shop.call("PUT", f"customers/{MEMBER}", known)
    for number in range(1, 4):
        lines = [{"id": "1", "sku": "lamp", "amount": 21_000 * number, "quantity": number}]
        order = {"customer": MEMBER, "status": "paid", "currency": "USD", "lines": lines}
        shop.call("PUT", f"orders/order-{number}", order)
    shop.call("POST", f"customers/{MEMBER}/claims", {"id": "claim-1", "reward": "five-off"})
    shop.call("PUT", f"segments/{SEGMENT}", {"name": "Buyers", "when": _BUYERS})
    shop.call("POST", "vouchers/batches", {"id": POOL, "reward": "free-shipping", "count": 60})
    shop.call("POST", "vouchers/assign", {"id": "gift-1", "reward": "free-shipping", "customer": MEMBER})
    return shop
