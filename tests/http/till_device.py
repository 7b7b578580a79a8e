"""A device at the till, with a key of its own, as the tests hold it."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tests.http.site import Site

PROGRAM = """\
program: points
name: Points
currency: USD
declarations:
  order:
    device: {type: text}
wallets:
  - {id: points, name: Points, pays: {points: 100, amount: 100}}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 1}
tiers:
  metrics:
    - {id: spend, measure: orders.net, window: {calendar: year}}
  levels:
    - {id: bronze, name: Bronze, reach: {spend: 0}}
rewards:
  - {id: five-off, name: 5.00 off, price: 500, gives: [{type: amount_off, value: 500}]}
  - {id: ten, name: 10 %, gives: [{type: percent_off, percent: "10"}], codes: {shared: TEN}}
  - {id: card, name: A gift card, price: 1000, gives: [{type: gift_card, value: 2500}]}
  - id: berlin
    name: Twice in each store
    gives: [{type: amount_off, value: 100}]
    codes: {shared: STORE}
    limits: [{times: 2, per: location}]
  - id: till
    name: Once on each device
    gives: [{type: amount_off, value: 100}]
    codes: {shared: TILL}
    limits: [{times: 1, per: attribute, attribute: device}]
"""


async def open_shop(site: Site) -> None:
    """Publish the program, and give anna 10,000 points for an order."""
    raw = PROGRAM.encode()
    await site.done("PUT", "/v1/programs/points/draft", raw=raw, headers={"content-type": "application/yaml"})
    await site.done("POST", "/v1/programs/points/publish", {})
    lines = [{"sku": "lamp", "amount": 10_000}]
    await site.done("PUT", "/v1/orders/o1", {"customer": "anna", "status": "paid", "lines": lines})


async def voucher(site: Site, name: str, reward: str = "five-off") -> str:
    """Let anna claim a reward, and return the code of the voucher, which anybody may use."""
    answer = await site.done("POST", "/v1/customers/anna/claims", {"id": name, "reward": reward})
    code: str = answer["voucher"]["code"]
    return code


def cart(amount: int = 2_000) -> dict[str, Any]:
    """Return a cart of one line."""
    return {"lines": [{"sku": "mug", "amount": amount}]}


class Device:
    """A device that is registered at a site, numbers its entries, and signs them."""

    def __init__(self, site: Site, name: str, location: str = "berlin") -> None:
        self.site = site
        self.name = name
        self.location = location
        self.private = Ed25519PrivateKey.generate()
        self.last = 0

    @property
    def path(self) -> str:
        """The address of the device."""
        return f"/v1/till/devices/{self.name}"

    def body(self) -> dict[str, Any]:
        """Return what registers the device."""
        key = b64encode(self.private.public_key().public_bytes_raw()).decode()
        return {"id": self.name, "location": self.location, "name": "A till", "public_key": key}

    async def register(self) -> Device:
        """Register the device."""
        await self.site.done("POST", "/v1/till/devices", self.body())
        return self

    async def allow(self, name: str = "a1", **more: Any) -> dict[str, Any]:
        """Get an allowance; check it as a device does, with the public key alone; return its document."""
        bounds = {"max_points": 1_000, "max_amount": 5_000, "max_redemptions": 10, "expires_in": 3_600}
        answer = await self.site.done("POST", f"{self.path}/allowance", {"id": name, **bounds, **more})
        [key] = (await self.site.done("GET", "/v1/till/keys"))["data"]
        assert key["id"] == answer["key"]
        public = Ed25519PublicKey.from_public_bytes(b64decode(key["public_key"]))
        signed = b"perennial till allowance\n" + answer["document"].encode()
        public.verify(b64decode(answer["signature"]), signed)
        document: dict[str, Any] = json.loads(answer["document"])
        return document

    def entry(
        self, at: str, *, allowance: str = "a1", number: int | None = None, **more: Any
    ) -> dict[str, Any]:
        """Return the next entry, or one with another number, signed."""
        if number is None:
            number = self.last = self.last + 1
        entry = {"sequence": number, "at": at, "cart": cart(), "amount": 0, **more}
        return self.sign(entry, allowance)

    def sign(self, entry: dict[str, Any], allowance: str) -> dict[str, Any]:
        """Sign an entry for an allowance."""
        entry = {name: value for name, value in entry.items() if name != "signature"}
        signed = {**entry, "device": self.name, "allowance": allowance}
        text = json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        signature = self.private.sign(b"perennial till entry\n" + text.encode())
        return {**entry, "signature": b64encode(signature).decode()}

    async def send(self, *entries: dict[str, Any], allowance: str = "a1", **more: Any) -> httpx.Response:
        """Upload entries, and return the answer whatever it says."""
        body = {"allowance": allowance, "entries": list(entries)}
        return await self.site.call("POST", f"{self.path}/uploads", body, **more)

    async def upload(self, *entries: dict[str, Any], allowance: str = "a1") -> list[dict[str, Any]]:
        """Upload entries, and return what became of each."""
        response = await self.send(*entries, allowance=allowance)
        assert response.status_code == 200, response.text
        found: list[dict[str, Any]] = response.json()["entries"]
        return found
