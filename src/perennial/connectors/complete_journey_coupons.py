"""The campaigns of the Complete Journey: who was sent coupons when, and which of them were redeemed.

The tables tell for each of 27 campaigns its first and last day and the households that it was sent to,
for each coupon of a campaign the products that it is for, and 2,102 redemptions: which household redeemed
which coupon on which day. They do not tell in which basket, nor what a coupon was worth.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from perennial.connectors.complete_journey import find_folder, parquet_file


class CouponCampaign(msgspec.Struct, frozen=True):
    """One campaign: its number, its first and last local day, and the households that it was sent to."""

    number: int
    starts: date
    ends: date
    households: frozenset[str]


class CouponRedemption(msgspec.Struct, frozen=True):
    """A coupon that a household redeemed on a local day, and the products (as SKUs) that it is for."""

    household: str
    campaign: int
    on: date
    products: frozenset[str]


class Coupons(msgspec.Struct, frozen=True):
    """All campaigns, and all redemptions in the order of their days."""

    campaigns: tuple[CouponCampaign, ...]
    redemptions: tuple[CouponRedemption, ...]


def read_coupons(folder: Path | None = None) -> Coupons:
    """Read the campaigns and redemptions; raise :class:`NotInstalled` where the data is not there."""
    where = find_folder() if folder is None else folder
    households: dict[int, set[str]] = defaultdict(set)
    for campaign, household in _rows(where / "campaigns.parquet", "campaign_id", "household_id"):
        households[campaign].add(str(household))
    campaigns = [
        CouponCampaign(number, _day(starts), _day(ends), frozenset(households[number]))
        for number, starts, ends in _rows(
            where / "campaign_descriptions.parquet", "campaign_id", "start_date", "end_date"
        )
    ]
    redeemed = list(
        _rows(
            where / "coupon_redemptions.parquet",
            "household_id",
            "coupon_upc",
            "campaign_id",
            "redemption_date",
        )
    )
    wanted = {(coupon, campaign) for _, coupon, campaign, _ in redeemed}
    products: dict[tuple[int, int], set[str]] = defaultdict(set)
    for coupon, product, campaign in _rows(
        where / "coupons.parquet", "coupon_upc", "product_id", "campaign_id"
    ):
        if (coupon, campaign) in wanted:
            products[coupon, campaign].add(str(product))
    redemptions = [
        CouponRedemption(str(household), campaign, _day(on), frozenset(products[coupon, campaign]))
        for household, coupon, campaign, on in redeemed
    ]
    return Coupons(
        tuple(sorted(campaigns, key=lambda campaign: campaign.number)),
        tuple(sorted(redemptions, key=lambda redemption: redemption.on)),
    )


def _rows(path: Path, *columns: str) -> Any:
    with parquet_file(path) as file:
        table = file.read(columns=list(columns))
    return zip(*(table.column(name).to_pylist() for name in columns), strict=True)


def _day(moment: Any) -> date:
    return date(moment.year, moment.month, moment.day)
