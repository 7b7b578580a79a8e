"""A program becomes a version: everything that its words refer to is looked up once.

Conditions, line filters and schedules become Python source, one function per trigger (see
``core/compiling/triggers.py``). The source is written from typed trees and fixed words only; every text of
the document is bound to a name and never becomes source.
"""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from perennial.core.compiling.challenges import compile_challenges
from perennial.core.compiling.limits import LimitBook
from perennial.core.compiling.needs import NeedBook
from perennial.core.compiling.referrals import compile_offers, referral_limits
from perennial.core.compiling.rewards import (
    automatic_finders,
    by_price,
    by_themselves,
    compile_rewards,
    shared_codes,
    wallet_place,
)
from perennial.core.compiling.triggers import Compiler
from perennial.core.dates.periods import Period
from perennial.core.dates.schedule import Schedule, life_of
from perennial.core.document.program import (
    GIFT_CARDS,
    Campaign,
    FulfillmentPending,
    InactivityExpiry,
    MultiplierSpec,
    Pool,
    Program,
    WalletSpec,
    campaigns_in_turn,
)
from perennial.core.document.surroundings import ALONE, Surroundings, with_declarations
from perennial.core.kinds.message import Message
from perennial.core.kinds.rule import EarningRule, ten_thousandths
from perennial.core.once import once_limits
from perennial.core.terms.limits import Holder
from perennial.core.tiers.tiers import tier_steps
from perennial.core.variants import compile_trials
from perennial.core.version import (
    CompiledLimit,
    CompiledMessage,
    CompiledRule,
    CompiledWallet,
    Pooling,
    Version,
)
from perennial.units import Instant


def compile_version(
    program: Program,
    program_id: int,
    number: int,
    valid_from: Instant,
    units: dict[str, int],
    surroundings: Surroundings = ALONE,
) -> Version:
    """Compile version ``number`` of a valid program; ``units`` gives the unit of each of its wallets.

    ``surroundings`` is what the workspace adds. Raises ``KeyError`` or ``ValueError`` for unknown names.
    """
    program = with_declarations(program, surroundings.declared)
    zone, needs = ZoneInfo(program.time_zone), NeedBook(program, units)
    compiler, limits = Compiler(program, zone, needs), LimitBook(program, program_id)
    rules, messages = _rules(program, units, limits), _messages(program, limits)
    triggers, rewards = compiler.triggers(rules, messages), compile_rewards(program, compiler, limits)
    automatic, offers = by_themselves(rewards.values()), compile_offers(program, compiler, limits)
    finders, counted = automatic_finders(program, compiler, automatic), referral_limits(program, program_id)
    challenges = compile_challenges(program, program_id, compiler, units, zone)
    tier_needs = tuple(map(needs.of_tier_metric, program.tiers.metrics)) if program.tiers else ()
    starts, ends = life_of(Schedule(starts=program.starts, ends=program.ends), zone)
    return Version(
        program=program,
        program_id=program_id,
        number=number,
        valid_from=valid_from,
        zone=zone,
        trials=compile_trials(program, zone, lambda audience: compiler.test([], [audience])),
        wallets=compile_wallets(program, units, limits),
        attributes=compiler.attributes,
        metrics=needs.metrics,
        needs=tuple(needs.needs),
        taken=needs.taken,
        location_attributes=compiler.location_attributes,
        locations=surroundings.locations,
        limits=(*limits.limits, *once_limits(program, program_id), *counted),
        budgets=tuple(limits.budgets),
        triggers=triggers,
        facts=compiler.facts,
        rules=rules,
        messages=messages,
        rewards=rewards,
        shared_codes=shared_codes(compiled.reward for compiled in rewards.values()),
        automatic=automatic,
        finder=finders and finders[0],
        near_finder=finders and finders[1],
        priced=by_price(rewards.values()),
        choices=tuple(compiler.choice(metric) for metric in needs.metrics),
        tier_needs=tier_needs,
        tier_steps=tier_steps(program.tiers, tier_needs) if program.tiers else {},
        reads_balances=compiler.reads_balances,
        histories=needs.histories,
        readers=needs.readers(),
        offers=offers,
        referral_limit=None if not counted else -1,
        counts_since_joining=any(need.window.since_joining for need in needs.needs),
        has_cooldowns=any(rule.cooldown is not None for rule in rules),
        rests_by_place=any(limit.by_place for limit in limits.limits),
        counts_hours=any(limit.period is Period.HOUR for limit in (*limits.limits, *limits.budgets)),
        challenges=challenges,
        budget_numbers=tuple(budget.number for budget in limits.budgets),
        segments=_segments(program, compiler),
        has_holders=any(budget.holder is not Holder.TOTAL for budget in limits.budgets),
        gives_rewards=any(compiled.rule.gives() is not None for compiled in rules),
        pooling=_pooling(program, program_id, needs, (*limits.limits, *counted)),
        starts=starts,
        ends=ends,
        card_unit=units.get(GIFT_CARDS, 0),
    )


def _pooling(
    program: Program, program_id: int, needs: NeedBook, limits: Iterable[CompiledLimit]
) -> Pooling | None:
    """Return what households have in common beside their wallets; None: nothing."""
    if program.pool is Pool.WALLETS:
        return None
    every_limit = (*limits, *once_limits(program, program_id))
    return Pooling(
        needs=tuple(place for place, need in enumerate(needs.needs) if need.pooled),
        own=frozenset(limit.number for limit in every_limit if not limit.pooled),
    )


def _segments(program: Program, compiler: Compiler) -> tuple[str, ...]:
    """Return the segments that decisions ask about: those of conditions, and the one it is closed to."""
    closed_to = program.enrollment.segment if program.enrollment.closed else None
    asked = dict.fromkeys(compiler.segments)
    if closed_to is not None:
        asked.setdefault(closed_to)
    return tuple(asked)


def compile_wallets(
    program: Program, units: dict[str, int], limits: LimitBook | None = None
) -> tuple[CompiledWallet, ...]:
    """Look up what the wallets of a program refer to; without ``limits`` spending has no bounds."""
    return tuple(_compile_wallet(wallet, program, units, limits) for wallet in program.wallets)


def _compile_wallet(
    wallet: WalletSpec, program: Program, units: dict[str, int], limits: LimitBook | None
) -> CompiledWallet:
    levels = [level.id for level in program.tiers.levels] if program.tiers else []
    tiers: list[str | None] = [None, *levels]
    own = {tier: wallet.tiers.get(tier) if tier is not None else None for tier in tiers}
    pending = {tier: (dates and dates.pending) or wallet.pending for tier, dates in own.items()}
    expiry = {tier: (dates and dates.expiry) or wallet.expiry for tier, dates in own.items()}
    return CompiledWallet(
        spec=wallet,
        unit=units[wallet.id],
        expiry=expiry,
        pending=pending,
        waits=any(isinstance(dates, FulfillmentPending) for dates in pending.values()),
        rests=any(isinstance(dates, InactivityExpiry) for dates in expiry.values()),
        spending=() if limits is None else limits.of_spending(wallet, units[wallet.id]),
    )


def _rules(program: Program, units: dict[str, int], limits: LimitBook) -> tuple[CompiledRule, ...]:
    """Look up everything that the earning rules refer to: the program's own, then the campaigns'."""
    places: list[tuple[int | None, EarningRule]] = [(None, rule) for rule in program.earning_rules]
    for index, campaign in campaigns_in_turn(program):
        places += [(index, rule) for rule in campaign.earning_rules]
    compiled = []
    for campaign_index, rule in places:
        owner = None if campaign_index is None else program.campaigns[campaign_index]
        index = wallet_place(program, rule.wallet)
        wallet = program.wallets[index]
        compiled.append(
            CompiledRule(
                rule=rule,
                campaign=campaign_index,
                wallet=index,
                bounds=limits.of_rule(rule, wallet, units[wallet.id], owner),
                cooldown=limits.of_cooldown("rule", rule),
                tier_factors=_tier_factors(program, rule, wallet.id),
                campaign_factors=_campaign_factors(program.campaigns, rule, wallet.id),
                id=rule.id,
                unit=units[wallet.id],
            )
        )
    return tuple(compiled)


def _messages(program: Program, limits: LimitBook) -> tuple[CompiledMessage, ...]:
    """Look up everything that the messages refer to: the program's own, then the campaigns'."""
    places: list[tuple[int | None, Message]] = [(None, message) for message in program.messages]
    for index, campaign in campaigns_in_turn(program):
        places += [(index, message) for message in campaign.messages]
    return tuple(
        CompiledMessage(
            message=message,
            campaign=campaign_index,
            bounds=limits.of_message(message),
            cooldown=limits.of_cooldown("message", message),
            id=message.id,
        )
        for campaign_index, message in places
    )


def _tier_factors(program: Program, rule: EarningRule, wallet: str) -> dict[str, int]:
    levels = program.tiers.levels if program.tiers else ()
    return {
        level.id: ten_thousandths(level.multiplier.by)
        for level in levels
        if level.multiplier is not None and _applies(level.multiplier, rule, wallet)
    }


def _campaign_factors(
    campaigns: tuple[Campaign, ...], rule: EarningRule, wallet: str
) -> tuple[tuple[int, int], ...]:
    return tuple(
        (index, ten_thousandths(campaign.multiplier.by))
        for index, campaign in enumerate(campaigns)
        if campaign.multiplier is not None and _applies(campaign.multiplier, rule, wallet)
    )


def _applies(multiplier: MultiplierSpec, rule: EarningRule, wallet: str) -> bool:
    return (
        rule.multiplied
        and (not multiplier.rules or rule.id in multiplier.rules)
        and multiplier.wallet in (None, wallet)
    )
