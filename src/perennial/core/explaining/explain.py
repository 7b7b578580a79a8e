"""Why an event earned what it earned: recomputed from the event, the version and the stored snapshot.

Nothing is stored for it. The rules are judged again by the same functions as in the decision; what did
not fire is walked to find the condition that said no, and the value that it saw. A law demands that the
points explained equal the points decided.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from perennial.core.conditions.scope import Scope, date_or_none
from perennial.core.conditions.walk import Seen, matching_lines, refusing
from perennial.core.conditions.words import describe
from perennial.core.currency import format_money, in_program_currency
from perennial.core.dates.schedule import Schedule, compile_schedule
from perennial.core.document.multipliers import UNCHANGED, format_factor
from perennial.core.earn import (
    EarningEvent,
    Gift,
    Judgment,
    contributions,
    joined_later,
    judge,
    trigger_of,
    waiting_for,
)
from perennial.core.effects import Debit, FallShort
from perennial.core.events import OrderPaid
from perennial.core.explaining.explanation import (
    CampaignExplanation,
    Explanation,
    MessageExplanation,
    RuleExplanation,
)
from perennial.core.explaining.retelling import retell
from perennial.core.explaining.words import (
    called,
    date_words,
    gift_words,
    household_words,
    local_words,
    message_words,
    reward_words,
    seen_words,
    settled_words,
    variant_words,
    whole_words,
)
from perennial.core.facts import BIRTHDAY
from perennial.core.kinds.message import Message
from perennial.core.kinds.rule import ONE, EarningRule, Writing, count_points
from perennial.core.labels import trigger_called
from perennial.core.language import Language
from perennial.core.languages import ENGLISH
from perennial.core.orders.order import line_ids, net_amounts
from perennial.core.snapshot import Snapshot
from perennial.core.switches import off_of
from perennial.core.terms.conditions import Condition
from perennial.core.version import CompiledMessage, CompiledRule, Version, depends_on
from perennial.core.version_scope import scope_of
from perennial.core.wallets.credit import credit_award
from perennial.core.wallets.dates import lot_key
from perennial.ledger.account import Account
from perennial.units import Points, format_instant, format_units


class _Setting(msgspec.Struct, frozen=True):
    """Everything that the parts of one explanation share."""

    event: EarningEvent
    version: Version
    snapshot: Snapshot
    judgment: Judgment
    scope: Scope
    refused: Mapping[str, str]
    language: Language

    def say(self, words: str) -> str:
        """Return what is said in English in the language of the explanation."""
        return retell(words, self.language)

    def written(self, points: dict[str, Points]) -> dict[str, str]:
        """Return points by wallet as a person writes them, with the decimals of their wallet."""
        places = {wallet.spec.id: wallet.spec.decimals for wallet in self.version.wallets}
        return {wallet: format_units(amount, places[wallet]) for wallet, amount in points.items()}


def explain(
    event: EarningEvent,
    version: Version,
    snapshot: Snapshot,
    refused: Mapping[str, str] | None = None,
    language: Language = ENGLISH,
) -> Explanation:
    """Explain what ``event`` earned under ``version``; ``snapshot`` is the one that its decision read.

    ``refused`` says, by the ids of rules, why rewards that they had for the event were not given: that was
    decided after it. Everything that people read is in ``language``.
    """
    judgment = judge(event, version, snapshot)
    order = in_program_currency(event.order, version.program) if isinstance(event, OrderPaid) else None
    nets = net_amounts(order) if order is not None else []
    scope = scope_of(version, snapshot, event.at, event=event, order=order, nets=nets)
    setting = _Setting(event, version, snapshot, judgment, scope, refused or {}, language)
    gifts = {gift.index: gift for gift in judgment.gifts()}
    rules = tuple(
        _explain_rule(setting, compiled, gifts.get(index)) for index, compiled in enumerate(version.rules)
    )
    points: dict[str, Points] = {}
    for rule in rules:
        if rule.fired:
            points[rule.wallet] = points.get(rule.wallet, 0) + rule.points
    made_up, paid_off = _settled(setting, points)
    settled = [
        setting.say(words) for words in settled_words(setting.written(made_up), setting.written(paid_off))
    ]
    fired = [rule.words for rule in rules if rule.fired]
    messages = tuple(_explain_message(setting, compiled) for compiled in version.messages)
    sent = [language.sentence.format(clause=message.words) for message in messages if message.fired]
    return Explanation(
        program=version.program.program,
        version=version.number,
        trigger=trigger_of(event),
        at=format_instant(event.at),
        words=" ".join([*_whole(setting, points, [*fired, *settled]), *sent, *_rest(setting)]),
        tier=snapshot.tier,
        household=None if snapshot.together is None else snapshot.together.name,
        why_not=None if judgment.why_not is None else setting.say(judgment.why_not),
        variants=dict(scope.variants),
        points=points,
        made_up=made_up,
        paid_off=paid_off,
        campaigns=_explain_campaigns(setting),
        rules=rules,
        messages=messages,
    )


def _whole(setting: _Setting, points: dict[str, Points], told: list[str]) -> list[str]:
    """Say the whole: what was earned, or why nothing was, and then what is told of it."""
    why_not = setting.judgment.why_not
    said = setting.say(whole_words(setting.written(points), why_not, fired=bool(told)))
    if why_not is not None or not told:
        return [said]
    return [said, *(setting.language.sentence.format(clause=words) for words in told)]


def _rest(setting: _Setting) -> list[str]:
    """Say which variants the member had, and for which household tier and limits were counted."""
    words = [*variant_words(setting.scope.variants), *household_words(setting.snapshot.together)]
    return [setting.say(each) for each in words]


def _settled(setting: _Setting, points: dict[str, Points]) -> tuple[dict[str, Points], dict[str, Points]]:
    """Return what of the points went against an earlier shortfall, and against a debt, by wallet."""
    version, snapshot, event = setting.version, setting.snapshot, setting.event
    made_up: dict[str, Points] = {}
    paid_off: dict[str, Points] = {}
    for index, wallet in enumerate(version.wallets):
        earned, figures = points.get(wallet.spec.id, 0), snapshot.wallets[index]
        if not earned or not (figures.shortfall or figures.debt):
            continue
        waits_for = waiting_for(event) if wallet.waits else None
        effects, _ = credit_award(version, index, earned, snapshot.tier, event.at, waits_for, figures)
        for effect in effects:
            if isinstance(effect, FallShort):
                made_up[wallet.spec.id] = -effect.amount
            elif isinstance(effect, Debit) and effect.target is Account.DEBT:
                paid_off[wallet.spec.id] = effect.amount
    return made_up, paid_off


def _explain_campaigns(setting: _Setting) -> tuple[CampaignExplanation, ...]:
    """Say of every campaign whether it applied; those that concern no rule of the trigger are left out."""
    trigger = trigger_of(setting.event)
    explained = []
    for index, campaign in enumerate(setting.version.program.campaigns):
        if setting.judgment.why_not is not None or not _concerns(setting.version, index, trigger):
            continue
        applied = bool(setting.judgment.active >> index & 1)
        because: tuple[Seen, ...] = ()
        name = called(campaign.id, campaign.name)
        words = f"Campaign {name}: applied."
        if not applied:
            off = off_of(setting.version, setting.snapshot).why_campaigns.get(index)
            if off is not None:
                reason = off
            else:
                reason, because = _refusal(setting, campaign.schedule, campaign.when)
            words = f"Campaign {name}: did not apply: {reason}."
        explained.append(
            CampaignExplanation(
                campaign=campaign.id, applied=applied, words=setting.say(words), because=because
            )
        )
    return tuple(explained)


def _concerns(version: Version, campaign: int, trigger: str) -> bool:
    return any(
        compiled.rule.trigger == trigger and depends_on(compiled, campaign) for compiled in version.rules
    ) or any(
        compiled.message.trigger == trigger and compiled.campaign == campaign for compiled in version.messages
    )


def _reward_called(version: Version, reward: str) -> str:
    known = version.rewards.get(reward)
    return reward if known is None else called(reward, known.reward.name)


def _explain_rule(setting: _Setting, compiled: CompiledRule, gift: Gift | None) -> RuleExplanation:
    rule = compiled.rule
    version = setting.version
    name = called(rule.id, rule.name)
    explanation = RuleExplanation(
        rule=rule.id,
        name=rule.name,
        trigger=rule.trigger,
        wallet=version.wallets[compiled.wallet].spec.id,
        campaign=None if compiled.campaign is None else version.program.campaigns[compiled.campaign].id,
        fired=gift is not None,
        words="",
    )
    if gift is not None:
        return _explain_gift(setting, compiled, gift, explanation)
    if rule.gives() is not None and compiled in _rewarding(setting):
        why_not = setting.refused.get(rule.id)
        words = setting.say(reward_words(name, _reward_called(version, rule.gives() or ""), why_not))
        cut_by = None if why_not is None else setting.say(why_not)
        return msgspec.structs.replace(explanation, fired=True, words=words, cut_by=cut_by)
    off = off_of(version, setting.snapshot).rules.get(rule.id)
    reason, because = _why_silent(setting, rule, compiled.campaign, off, needs_lines=rule.needs_lines())
    reason = reason or "the points come to 0"
    return msgspec.structs.replace(
        explanation, words=setting.say(f"Rule {name}: did not fire: {reason}."), because=because
    )


def _explain_message(setting: _Setting, compiled: CompiledMessage) -> MessageExplanation:
    message, version = compiled.message, setting.version
    ready = {each.id: why_not for each, why_not in setting.judgment.messages}
    explanation = MessageExplanation(
        message=message.id,
        channel=message.channel(),
        trigger=message.trigger,
        fired=compiled.id in ready,
        words="",
        name=message.name,
        campaign=None if compiled.campaign is None else version.program.campaigns[compiled.campaign].id,
    )
    if compiled.id in ready:
        why_not = ready[compiled.id]
        words = setting.say(message_words(called(message.id, message.name), why_not))
        cut_by = None if why_not is None else setting.say(why_not)
        return msgspec.structs.replace(explanation, words=words, cut_by=cut_by)
    off = off_of(version, setting.snapshot).messages.get(message.id)
    if joined_later(setting.event.at, version, setting.snapshot):
        off = "the customer joined later"
    reason, because = _why_silent(setting, message, compiled.campaign, off)
    return msgspec.structs.replace(
        explanation, words=setting.say(f"Message {message.id}: did not fire: {reason}."), because=because
    )


def _rewarding(setting: _Setting) -> list[CompiledRule]:
    return [setting.version.rules[index] for index in setting.judgment.rewarding]


def _explain_gift(
    setting: _Setting, compiled: CompiledRule, gift: Gift, explanation: RuleExplanation
) -> RuleExplanation:
    """Fill in the numbers of a rule that fired."""
    event, version, order = setting.event, setting.version, setting.scope.order
    rule = compiled.rule
    ids = line_ids(order) if order is not None else []
    weights = gift.earned.weights
    lines = contributions(gift.points, weights) if gift.points and weights else ()
    explanation = msgspec.structs.replace(
        explanation,
        lines=tuple(ids[index] for index in gift.basket.indexes),
        amount=gift.basket.total if gift.basket.indexes else None,
        base=gift.earned.points,
        factor=None if gift.factor == UNCHANGED else format_factor(gift.factor),
        factors=_factors(setting, compiled),
        multiplied=gift.multiplied if gift.multiplied != gift.earned.points else None,
        cut_by=gift.cut_by,
        points=gift.points,
        contributions={name: part for name, part in zip(ids, lines, strict=False) if part},
    )
    if gift.points:
        key = lot_key(version, compiled.wallet, setting.snapshot.tier, event.at, waiting_for(event))
        explanation = msgspec.structs.replace(
            explanation,
            available_at=None if key.available_at is None else format_instant(key.available_at),
            expires_at=None if key.expires_at is None else format_instant(key.expires_at),
            waits_for=None if key.waits_for is None else "fulfillment",
        )
        dates = date_words(key, event.at, version.zone)
    else:
        dates = []

    decimals = version.wallets[compiled.wallet].spec.decimals
    write = Writing(
        money=lambda amount: format_money(amount, version.program.currency),
        points=lambda amount: count_points(amount, decimals),
    )
    sum_words = rule.describe(gift.basket, setting.snapshot.tier, write)
    return msgspec.structs.replace(
        explanation,
        words=setting.say(gift_words(explanation, sum_words, version.program.combine, dates, decimals)),
        cut_by=None if gift.cut_by is None else setting.say(gift.cut_by),
        factors=tuple(setting.say(factor) for factor in explanation.factors),
    )


def _factors(setting: _Setting, compiled: CompiledRule) -> tuple[str, ...]:
    """Name the multipliers that apply to a rule, each with its own factor."""
    tier = setting.snapshot.tier
    named = []
    if tier is not None and tier in compiled.tier_factors:
        factor = format_factor((compiled.tier_factors[tier], ONE))
        named.append(f"tier {_tier_called(setting.version, tier)} x{factor}")
    for index, by in compiled.campaign_factors:
        if setting.judgment.active >> index & 1:
            campaign = setting.version.program.campaigns[index]
            named.append(f"campaign {called(campaign.id, campaign.name)} x{format_factor((by, ONE))}")
    return tuple(named)


def _tier_called(version: Version, tier: str) -> str:
    levels = version.program.tiers.levels if version.program.tiers else ()
    return called(tier, next((level.name for level in levels if level.id == tier), None))


def _why_silent(
    setting: _Setting,
    rule: EarningRule | Message,
    campaign: int | None,
    off: str | None,
    *,
    needs_lines: bool = False,
) -> tuple[str, tuple[Seen, ...]]:
    """Return why a rule or message did not fire, in words, and the conditions that said no.

    ``campaign`` is the place of the one that it belongs to, ``off`` says why it is off. There are no words
    if it did fire.
    """
    if rule.trigger != trigger_of(setting.event):
        return f"it is for {trigger_called(rule.trigger)}", ()
    if setting.judgment.why_not is not None:
        return setting.judgment.why_not, ()
    if off is not None:
        return off, ()
    if campaign is not None and not setting.judgment.active >> campaign & 1:
        closed = setting.version.program.campaigns[campaign]
        return f"campaign {called(closed.id, closed.name)} did not apply", ()
    if setting.scope.order is None and (rule.lines is not None or needs_lines):
        return "the event has no lines", ()
    reason, because = _refusal(setting, rule.schedule, rule.when)
    if reason:
        return reason, because
    if rule.lines is not None and not matching_lines(rule.lines, setting.scope):
        return (
            f"no line matches: {describe(rule.lines, setting.version.facts, language=setting.language)}",
            (),
        )
    return "", ()


def _refusal(
    setting: _Setting, schedule: Schedule | None, when: Condition | None
) -> tuple[str, tuple[Seen, ...]]:
    """Return which of a schedule and a condition said no (no words: neither did)."""
    if schedule is not None and not _is_open(schedule, setting):
        return f"its schedule does not include {local_words(setting.event.at, setting.version.zone)}", ()
    if when is None:
        return "", ()
    because = tuple(refusing(when, setting.scope, setting.language))
    return "; ".join(seen_words(seen, setting.version.zone) for seen in because), because


def _is_open(schedule: Schedule, setting: _Setting) -> bool:
    """Whether a schedule applies at the event's own time."""
    birthday = date_or_none(setting.scope.member.get(BIRTHDAY))
    return compile_schedule(schedule, setting.version.zone)(
        setting.event.at, birthday, setting.snapshot.joined_at
    )
