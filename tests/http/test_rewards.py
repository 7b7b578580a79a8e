"""The catalogue, entitlements and perks over HTTP: strict, scoped, as they are described."""

from __future__ import annotations

import csv
import io
import time
from typing import Any

import pytest

from perennial.flows.programs.life import Author, apply_document
from tests.http.site import PROGRAM, Site, order

MORE = """\
  - {id: cash, name: Cash, price: 0, gives: [{type: cash_payout, value: 1000}]}
  - {id: mug, name: A mug, price: 10, gives: [{type: physical, sku: mug, stock: 3}]}
  - {id: lounge, name: Lounge, automatic: true, gives: [{type: perk, name: lounge}]}
"""


@pytest.fixture
async def shop(site: Site) -> Site:
    """A site whose program hands out more than vouchers, where anna has 20 points."""
    author = Author(actor="test", at=time.time_ns() // 1_000)
    await apply_document(site.database, site.row.workspace_id, PROGRAM + MORE, author)
    await site.done("PUT", "/v1/orders/o1", order(2_000))
    return site


async def claimed(shop: Site, name: str, reward: str) -> dict[str, Any]:
    """Claim a reward for anna and return what was handed out."""
    answer = await shop.done("POST", "/v1/customers/anna/claims", {"id": name, "reward": reward})
    assert "voucher" not in answer
    [given] = answer["entitlements"]
    found: dict[str, Any] = given
    return found


async def test_the_catalogue_of_a_customer(shop: Site) -> None:
    """Prices, stock and reasons, and nothing that has no price."""
    found = await shop.done("GET", "/v1/customers/anna/rewards")
    assert [view["id"] for view in found["data"]] == ["five-off", "cash", "mug"]
    five, _, mug = found["data"]
    price = {"points": 500, "wallet": "points", "available": 20, "claimable": False, "missing": 480}
    assert (five["price"], five["prices"]) == (price, [price])
    assert (five["claimable"], five["value"], five["why_not"][0]["code"]) == (
        False,
        500,
        "insufficient_points",
    )
    assert five["why_not"][0]["details"] == {"required": 500, "available": 20, "missing": 480}
    assert (mug["claimable"], mug["stock_left"], mug["why_not"], mug["ends_at"]) == (True, 3, [], None)
    await shop.refused(404, "customer_unknown", "GET", "/v1/customers/nobody/rewards")


async def test_an_entitlement_is_moved_and_listed(shop: Site) -> None:
    """What was claimed is listed for the customer and the workspace, and paid with a reference, once."""
    cash = await claimed(shop, "c1", "cash")
    assert (cash["kind"], cash["state"], cash["amount"]) == ("cash_payout", "open", 1_000)
    path = f"/v1/entitlements/{cash['id']}/state"
    body = {"state": "paid", "reference": "=HYPERLINK()"}
    paid = await shop.done("POST", path, body)
    assert (paid["state"], paid["reference"], paid["customer"]) == ("paid", "=HYPERLINK()", "anna")
    assert await shop.done("POST", path, body) == paid
    problem = await shop.refused(409, "illegal_move", "POST", path, {"state": "shipped"})
    assert problem["details"] == {"state": "paid", "wanted": "shipped"}
    assert (await shop.done("GET", "/v1/entitlements"))["data"] == []
    assert (await shop.done("GET", "/v1/entitlements?state=paid&kind=cash_payout"))["data"] == [paid]
    assert (await shop.done("GET", "/v1/customers/anna/entitlements"))["data"] == [paid]
    answer = await shop.call("GET", "/v1/entitlements/export?state=paid")
    assert answer.headers["content-type"].startswith("text/csv")
    [row] = csv.DictReader(io.StringIO(answer.text))
    assert (row["id"], row["customer"], row["amount"], row["reference"]) == (
        cash["id"],
        "anna",
        "1000",
        "'=HYPERLINK()",
    )


async def test_goods_are_canceled_with_a_reason(shop: Site) -> None:
    """Without a reason it is refused with the field; with one the points are back."""
    mug = await claimed(shop, "c1", "mug")
    path = f"/v1/entitlements/{mug['id']}/state"
    problem = await shop.refused(422, "required", "POST", path, {"state": "canceled"})
    assert problem["errors"][0]["path"] == "$.reason"
    await shop.done("POST", path, {"state": "canceled", "reason": "sold out"})
    view = await shop.done("GET", "/v1/customers/anna")
    assert view["wallets"][0]["available"] == 20


async def test_perks_are_asked_by_name(shop: Site) -> None:
    """Whoever the reward is offered to has it; what nobody gives is answered like what one lacks."""
    assert await shop.done("GET", "/v1/customers/anna/perks/lounge") == {
        "name": "lounge",
        "entitled": True,
        "until": None,
        "reward": "points/lounge",
    }
    answer = await shop.done("GET", "/v1/customers/anna/perks/moon")
    assert (answer["entitled"], answer["reward"]) == (False, None)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/v1/entitlements?state=gone", None, 422, "invalid_parameter"),
        ("GET", "/v1/entitlements?cursor=abc", None, 422, "invalid_cursor"),
        ("POST", "/v1/entitlements/x/state", {"state": "paid"}, 404, "entitlement_unknown"),
        ("POST", "/v1/entitlements/x/state", {"state": "ended"}, 422, "invalid_format"),
        ("POST", "/v1/entitlements/x/state", {"state": "paid", "more": 1}, 422, "unknown_field"),
        ("POST", "/v1/entitlements/x/state", {}, 422, "required"),
    ],
)
async def test_bad_input_is_named(
    shop: Site, method: str, path: str, body: Any, status: int, code: str
) -> None:
    """Each mistake has its own problem."""
    response = await shop.call(method, path, body)
    problem = response.json()
    assert response.status_code == status, response.text
    assert code in {problem["code"], *(error["code"] for error in problem.get("errors", ()))}


async def test_moving_needs_the_right_to_adjust(shop: Site) -> None:
    """Whoever may only read or write cannot mark money as paid."""
    cash = await claimed(shop, "c1", "cash")
    path = f"/v1/entitlements/{cash['id']}/state"
    secret = await shop.key("read", "write")
    await shop.refused(403, "scope_missing", "POST", path, {"state": "paid"}, secret=secret)
