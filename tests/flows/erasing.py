"""What the tests of erasure share: a program, what to look for, and where to find it."""

from __future__ import annotations

from asyncpg import Connection

from perennial.flows.commands import PostTransfer
from perennial.flows.customers.erase import erase_customer
from perennial.flows.segments.audit import audit_everything
from perennial.flows.transfer import transfer
from perennial.store.audits.seal import seal
from tests.flows.shop import START, Shop

CANARY = "kanari"

PROGRAM = """
program: points
name: Points
time_zone: UTC
currency: USD
wallets:
  - id: points
    name: Points
    refunds: unlimited
    expiry: {type: rolling, after: {days: 90}}
  - {id: stamps, name: Stamps, pending: {type: fulfillment}}
declarations:
  member:
    city: {type: text}
  events:
    review.posted:
      attributes:
        words: {type: text}
earning_rules:
  - {id: base, type: per_amount, wallet: points, points: 1, per: 100}
  - {id: kiel, type: fixed, wallet: points, points: 7, when: {fact: member.city, is: Kiel}}
  - {id: stamp, type: fixed, wallet: stamps, points: 1}
  - id: review
    type: fixed
    trigger: review.posted
    wallet: points
    points: 50
    limits: [{times: 3, every: day}]
tiers:
  metrics:
    - {id: spend, measure: orders.net, window: {calendar: year}}
  levels:
    - {id: bronze, name: Bronze, reach: {spend: 0}}
    - {id: gold, name: Gold, reach: {spend: 10000}}
rewards:
  - {id: five-off, name: 5.00 off, wallet: points, price: 100, gives: [{type: amount_off, value: 500}]}
"""


async def found(owner: Connection, workspace_id: int, *words: str) -> dict[str, int]:
    """Return in which tables, and in how many rows of the workspace, one of the words is found.

    Every column of every table is read as text; bytes read as hexadecimal digits.
    """
    found = {}
    forms = [form for word in words for form in (word.lower(), word.encode().hex())]
    tables = await owner.fetch(
        "select table_name::text, bool_or(column_name = 'workspace_id') from information_schema.columns "
        "where table_schema = 'public' group by table_name"
    )
    for table, of_workspaces in tables:
        rows = await owner.fetch(
            f"select lower(whole::text) from {table} as whole where $1::int is not null"
            f"{' and workspace_id = $1' if of_workspaces else ''}",
            workspace_id,
        )
        count = sum(any(form in text for form in forms) for (text,) in rows)
        if count:
            found[table] = count
    return found


async def audited(shop: Shop) -> None:
    """Seal what is complete, and demand that everything holds."""
    async with shop.database.transaction(shop.workspace_id) as conn:
        while await seal(conn, shop.workspace_id, shop.workspace_id, START):
            pass
    async with shop.database.unbound() as conn:
        report = await audit_everything(conn, shop.workspace_id)
    assert report.clean, report.broken


async def erase(shop: Shop, customer: str) -> None:
    """Erase a customer as a key named support does."""
    await erase_customer(shop.handler, shop.workspace_id, customer, "key support")


async def move(shop: Shop, name: str, sender: str, receiver: str, points: int = 10) -> None:
    """Transfer points under an id, and with a reason, that are ``name``."""
    command = PostTransfer(
        id=name, sender=sender, receiver=receiver, at=START, wallet="points", points=points, reason=name
    )
    assert (await transfer(shop.handler, shop.workspace_id, command)).status == 201
