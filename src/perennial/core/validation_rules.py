"""What must be right about earning rules, campaigns, shared limits and rewards beyond types."""

from __future__ import annotations

from perennial.core.condition_check import (
    benefit_place,
    campaign_place,
    line_place,
    member_place,
    order_place,
    rule_place,
)
from perennial.core.findings import Findings
from perennial.core.program import AttributeType, Campaign
from perennial.core.reward import Reward
from perennial.core.rule import EarningRule
from perennial.core.validation_limits import (
    check_limit,
    check_limits,
    place_of_campaign,
    place_of_reward,
    place_of_rule,
)

ORDER_PAID = "order.paid"


def check_rules(findings: Findings) -> None:
    """Check earning rules, shared limits and campaigns, those with rules of their own included."""
    program = findings.program
    paths = [(f"earning_rules[{i}]", rule) for i, rule in enumerate(program.earning_rules)]
    paths += [
        (f"campaigns[{c}].earning_rules[{i}]", rule)
        for c, campaign in enumerate(program.campaigns)
        for i, rule in enumerate(campaign.earning_rules)
    ]
    findings.unique([(path, rule.id) for path, rule in paths], "rule")
    for path, rule in paths:
        _check_rule(findings, path, rule)
    findings.unique([(f"limits[{i}]", limit.id) for i, limit in enumerate(program.limits)], "shared limit")
    for index, limit in enumerate(program.limits):
        check_limit(findings, f"limits[{index}]", limit.limit())
    campaigns = [(f"campaigns[{i}]", campaign) for i, campaign in enumerate(program.campaigns)]
    findings.unique([(path, campaign.id) for path, campaign in campaigns], "campaign")
    for path, campaign in campaigns:
        _check_campaign(findings, path, campaign)


def _check_rule(findings: Findings, path: str, rule: EarningRule) -> None:
    findings.wallet(path, rule.wallet)
    is_known = findings.known(f"{path}.trigger", "event to trigger on", rule.trigger, findings.triggers)
    findings.schedule(f"{path}.schedule", rule.schedule)
    findings.span(f"{path}.cooldown", rule.cooldown)
    findings.all_known(f"{path}.shared_limits", "shared limit", rule.shared_limits, findings.shared_limits)
    if is_known:
        check_limits(findings, path, rule.limits, rule.shared_limits, place_of_rule(findings.program, rule))
    for tier in getattr(rule, "tiers", {}):
        findings.known(f"{path}.tiers.{tier}", "tier", tier, findings.tiers)
    if is_known:
        findings.condition(f"{path}.when", rule.when, rule_place(rule.trigger))
        _check_basis(findings, path, rule)


def _check_basis(findings: Findings, path: str, rule: EarningRule) -> None:
    """Check that the trigger has what the rule counts: lines of an order, or numbers of an event."""
    if rule.trigger == ORDER_PAID:
        findings.condition(f"{path}.lines", rule.lines, line_place())
    elif rule.lines is not None:
        words = f"only orders have lines; this rule is triggered by {rule.trigger}"
        findings.add(f"{path}.lines", "no_lines", words)
    elif rule.needs_lines():
        words = f"this kind of rule counts the lines of an order, but {rule.trigger} has none"
        findings.add(f"{path}.trigger", "no_lines", words)
    event = findings.program.declarations.events.get(rule.trigger)
    declared = event.attributes if event else {}
    for name in rule.number_attributes():
        if name not in declared or declared[name].type is not AttributeType.INTEGER:
            words = f'declare the attribute "{name}" of {rule.trigger} as an integer'
            findings.add(f"{path}.attribute", "no_number", words)


def _check_campaign(findings: Findings, path: str, campaign: Campaign) -> None:
    if campaign.multiplier is None and not campaign.earning_rules and not campaign.rewards:
        findings.add(path, "empty", "a campaign has a multiplier, earning rules or rewards")
    findings.schedule(f"{path}.schedule", campaign.schedule)
    findings.condition(f"{path}.when", campaign.when, campaign_place())
    findings.multiplier(f"{path}.multiplier", campaign.multiplier)


def check_rewards(findings: Findings) -> None:
    """Check every reward of the program."""
    program = findings.program
    categories = [category.id for category in program.stacking.categories]
    rewards = [(f"rewards[{i}]", reward) for i, reward in enumerate(program.rewards)]
    for c, campaign in enumerate(program.campaigns):
        rewards += [(f"campaigns[{c}].rewards[{i}]", reward) for i, reward in enumerate(campaign.rewards)]
        check_limits(findings, f"campaigns[{c}]", campaign.limits, (), place_of_campaign(program, campaign))
    findings.unique([(path, reward.id) for path, reward in rewards], "reward")
    for path, reward in rewards:
        _check_reward(findings, path, reward, categories)


def _check_reward(findings: Findings, path: str, reward: Reward, categories: list[str]) -> None:
    if reward.price is not None or reward.wallet is not None:
        findings.wallet(path, reward.wallet)
    if not reward.gives:
        findings.add(f"{path}.gives", "empty", "a reward gives at least one benefit")
    if reward.category is not None:
        findings.known(f"{path}.category", "category", reward.category, categories)
    for index, benefit in enumerate(reward.gives):
        at = f"{path}.gives[{index}]"
        for field, where in [("lines", benefit.line_filter()), *benefit.other_filters()]:
            findings.condition(f"{at}.{field}", where, benefit_place())
        for problem in benefit.problems():
            findings.add(f"{at}.{problem.path}", problem.code, problem.words)
    findings.condition(f"{path}.usable_when", reward.usable_when, order_place())
    findings.all_known(f"{path}.shared_limits", "shared limit", reward.shared_limits, findings.shared_limits)
    findings.all_known(f"{path}.tiers", "tier", reward.tiers, findings.tiers)
    findings.condition(f"{path}.when", reward.when, member_place())
    findings.schedule(f"{path}.schedule", reward.schedule)
    findings.span(f"{path}.expires_after", reward.expires_after)
    place = place_of_reward(findings.program)
    check_limits(findings, path, reward.limits, reward.shared_limits, place)
