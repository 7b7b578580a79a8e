"""The rewards of a version, those of its campaigns included: what their words refer to, looked up once."""

from __future__ import annotations

from collections.abc import Iterable

from perennial.core.benefit import Benefit
from perennial.core.code_entry import shared_form
from perennial.core.compile_limits import LimitBook
from perennial.core.compile_triggers import Compiler
from perennial.core.conditions import AnyOf, Compare, Condition, Operator
from perennial.core.program import Program
from perennial.core.reward import Reward
from perennial.core.stacking import Category
from perennial.core.version import CompiledBenefit, CompiledPrice, CompiledReward

UNSORTED = Category(id="other")
"""How a reward stacks that names no category: with all others that are not exclusive."""


def compile_rewards(program: Program, compiler: Compiler, limits: LimitBook) -> dict[str, CompiledReward]:
    """Return every reward of the program by its id: its own in their order, then the campaigns'."""
    places: list[tuple[int | None, Reward]] = [(None, reward) for reward in program.rewards]
    for index, campaign in enumerate(program.campaigns):
        places += [(index, reward) for reward in campaign.rewards]
    return {reward.id: _compile(program, compiler, limits, index, reward) for index, reward in places}


def shared_codes(rewards: Iterable[Reward]) -> dict[str, str]:
    """Return the ids of the rewards that have a code for everybody, by its form."""
    return {
        shared_form(reward.codes.shared): reward.id
        for reward in rewards
        if reward.codes is not None and reward.codes.shared is not None
    }


def wallet_place(program: Program, name: str | None) -> int:
    """Return the place of the wallet ``name``, or of the program's first one."""
    if name is None:
        return 0
    return [wallet.id for wallet in program.wallets].index(name)


def _compile(
    program: Program, compiler: Compiler, limits: LimitBook, index: int | None, reward: Reward
) -> CompiledReward:
    campaign = None if index is None else program.campaigns[index]
    categories = {category.id: category for category in program.stacking.categories}
    stock = limits.of_stock(reward)
    schedules = [reward.schedule, campaign.schedule if campaign else None]
    return CompiledReward(
        reward=reward,
        wallet=wallet_place(program, reward.wallet),
        bounds=(*(() if stock is None else (stock,)), *limits.of_reward(reward, campaign)),
        gives=_gives(compiler, reward.gives),
        category=UNSORTED if reward.category is None else categories[reward.category],
        campaign=index,
        offered=compiler.test(
            schedules, [_tiers(reward.tiers), reward.when, campaign.when if campaign else None]
        ),
        usable=compiler.test((), [reward.usable_when]),
        prices=_prices(program, compiler, reward),
        stock=stock,
        gives_by_tier={
            tier: _gives(compiler, terms.gives) for tier, terms in reward.by_tier.items() if terms.gives
        },
    )


def _gives(compiler: Compiler, gives: Iterable[Benefit]) -> tuple[CompiledBenefit, ...]:
    return tuple(_compile_benefit(compiler, benefit) for benefit in gives)


def _compile_benefit(compiler: Compiler, benefit: Benefit) -> CompiledBenefit:
    others = tuple(compiler.lines(where) for _, where in benefit.other_filters())
    return CompiledBenefit(benefit, compiler.lines(benefit.line_filter()), others)


def _prices(program: Program, compiler: Compiler, reward: Reward) -> tuple[CompiledPrice, ...]:
    """Return the prices in the order in which they are tried; what everybody pays comes last."""
    prices = [
        CompiledPrice(
            points=price.points,
            wallet=wallet_place(program, price.wallet or reward.wallet),
            fits=compiler.test((), [_tiers(price.tiers), price.when]),
        )
        for price in reward.prices
    ]
    if reward.price is not None:
        prices.append(CompiledPrice(reward.price, wallet_place(program, reward.wallet)))
    return tuple(prices)


def _tiers(tiers: tuple[str, ...]) -> Condition | None:
    if not tiers:
        return None
    return AnyOf(tuple(Compare("member.tier", Operator.IS, tier) for tier in tiers))
