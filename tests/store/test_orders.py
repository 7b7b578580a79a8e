"""Orders and events come back as they were written, in few bytes."""

from __future__ import annotations

from uuid import UUID

import asyncpg
import msgspec
import pytest
from hypothesis import given as law
from hypothesis import strategies as st

from perennial.core.checkout.used import Used
from perennial.core.orders.order import Line, Order, OrderStatus, Redeemer, Scalar
from perennial.store.codes.redemptions import RedemptionRow, RedemptionState
from perennial.store.effects import write_effects
from perennial.store.events import EventKind, load_events
from perennial.store.orders import (
    decode_order,
    delete_guest_orders,
    encode_order,
    load_orders,
)
from perennial.units import MAX_AMOUNT
from tests.store.book import NOW, Book, given

_names = st.text(min_size=1, max_size=12)
_scalars: st.SearchStrategy[Scalar] = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.text(max_size=8)
)
_attributes = st.dictionaries(_names, _scalars, max_size=3)
_amounts = st.integers(-MAX_AMOUNT, MAX_AMOUNT)
_positive = st.integers(0, MAX_AMOUNT)

_lines = st.builds(
    Line,
    sku=_names,
    amount=_amounts,
    quantity=_positive,
    id=st.none() | _names,
    discount=_positive,
    categories=st.lists(_names, max_size=3).map(tuple),
    brand=st.none() | _names,
    cost=st.none() | _positive,
    attributes=_attributes,
)
_orders = st.builds(
    Order,
    status=st.sampled_from(OrderStatus),
    lines=st.lists(_lines, max_size=4).map(tuple),
    currency=st.none() | st.sampled_from(["USD", "JPY"]),
    discount=_positive,
    shipping=_positive,
    tax=_positive,
    location=st.none() | _names,
    channel=st.none() | _names,
    codes=st.lists(_names, max_size=2).map(tuple),
    attributes=_attributes,
    redeemer=st.none()
    | st.builds(Redeemer, key=_names, device=st.none() | _names)
    | st.builds(Redeemer, staff=_names, role=_names),
)


@law(_orders)
def test_an_order_comes_back_from_its_bytes(order: Order) -> None:
    """Writing and reading gives the same order, whatever is left out, zero or empty."""
    assert decode_order(encode_order(order)) == order


@law(_orders, _orders)
def test_equal_orders_have_equal_bytes(one: Order, other: Order) -> None:
    """The bytes are equal exactly when the orders are: the order of attributes plays no part."""
    assert (encode_order(one) == encode_order(other)) == (one == other)
    turned = dict(reversed(one.attributes.items()))
    assert encode_order(msgspec.structs.replace(one, attributes=turned)) == encode_order(one)


def test_an_order_of_five_lines_is_small() -> None:
    """Five lines with sku, amount, quantity, category and brand take less than half of their JSON."""
    lines = tuple(
        Line(sku=f"SKU-{n}", amount=1999 + n, quantity=2, categories=("coffee",), brand="Brand 7")
        for n in range(5)
    )
    order = Order(status=OrderStatus.PAID, lines=lines, currency="USD", location="store-7", channel="web")
    assert len(encode_order(order)) < len(msgspec.json.encode(order)) / 2


async def test_orders_are_found_by_customer_and_id(book: Book) -> None:
    """Only the asked pairs come back; every column survives, null and not."""
    row = await book.customer("c")
    paid = book.order(row, "paid", book.change(row), 100, 200)
    open_order = msgspec.structs.replace(
        book.order(row, "open", book.change(row)),
        status=OrderStatus.CREATED,
        paid_at=None,
        returned=[1],
        decision=b"\x00d",
        answer=b'{"a":1}',
    )
    async with book.db.transaction(book.ws) as conn:
        await write_effects(conn, book.ws, book.bucket, 0, [], {}, orders=[paid, open_order])
        keys = [(row.customer_id, order.order_id) for order in (paid, open_order)]
        found = await load_orders(
            conn, book.ws, book.bucket, [*keys, keys[0], (row.customer_id, UUID(int=1))]
        )
        assert found == {paid.order_id: paid, open_order.order_id: open_order}
        assert await load_orders(conn, book.ws, book.bucket, [(UUID(int=1), paid.order_id)]) == {}
        assert await load_orders(conn, book.ws, book.bucket, []) == {}


async def test_a_changed_order_replaces_the_stored_one(book: Book) -> None:
    """An update writes every column of its own order and of no other."""
    row = await book.customer("c")
    one, two = (book.order(row, name, book.change(row)) for name in ("one", "two"))
    changed = msgspec.structs.replace(
        one,
        operation_id=book.ids.next(),
        status=OrderStatus.FULFILLED,
        revision=2,
        net=5,
        paid_at=NOW + 1,
        body=b"b",
        decision=b"d",
        answer=b"a",
        returned=[1, 0],
    )
    async with book.db.transaction(book.ws) as conn:
        await write_effects(conn, book.ws, book.bucket, 0, [], {}, orders=[one, two])
        await write_effects(conn, book.ws, book.bucket, 0, [], {}, changed_orders=[changed])
        keys = [(row.customer_id, order.order_id) for order in (one, two)]
        assert await load_orders(conn, book.ws, book.bucket, keys) == {
            one.order_id: changed,
            two.order_id: two,
        }
    with pytest.raises(asyncpg.UniqueViolationError):
        async with book.db.transaction(book.ws) as conn:
            await write_effects(conn, book.ws, book.bucket, 0, [], {}, orders=[one])


async def test_an_order_that_is_loaded_tells_whether_anything_was_redeemed_on_it(book: Book) -> None:
    """By its own buyer, that is; what others redeemed is on other orders."""
    row, other = await book.customer("c"), await book.customer("other")
    one, two = (book.order(row, name, book.change(row)) for name in ("one", "two"))
    redeemed = [
        RedemptionRow(
            customer_id=owner.customer_id,
            redemption_id=book.ids.next(),
            order_id=order.order_id,
            held_until=None,
            state=RedemptionState.REDEEMED,
            used=Used(programs=(), ids=(), quantities=(), paid=(), returned=(), captured=True),
            answer=b"{}",
        )
        for owner, order in ((row, one), (other, two))
    ]
    async with book.db.transaction(book.ws) as conn:
        await write_effects(conn, book.ws, book.bucket, 0, [], {}, orders=[one, two], redemptions=redeemed)
        keys = [(row.customer_id, order.order_id) for order in (one, two)]
        found = await load_orders(conn, book.ws, book.bucket, keys)
    assert found[one.order_id] == msgspec.structs.replace(one, redeemed_on=True)
    assert found[two.order_id] == two


async def test_only_guests_orders_are_removed(book: Book) -> None:
    """Removing a guest's order leaves a customer's order of the same id alone."""
    row = await book.customer("c")
    order = book.order(row, "one", book.change(row))
    guest = msgspec.structs.replace(order, customer_id=order.order_id)
    async with book.db.transaction(book.ws) as conn:
        await write_effects(conn, book.ws, book.bucket, 0, [], {}, orders=[order, guest])
        await delete_guest_orders(conn, book.ws, book.bucket, [order.order_id, row.customer_id])
        keys = [(row.customer_id, order.order_id), (order.order_id, order.order_id)]
        assert await load_orders(conn, book.ws, book.bucket, keys) == {order.order_id: order}


async def test_events_are_written_with_the_effects(book: Book) -> None:
    """An event comes back as written, its kind too, and a second one of its id is refused."""
    row = await book.customer("c")
    change = book.change(row, given(5))
    event = msgspec.structs.replace(
        book.event(row, "e", EventKind.EVENT, change), source_id=UUID(int=4), body=b"b", decision=b"d"
    )
    await book.write(change, events=[event])
    async with book.db.transaction(book.ws) as conn:
        keys = [(row.customer_id, event.event_id), (row.customer_id, UUID(int=1))]
        assert await load_events(conn, book.ws, book.bucket, keys) == {event.event_id: event}
    with pytest.raises(asyncpg.UniqueViolationError):
        await book.write(book.change(row, given(5)), events=[event])
