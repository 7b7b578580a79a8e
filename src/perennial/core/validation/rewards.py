"""What must be right about rewards beyond types: what they refer to, what they cost and what they give."""

from __future__ import annotations

from perennial.core.conditions.check import benefit_place, member_place, order_place
from perennial.core.dates.schedule import end_instant, start_instant
from perennial.core.document.referral_terms import incentive_rewards
from perennial.core.document.reward import Reward
from perennial.core.entitlements import MOVES
from perennial.core.findings import Findings
from perennial.core.kinds.benefit import Benefit
from perennial.core.pricing.redeemables import Reason
from perennial.core.problems import join_path
from perennial.core.refusals import RefusalCode
from perennial.core.validation.limits import check_limits, place_of_campaign, place_of_reward

_REASONS = tuple(sorted({*map(str, Reason), *map(str, RefusalCode)}))
"""What a reward may be refused for: in a cart, or where it is claimed."""


def check_rewards(findings: Findings) -> None:
    """Check every reward of the program, those of campaigns and what referrals give included."""
    program = findings.program
    categories = [category.id for category in program.stacking.categories]
    rewards = [(f"rewards[{i}]", reward) for i, reward in enumerate(program.rewards)]
    for c, campaign in enumerate(program.campaigns):
        rewards += [(f"campaigns[{c}].rewards[{i}]", reward) for i, reward in enumerate(campaign.rewards)]
        check_limits(findings, f"campaigns[{c}]", campaign.limits, (), place_of_campaign(program, campaign))
    findings.unique([(path, reward.id) for path, reward in rewards], "reward")
    rewards += incentive_rewards(program.referrals)
    pools = [reward.id for _, reward in rewards if reward.codes is not None]
    for path, reward in rewards:
        _check_reward(findings, path, reward, categories)
        _check_price(findings, path, reward)
        _check_in_part(findings, path, reward)
        counts_units = _counts_units(findings, reward)
        for where, gives in reward.all_gives():
            check_codes_given(findings, f"{path}.{where}", gives)
            for index, benefit in enumerate(gives):
                _check_benefit(findings, f"{path}.{where}[{index}]", reward, benefit, pools)
                if counts_units and benefit.level() is not None and not benefit.by_units():
                    words = "a limit counts units here: give what makes units cheaper, such as target: units"
                    findings.add(f"{path}.{where}[{index}]", "not_by_units", words)


def _check_reward(findings: Findings, path: str, reward: Reward, categories: list[str]) -> None:
    if not reward.gives:
        findings.add(f"{path}.gives", "empty", "a reward gives at least one benefit")
    if reward.category is not None:
        findings.known(f"{path}.category", "category", reward.category, categories)
    findings.condition(f"{path}.usable_when", reward.usable_when, order_place())
    findings.all_known(f"{path}.shared_limits", "shared limit", reward.shared_limits, findings.shared_limits)
    findings.all_known(f"{path}.tiers", "tier", reward.tiers, findings.tiers)
    findings.condition(f"{path}.when", reward.when, member_place())
    findings.schedule(f"{path}.schedule", reward.schedule)
    findings.span(f"{path}.expires_after", reward.expires_after)
    for tier, terms in reward.by_tier.items():
        findings.known(join_path(f"{path}.by_tier", tier), "tier", tier, findings.tiers)
        findings.span(f"{path}.by_tier.{tier}.expires_after", terms.expires_after)
        if not terms.gives and terms.expires_after is None:
            findings.add(f"{path}.by_tier.{tier}", "empty", "say what this tier gets, or for how long")
    place = place_of_reward(findings.program)
    check_limits(findings, path, reward.limits, reward.shared_limits, place)
    _check_waiting_list(findings, path, reward)
    _check_refusals(findings, f"{path}.refusals", reward)
    if reward.room() == 0:
        findings.add(path, "no_stock", "there is not enough stock for a single claim; leave the reward out")


def _check_refusals(findings: Findings, path: str, reward: Reward) -> None:
    """Check that every text says something, and that at most one is for each reason."""
    seen: set[str] = set()
    for index, each in enumerate(reward.refusals):
        here = f"{path}[{index}]"
        if not each.text:
            findings.add(f"{here}.text", "empty", "say it in one language at least")
        findings.all_known(f"{here}.reasons", "reason", each.reasons, _REASONS)
        twice = seen.intersection(each.reasons or ("",))
        if twice:
            words = f"another text is for {', '.join(sorted(twice))}"
            if not each.reasons:
                words = "another text is for all other reasons"
            findings.add(f"{here}.reasons", "duplicate", words)
        seen.update(each.reasons or ("",))


def _check_waiting_list(findings: Findings, path: str, reward: Reward) -> None:
    """Check that what somebody waits for can run out and be claimed, and is not a code of a pool."""
    if reward.waiting_list is None:
        return
    handed = [benefit.hands_out() for _, gives in reward.all_gives() for benefit in gives]
    if reward.room() is None:
        words = "nobody has to wait for what has no end: say how many there are"
        findings.add(f"{path}.waiting_list", "never_all_taken", words)
    if not reward.has_price:
        words = "only what is claimed for points can be waited for: say its price"
        findings.add(f"{path}.waiting_list", "no_price", words)
    if any(out is not None and out.pool is not None for out in handed):
        words = "codes of a pool are there or not, and nobody can wait for one"
        findings.add(f"{path}.waiting_list", "of_a_pool", words)


def _counts_units(findings: Findings, reward: Reward) -> bool:
    shared = [limit.limit() for limit in findings.program.limits if limit.id in reward.shared_limits]
    return any(limit.units is not None for limit in (*reward.limits, *shared))


def _check_price(findings: Findings, path: str, reward: Reward) -> None:
    """Check the prices: known wallets, and none behind one of the same wallet that everybody pays."""
    if reward.wallet is not None or reward.price is not None:
        findings.wallet(path, reward.wallet)
    default = reward.wallet or next(iter(findings.wallets), None)
    wallets = [price.wallet or default for price in reward.prices]
    wallets += [default] if reward.price is not None else []
    for index, price in enumerate(reward.prices):
        here = f"{path}.prices[{index}]"
        findings.wallet(here, price.wallet or reward.wallet)
        findings.all_known(f"{here}.tiers", "tier", price.tiers, findings.tiers)
        findings.condition(f"{here}.when", price.when, member_place())
        if not price.tiers and price.when is None and wallets[index] in wallets[index + 1 :]:
            words = "everybody pays this price, so that those of its wallet behind it are never looked at"
            findings.add(here, "never_reached", words)


def _check_in_part(findings: Findings, path: str, reward: Reward) -> None:
    """Check that there is a price of which a part can be paid."""
    if reward.in_part is None:
        return
    prices = [price.points for price in reward.prices] + ([] if reward.price is None else [reward.price])
    if not any(prices):
        findings.add(f"{path}.in_part", "no_price", "it has no price of which points could pay a part")
    elif reward.in_part.least > max(prices):
        words = f"at least {reward.in_part.least} points are more than its price of {max(prices)}"
        findings.add(f"{path}.in_part.least", "more_than_price", words)


def _check_benefit(findings: Findings, path: str, reward: Reward, benefit: Benefit, pools: list[str]) -> None:
    for field, where in [("lines", benefit.line_filter()), *benefit.other_filters()]:
        findings.condition(f"{path}.{field}", where, benefit_place())
    for problem in benefit.problems():
        findings.add(f"{path}.{problem.path}", problem.code, problem.words)
    out = benefit.hands_out()
    if reward.automatic and benefit.level() is None and (out is None or out.state not in MOVES or out.amount):
        words = "only what works on an order, or a perk, is given by itself; the rest has to be claimed"
        findings.add(path, "not_automatic", words)
    if benefit.room() is not None and benefit not in reward.gives:
        words = "what differs by tier shares the stock of the reward; say stock there"
        findings.add(path, "stock_by_tier", words)
    if out is None:
        return
    if out.points:
        findings.wallet(path, out.wallet)
    if out.pool is not None:
        findings.known(f"{path}.pool", "reward with codes", out.pool, pools)
    _check_moments(findings, path, out.starts, out.ends)


def check_codes_given(findings: Findings, path: str, gives: tuple[Benefit, ...]) -> None:
    """Check that a claim gives the member one code at most: that of a voucher, or one of a pool."""
    handed = [benefit.hands_out() for benefit in gives]
    pools = sum(1 for out in handed if out is not None and out.pool is not None)
    if pools + any(benefit.needs_voucher() for benefit in gives) > 1:
        words = "a claim gives one code: a code of a pool comes alone, or with what needs no voucher"
        findings.add(path, "one_code", words)


def _check_moments(findings: Findings, path: str, starts: str | None, ends: str | None) -> None:
    """Check that a start and an end can be read and come in this order."""
    bounds: list[int | None] = []
    for field, text, read in (("starts", starts, start_instant), ("ends", ends, end_instant)):
        try:
            bounds.append(None if text is None else read(text, findings.zone))
        except ValueError as error:
            findings.add(f"{path}.{field}", "bad_moment", str(error))
            return
    if bounds[0] is not None and bounds[1] is not None and bounds[1] <= bounds[0]:
        findings.add(f"{path}.ends", "ends_before_start", f"it ends ({ends}) before it starts ({starts})")
