"""A program whose rewards price carts: what tests of rewards and stacking begin with."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from perennial.core.budgets.numbers import numbers_of_order
from perennial.core.checkout.quote import Priced, Quote, price
from perennial.core.compiling.compile import compile_version
from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.fold import fold, fold_spent
from perennial.core.member import Member, Membership
from perennial.core.needs import snapshot_of
from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.core.pricing.price import Offer
from perennial.core.pricing.redeemables import Voucher, Wanted
from perennial.core.switches import ALL_ON, Switches
from perennial.core.today import today_of
from perennial.core.validation.validation import validate
from perennial.core.version import Version
from perennial.units import Instant, parse_instant

NOON: Instant = parse_instant("2026-06-01T12:00:00Z")
ANNA = UUID(int=1)
CART = UUID(int=99)


def version_of(*rewards: dict[str, Any], **parts: Any) -> Version:
    """Return a version of a program with these rewards; a reward needs ``id`` and ``gives``."""
    document = {
        "program": "shop",
        "name": "Shop",
        "wallets": [{"id": "points", "name": "Points"}],
        "rewards": [{"name": reward["id"]} | reward for reward in rewards],
        **parts,
    }
    program = program_of(document)
    assert isinstance(program, Program), program
    assert validate(program) == []
    return compile_version(program, 1, 1, 0, {wallet.id: i for i, wallet in enumerate(program.wallets, 1)})


def cart(*lines: Line, shipping: int = 0, **fields: Any) -> Order:
    """Return the order that a cart would become."""
    return Order(status=OrderStatus.CREATED, lines=lines, shipping=shipping, **fields)


def line(sku: str, unit_price: int, quantity: int = 1, **fields: Any) -> Line:
    """Return a line by its unit price."""
    return Line(id=sku, sku=sku, amount=unit_price * quantity, quantity=quantity, **fields)


def code(version: Version, reward: str, **fields: Any) -> Wanted:
    """Return a voucher of the reward, entered by its code."""
    voucher_id = fields.pop("voucher_id", UUID(int=hash(reward) % 2**64))
    gives = version.rewards[reward].gives
    voucher = Voucher(voucher_id=voucher_id, gives=gives, **fields)
    return Wanted(name=reward.upper(), program=1, reward=reward, voucher=voucher)


def priced(
    version: Version,
    order: Order,
    *wanted: Wanted,
    member: Member | None = None,
    at: Instant = NOON,
    switches: Switches = ALL_ON,
    spent: dict[tuple[int, int], int] | None = None,
) -> Priced:
    """Price a cart, for a guest if no ``member`` is given; ``spent`` is what was used of budgets."""
    return price(order, wanted, [offered(version, order, member, at, spent, switches)], at, CART)


def offered(
    version: Version,
    order: Order,
    member: Member | None = None,
    at: Instant = NOON,
    spent: dict[tuple[int, int], int] | None = None,
    switches: Switches = ALL_ON,
) -> Offer:
    """Return what a program offers to a member, or to a guest, on a cart."""
    someone = member if member is not None else Member(customer_id=CART, owner=CART)
    snapshot = snapshot_of(
        at, version, someone, spent, switches.keys_of(version), numbers_of_order(version, order)
    )
    return Offer(version, snapshot, member.customer_id if member else None)


def redeemed(
    version: Version,
    order: Order,
    *wanted: Wanted,
    member: Member | None = None,
    at: Instant = NOON,
    spent: dict[tuple[int, int], int],
) -> Quote:
    """Price a cart and take what it used of limits over, into the member and into ``spent``."""
    result = priced(version, order, *wanted, member=member, at=at, spent=spent)
    effects = result.limited[1].effects(today_of(version, at))
    if member is not None:
        fold(member, version, effects, at)
    fold_spent(spent, effects)
    return result.quote


def quoted(version: Version, order: Order, *wanted: Wanted, **more: Any) -> Quote:
    """Return the quote of a cart."""
    return priced(version, order, *wanted, **more).quote


def anna(**fields: Any) -> Member:
    """Return a member of the program."""
    return Member(customer_id=ANNA, owner=ANNA, memberships={1: Membership(joined_at=0)}, **fields)
