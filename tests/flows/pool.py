"""What the tests of pools share: a program with codes, and how batches are asked for."""

from __future__ import annotations

from typing import Any

import msgspec

from perennial.flows.answers import Answer
from perennial.flows.commands import PutCustomer
from perennial.flows.problems import ProblemError
from perennial.flows.vouchers.assign_voucher import AssignVoucher, assign_voucher
from perennial.flows.vouchers.batches import BatchView, NewBatch, create_batch
from perennial.flows.vouchers.export import ExportedCode, export_codes
from tests.flows.shop import Shop, decided

PROGRAM = """
program: points
name: Points
time_zone: Europe/Berlin
currency: USD
wallets: [{id: points, name: Points}]
earning_rules: [{id: base, type: per_amount, points: 1, per: 1}]
rewards:
  - id: summer
    name: Summer
    codes: {pattern: "SUMMER-############"}
    gives: [{type: amount_off, value: 500}]
  - id: mail
    name: Mail
    codes: {pattern: "M-####", bound: true, valid_for: {days: 10}, uses: 3}
    gives: [{type: amount_off, value: 500}]
  - id: tiny
    name: Tiny
    codes: {pattern: "T-#", alphabet: ABCDEFGHJK, check: false}
    gives: [{type: free_shipping}]
  - id: shared
    name: Shared
    codes: {shared: EVERYBODY1}
    gives: [{type: free_shipping}]
  - id: claimed
    name: Claimed
    price: 100
    codes: {pattern: "CLAIM-############", uses: 2}
    gives: [{type: amount_off, value: 300}]
  - {id: plain, name: Plain, price: 100, gives: [{type: amount_off, value: 300}]}
"""


async def open_pool(shop: Shop, *customers: str) -> None:
    """Publish the program and make some customers."""
    await shop.publish(PROGRAM)
    for customer in customers:
        await shop.do(PutCustomer(customer=customer))


async def send_batch(shop: Shop, name: str, reward: str = "summer", **more: Any) -> Answer:
    """Ask for a batch and return the answer."""
    command = NewBatch(id=name, reward=reward, **more)
    return await create_batch(shop.handler, shop.workspace_id, command, "key test")


async def made(shop: Shop, name: str, reward: str = "summer", **more: Any) -> BatchView:
    """Ask for a batch and return what was made."""
    return msgspec.json.decode((await send_batch(shop, name, reward, **more)).body, type=BatchView)


async def exported(shop: Shop, name: str) -> list[ExportedCode]:
    """Return all codes of a batch."""
    pages = await export_codes(shop.handler, shop.workspace_id, name, "key test")
    return [each async for page in pages for each in page]


async def assigned(shop: Shop, name: str, customer: str, reward: str = "summer", **more: Any) -> str:
    """Give a customer a code and return it."""
    command = AssignVoucher(id=name, customer=customer, reward=reward, **more)
    answer = decided(await assign_voucher(shop.handler, shop.workspace_id, command))
    assert answer.voucher is not None
    return answer.voucher.code


async def problem_of(work: Any) -> tuple[int, str, list[str]]:
    """Return the status and the code of the problem that is raised, and the fields that it names."""
    try:
        await work
    except ProblemError as error:
        found = error.problem
        return found.status, found.code, [field.path for field in found.errors]
    raise AssertionError("nothing was raised")
