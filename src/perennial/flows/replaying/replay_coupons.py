"""The campaigns and coupons of a replay: codes for the households that were sent them, used on baskets.

Every campaign of the data becomes a campaign of the program with one reward, whose codes are bound to the
households. A household gets its code with its first basket while the campaign runs. The data tells the day
of a redemption and not the basket: it is *attributed* to the household's first basket from that day on,
within the campaign, that holds a product of the coupon. There the code is redeemed, for a nominal amount,
since the data does not tell what a coupon was worth.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import msgspec

from perennial.connectors.complete_journey import Basket
from perennial.connectors.complete_journey_coupons import CouponCampaign, CouponRedemption, Coupons
from perennial.core.document.text import parse_text
from perennial.flows.answers import Answer
from perennial.flows.batcher import Intake
from perennial.flows.commands import Asked, PostRedemption, PutCustomer
from perennial.flows.handling.quote_answers import RedemptionAnswer
from perennial.flows.vouchers.batches import NewBatch, create_batch

WORTH = 100
"""What a coupon takes off, in cents: a nominal amount."""

_read_answer = msgspec.json.Decoder(RedemptionAnswer).decode


class CouponFigures(msgspec.Struct):
    """What became of the campaigns: codes given out, and redemptions in the data that found a basket."""

    campaigns: int = 0
    codes: int = 0
    redemptions: int = 0
    attributed: int = 0


class CouponReplay:
    """Gives out codes and redeems them, along the baskets of a replay."""

    def __init__(self, intake: Intake, workspace_id: int, program: str, coupons: Coupons) -> None:
        self._intake = intake
        self._workspace_id = workspace_id
        self._program = program
        self._campaigns = {campaign.number: campaign for campaign in coupons.campaigns}
        self._waiting: dict[str, list[tuple[int, CouponRedemption]]] = defaultdict(list)
        for number, redemption in enumerate(coupons.redemptions):
            self._waiting[redemption.household].append((number, redemption))
        self._given: set[tuple[int, str]] = set()
        self._redeemed = coupons.redemptions
        self._shoppers: set[str] = set()
        self._last = date.min
        self.figures = CouponFigures(campaigns=len(coupons.campaigns))

    def document(self, text: str) -> str:
        """Return the program's document with the campaigns of the data."""
        data, problems = parse_text(text)
        if not isinstance(data, dict) or problems:
            raise ValueError("the sample program cannot be read")
        campaigns = [_campaign(campaign) for campaign in self._campaigns.values()]
        return msgspec.json.encode(data | {"campaigns": [*data.get("campaigns", ()), *campaigns]}).decode()

    async def give_codes(self, day: date, baskets: Sequence[Basket]) -> None:
        """Give the households of a day's baskets their codes of the campaigns that run."""
        shopping = {basket.customer for basket in baskets}
        self._shoppers |= shopping
        self._last = day
        for campaign in self._campaigns.values():
            if not campaign.starts <= day <= campaign.ends:
                continue
            new = sorted(
                household
                for household in shopping & campaign.households
                if (campaign.number, household) not in self._given
            )
            if new:
                await self._give(campaign, day, new)

    async def _give(self, campaign: CouponCampaign, day: date, households: list[str]) -> None:
        await self._intake.submit_many(
            self._workspace_id, [PutCustomer(customer=household) for household in households]
        )
        batch = NewBatch(
            id=f"campaign-{campaign.number}-{day}",
            reward=f"{self._program}/{_name(campaign)}",
            codes=tuple(code_of(campaign.number, household) for household in households),
            customers=tuple(households),
            all_or_nothing=True,
        )
        await create_batch(self._intake.handler, self._workspace_id, batch, "replay")
        self._given.update((campaign.number, household) for household in households)
        self.figures.codes += len(households)

    def redemptions_of(self, basket: Basket, day: date) -> Iterator[PostRedemption]:
        """Return what the basket redeems: one code for each redemption that it is the first to fit."""
        waiting = self._waiting.get(basket.customer)
        if not waiting:
            return
        bought = {line.sku for line in basket.order.lines}
        left = []
        for number, redemption in waiting:
            campaign = self._campaigns[redemption.campaign]
            if redemption.on <= day <= campaign.ends and not bought.isdisjoint(redemption.products):
                code = code_of(redemption.campaign, basket.customer)
                yield PostRedemption(
                    id=f"coupon-{number}",
                    customer=basket.customer,
                    at=basket.at,
                    order=basket.order,
                    redeem=(Asked(code=code),),
                    order_id=basket.order_id,
                )
            else:
                left.append((number, redemption))
        self._waiting[basket.customer] = left

    def result(self) -> CouponFigures:
        """Return the figures once all baskets were sent; redemptions are of households that shopped."""
        self.figures.redemptions = sum(
            redemption.on <= self._last and redemption.household in self._shoppers
            for redemption in self._redeemed
        )
        return self.figures

    def count(self, answers: Iterable[Answer]) -> None:
        """Count the redemptions that went through."""
        for answer in answers:
            redeemable = _read_answer(answer.body).quote.redeemables[0]
            self.figures.attributed += redeemable.status == "applicable"


def _campaign(campaign: CouponCampaign) -> dict[str, Any]:
    reward = {
        "id": _name(campaign),
        "name": f"Coupons of campaign {campaign.number}",
        "gives": [{"type": "amount_off", "value": WORTH}],
        "codes": {"pattern": "CJ-########", "bound": True, "uses": 1_000},
    }
    schedule = {"starts": campaign.starts.isoformat(), "ends": campaign.ends.isoformat()}
    return {"id": _name(campaign), "schedule": schedule, "rewards": [reward]}


def _name(campaign: CouponCampaign) -> str:
    return f"coupons-{campaign.number}"


def code_of(campaign: int, household: str) -> str:
    """Return a household's code of a campaign.

    Both numbers have their places, because dashes do not count: CJ-1-23 would be read as CJ-12-3.
    """
    return f"CJ-{campaign:02}-{household:>05}"
