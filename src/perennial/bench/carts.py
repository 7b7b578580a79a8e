"""Requests with carts for the load generator: quotes, and redemptions that use codes up.

A process of its own, as ``bench/load.py``: it reads one plan, builds every request beforehand, and writes
one report. A redemption takes five codes from the file that nobody took before, a quote any five.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import msgspec
import uvloop

from perennial.bench.load import Plan, customer_name, request_bytes, run
from perennial.bench.price import priced_orders

CODES = 5
LINES = 10


def cart_requests(plan: Plan, connection: int, count: int, codes: list[str]) -> list[tuple[bytes, bool]]:
    """Return the requests of one connection; ``codes`` has :data:`CODES` in a row for each of them."""
    random = Random(f"{plan.prefix}-{connection}")
    carts = [
        {
            "lines": [
                {
                    "sku": line.sku,
                    "amount": line.amount,
                    "quantity": line.quantity,
                    "categories": line.categories,
                    "brand": line.brand,
                }
                for line in order.lines
            ],
            "shipping": order.shipping,
            "location": order.location,
            "channel": order.channel,
        }
        for order in priced_orders(LINES)
    ]
    built = []
    for number in range(count):
        first = (connection * count + number) * CODES % max(len(codes) - CODES, 1)
        body: dict[str, object] = {
            "customer": customer_name(random, plan.members),
            "cart": random.choice(carts),
            "redeem": [{"code": code} for code in codes[first : first + CODES]],
        }
        if plan.kind == "redemptions":
            body["id"] = f"{plan.prefix}-{connection}-{number}"
        built.append((request_bytes(plan.key, "POST", f"/v1/{plan.kind}", body), True))
    return built


def main() -> None:
    """Read the plan, wait for the word to start (a second line), and print the report."""
    plan = msgspec.json.decode(sys.stdin.buffer.readline(), type=Plan)
    codes = Path(plan.codes).read_text().split()
    each = -(-plan.requests // plan.connections)
    prebuilt = [cart_requests(plan, number, each, codes) for number in range(plan.connections)]
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(run(plan, prebuilt))) + b"\n")


if __name__ == "__main__":
    main()
