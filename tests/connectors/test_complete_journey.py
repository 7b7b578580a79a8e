"""The Complete Journey is read whole, exactly, in the order of time, and what is odd is counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from perennial.connectors.complete_journey import (
    BASKETS,
    TIME_ZONE,
    Statistics,
    Unreadable,
    find_folder,
    read_baskets,
)
from perennial.core.orders.order import net_amounts
from perennial.units import datetime_of, parse_instant

arrow = import_module("pyarrow")
parquet = import_module("pyarrow.parquet")

DEFAULTS = {
    "household_id": 1,
    "store_id": 7,
    "basket_id": 10,
    "product_id": 100,
    "quantity": 1,
    "sales_value": 1.0,
    "retail_disc": 0.0,
    "coupon_disc": 0.0,
    "coupon_match_disc": 0.0,
    "week": 1,
    "transaction_timestamp": datetime(2017, 1, 1, 12),
}


def write(folder: Path, *rows: Mapping[str, object]) -> Path:
    """A data set of the given rows, in the files' own form."""
    parquet.write_table(
        arrow.Table.from_pylist([{**DEFAULTS, **row} for row in rows]), folder / "transactions.parquet"
    )
    product = {"product_id": 100, "department": "MEAT", "product_category": "BEEF", "brand": "Private"}
    parquet.write_table(arrow.Table.from_pylist([product]), folder / "products.parquet")
    return folder


def test_the_whole_year_to_the_cent() -> None:
    """155,848 baskets of 1,469,307 lines; the net is the package's sum of sales_value, 4,596,039.58."""
    read = Statistics()
    before = 0
    for basket in read_baskets(read):
        assert basket.at >= before
        before = basket.at
    assert read == Statistics(
        baskets=155_848,
        lines=1_469_307,
        net=459_603_958,
        discounts=79_619_329,
        coupons_paid=2_635_990,
        zero_lines=11_246,
        negative_lines=0,
        zero_quantities=8_869,
        unknown_products=4_836,
    )
    assert read.baskets == BASKETS


def test_first_basket() -> None:
    """The first basket, with its line as the file has it."""
    basket = next(read_baskets(Statistics()))
    assert (basket.order_id, basket.customer) == ("31198570044", "900")
    assert basket.at == parse_instant("2017-01-01T11:53:26Z")
    (line,) = basket.order.lines
    assert (line.sku, line.quantity, line.amount, line.discount, line.net) == ("1095275", 1, 50, 0, 50)
    assert (basket.order.location, basket.order.currency) == ("330", "USD")


def test_instants_are_utc() -> None:
    """The weeks of the file begin at midnight in New York, if its timestamps are UTC; not so otherwise."""
    zone = ZoneInfo(TIME_ZONE)
    rows = duckdb.execute(
        f"select week, min(transaction_timestamp), max(transaction_timestamp) "
        f"from '{find_folder()}/transactions.parquet' group by week order by week"
    ).fetchall()
    days = [
        (
            week,
            first.replace(tzinfo=UTC).astimezone(zone).date(),
            last.replace(tzinfo=UTC).astimezone(zone).date(),
        )
        for week, first, last in rows
    ]
    for (_, _, last), (_, first, _) in pairwise(days):
        assert last < first
    assert [first.weekday() for _, first, _ in days[1:-1]] == [0] * 51
    assert {day.year for _, *both in days for day in both} == {2017}
    in_zone_of_none = [(first.date(), last.date()) for _, first, last in rows]
    assert any(last >= first for (_, last), (first, _) in pairwise(in_zone_of_none))


def test_amounts_discounts_and_categories(tmp_path: Path) -> None:
    """The shelf price less both price cuts is what the store received; a coupon is a way of paying."""
    row = {
        "sales_value": 2.78,
        "retail_disc": 0.8,
        "coupon_match_disc": 0.05,
        "coupon_disc": 1.0,
        "quantity": 2,
    }
    read = Statistics()
    (basket,) = read_baskets(read, folder=write(tmp_path, row))
    (line,) = basket.order.lines
    assert (line.amount, line.discount, net_amounts(basket.order)) == (363, 85, [278])
    assert (line.categories, line.brand) == (("MEAT", "BEEF"), "Private")
    assert (read.net, read.discounts, read.coupons_paid) == (278, 85, 100)


def test_odd_lines_are_kept_and_counted(tmp_path: Path) -> None:
    """Zero and negative lines, no quantity and unknown products stay in their basket."""
    rows = [
        {"sales_value": 0.0, "quantity": 0},
        {"sales_value": -0.25},
        {"sales_value": 0.1 + 0.2, "product_id": 5},
    ]
    read = Statistics()
    (basket,) = read_baskets(read, folder=write(tmp_path, *rows))
    assert net_amounts(basket.order) == [0, -25, 30]
    assert [line.quantity for line in basket.order.lines] == [0, 1, 1]
    assert basket.order.lines[2].categories == ()
    assert read == Statistics(
        baskets=1, lines=3, net=5, zero_lines=1, negative_lines=1, zero_quantities=1, unknown_products=1
    )


def test_members_and_limit(tmp_path: Path) -> None:
    """The first households to appear, and no more baskets than asked for."""
    rows = [
        {"household_id": household, "basket_id": 10 + n, "transaction_timestamp": datetime(2017, 1, 1 + n)}
        for n, household in enumerate([3, 1, 3, 2, 1, 3])
    ]
    folder = write(tmp_path, *rows)
    assert [b.customer for b in read_baskets(Statistics(), folder=folder, members=2)] == [
        "3",
        "1",
        "3",
        "1",
        "3",
    ]
    read = Statistics()
    assert [b.customer for b in read_baskets(read, folder=folder, members=2, limit=3)] == ["3", "1", "3"]
    assert read.baskets == 3


@pytest.mark.parametrize(
    "rows",
    [
        [{"sales_value": 0.005}],
        [{"basket_id": 2}, {"basket_id": 1}],
        [{"transaction_timestamp": datetime(2017, 1, 2)}, {"basket_id": 11}],
    ],
    ids=["half a cent", "baskets out of order", "time out of order"],
)
def test_unreadable(tmp_path: Path, rows: list[dict[str, object]]) -> None:
    """Parts of a cent and another order of rows are refused, not passed over."""
    with pytest.raises(Unreadable):
        list(read_baskets(Statistics(), folder=write(tmp_path, *rows)))


def test_the_year_in_the_zone() -> None:
    """The last basket is still of 31 December in New York."""
    last = parse_instant("2018-01-01T04:01:20Z")
    assert datetime_of(last).astimezone(ZoneInfo(TIME_ZONE)).isoformat() == "2017-12-31T23:01:20-05:00"
