"""What must be right about earning rules, campaigns and shared limits beyond types."""

from __future__ import annotations

from perennial.core.conditions.check import campaign_place, line_place, rule_place
from perennial.core.document.program import AttributeType, Campaign, rewards_of
from perennial.core.findings import Findings
from perennial.core.kinds.rule import EarningRule
from perennial.core.labels import trigger_called
from perennial.core.validation.limits import check_limit, check_limits, place_of_rule

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
    if rule.gives() is None or rule.wallet is not None:
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
    _check_gives(findings, path, rule)


def _check_gives(findings: Findings, path: str, rule: EarningRule) -> None:
    """Check that the reward that a rule gives is there, and can be given without a claim."""
    name = rule.gives()
    rewards = {reward.id: reward for reward in rewards_of(findings.program)}
    if name is None or not findings.known(f"{path}.reward", "reward", name, rewards):
        return
    for _, gives in rewards[name].all_gives():
        for benefit in gives:
            out = benefit.hands_out()
            if benefit.card_value() or (out is not None and out.pool is not None):
                words = (
                    "a rule gives no gift cards and no codes of a pool; let members claim those for points"
                )
                findings.add(f"{path}.reward", "not_of_rules", words)
                return


def _check_basis(findings: Findings, path: str, rule: EarningRule) -> None:
    """Check that the trigger has what the rule counts: lines of an order, or numbers of an event."""
    if rule.trigger == ORDER_PAID:
        findings.condition(f"{path}.lines", rule.lines, line_place())
    elif rule.lines is not None:
        words = f"only orders have lines; this rule is triggered by {trigger_called(rule.trigger)}"
        findings.add(f"{path}.lines", "no_lines", words)
    elif rule.needs_lines():
        words = f"this kind of rule counts the lines of an order, but {trigger_called(rule.trigger)} has none"
        findings.add(f"{path}.trigger", "no_lines", words)
    event = findings.program.declarations.events.get(rule.trigger)
    declared = event.attributes if event else {}
    for name in rule.number_attributes():
        if name not in declared or declared[name].type is not AttributeType.INTEGER:
            words = f'declare the attribute "{name}" of {trigger_called(rule.trigger)} as an integer'
            findings.add(f"{path}.attribute", "no_number", words)


def _check_campaign(findings: Findings, path: str, campaign: Campaign) -> None:
    parts = (campaign.earning_rules, campaign.rewards, campaign.messages)
    if campaign.multiplier is None and not any(parts):
        findings.add(path, "empty", "a campaign has a multiplier, earning rules, rewards or messages")
    findings.schedule(f"{path}.schedule", campaign.schedule)
    findings.condition(f"{path}.when", campaign.when, campaign_place())
    findings.multiplier(f"{path}.multiplier", campaign.multiplier)
