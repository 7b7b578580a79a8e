"""The rewards of a version, those of its campaigns included: what their words refer to, looked up once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from perennial.core.codes.entry import shared_form
from perennial.core.compiling.limits import LimitBook
from perennial.core.compiling.triggers import Compiler, Place
from perennial.core.dates.schedule import Schedule
from perennial.core.document.program import Campaign, Program, campaigns_in_turn
from perennial.core.document.referral_terms import incentive_rewards
from perennial.core.document.reward import Reward
from perennial.core.document.stacking import Category
from perennial.core.kinds.benefit import Base, Benefit, level_of
from perennial.core.terms.conditions import AnyOf, Compare, Condition, Operator
from perennial.core.terms.thresholds import Course, asked_of, course_of, looks_at_lines
from perennial.core.version import CompiledBenefit, CompiledPrice, CompiledReward

UNSORTED = Category(id="")
"""How a reward stacks that names no category: with all others that are not exclusive."""


def compile_rewards(program: Program, compiler: Compiler, limits: LimitBook) -> dict[str, CompiledReward]:
    """Return every reward of the program by its id: its own, the campaigns', what referrals give."""
    places: list[tuple[int | None, Reward]] = [(None, reward) for reward in program.rewards]
    for index, campaign in campaigns_in_turn(program):
        places += [(index, reward) for reward in campaign.rewards]
    places += [(None, reward) for each in program.challenges if (reward := each.reward()) is not None]
    places += [(None, reward) for _, reward in incentive_rewards(program.referrals)]
    return {
        reward.id: _compile(program, compiler, limits, index, place, reward)
        for place, (index, reward) in enumerate(places)
    }


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


def by_themselves(rewards: Iterable[CompiledReward]) -> tuple[CompiledReward, ...]:
    """Return the rewards that apply to orders by themselves."""
    return tuple(compiled for compiled in rewards if compiled.reward.automatic and compiled.works_on_orders)


def by_price(rewards: Iterable[CompiledReward]) -> tuple[CompiledReward, ...]:
    """Return the rewards that can be claimed for points, those first that are the cheapest for somebody."""
    prices = [
        (compiled.lowest_price, compiled.place, compiled) for compiled in rewards if compiled.lowest_price
    ]
    return tuple(compiled for _, _, compiled in sorted(prices, key=lambda one: one[:2]))


def automatic_finders(
    program: Program, compiler: Compiler, automatic: Sequence[CompiledReward]
) -> tuple[Callable[..., list[int]], Callable[..., tuple[list[int], list[int]]]] | None:
    """Return the functions that find the automatic rewards of an order; None if there are none.

    ``find(at, order, nets, event, snapshot)`` gives the indexes of those that are offered and for this order,
    and of which it reaches the thresholds; the second function gives those as well of which it does not.
    What may come to hold while amounts fall is not asked.
    """
    if not automatic:
        return None
    places: list[Place] = []
    for compiled in automatic:
        reward = compiled.reward
        campaign = None if compiled.campaign is None else program.campaigns[compiled.campaign]
        asked = asked_of(reward.usable_when)
        initial = reward.judged_on is Base.INITIAL
        lasting = [part for part in asked.besides if initial or not course_of(part).begins]
        schedules, conditions = _offered(reward, campaign)
        places.append((schedules, [*conditions, *lasting], asked.thresholds))
    return compiler.finder(places), compiler.near_finder(places)


def _offered(
    reward: Reward, campaign: Campaign | None
) -> tuple[list[Schedule | None], list[Condition | None]]:
    """Return when a reward is offered, and to whom."""
    schedules = [reward.schedule, campaign.schedule if campaign else None]
    return schedules, [_tiers(reward.tiers), reward.when, campaign.when if campaign else None]


def _compile(
    program: Program, compiler: Compiler, limits: LimitBook, index: int | None, place: int, reward: Reward
) -> CompiledReward:
    campaign = None if index is None else program.campaigns[index]
    categories = {category.id: category for category in program.stacking.categories}
    category = UNSORTED if reward.category is None else categories[reward.category]
    schedules, conditions = _offered(reward, campaign)
    asked = asked_of(reward.usable_when)
    reduced = reward.usable_when if reward.judged_on is Base.REDUCED else None
    course = Course() if reduced is None else course_of(reduced)
    stock = limits.of_stock(reward)
    return CompiledReward(
        reward=reward,
        wallet=wallet_place(program, reward.wallet),
        bounds=(*(() if stock is None else (stock,)), *limits.of_reward(reward, campaign)),
        gives=_gives(compiler, reward.gives),
        category=category,
        campaign=index,
        offered=compiler.test(schedules, conditions),
        usable=compiler.test((), [reward.usable_when]),
        prices=_prices(program, compiler, reward),
        stock=stock,
        gives_by_tier={
            tier: _gives(compiler, terms.gives) for tier, terms in reward.by_tier.items() if terms.gives
        },
        place=place,
        level=level_of(reward.gives),
        combines=reward.combines or category.combines,
        from_total=asked.total,
        from_quantity=asked.quantity,
        besides=compiler.test((), asked.besides) if asked.thresholds else None,
        by_total=reduced is None or not looks_at_lines(reduced),
        wavers=course.begins or course.ceases,
        recovers=course.begins,
        only_by_total=reward.usable_when is not None
        and all(course_of(part) == Course() for part in asked.besides),
    )


def _gives(compiler: Compiler, gives: Iterable[Benefit]) -> tuple[CompiledBenefit, ...]:
    return tuple(_compile_benefit(compiler, benefit) for benefit in gives)


def _compile_benefit(compiler: Compiler, benefit: Benefit) -> CompiledBenefit:
    others = tuple(compiler.lines(where) for _, where in benefit.other_filters())
    return CompiledBenefit(benefit, compiler.lines(benefit.line_filter()), others, benefit.level())


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
    each = [Compare("member.tier", Operator.IS, tier) for tier in tiers]
    return each[0] if len(each) == 1 else AnyOf(tuple(each))
