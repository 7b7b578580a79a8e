"""A published program, compiled once: what every decision under it shares.

The lists of a version (``needs``, ``counters``, ``limits``, ``budgets``, ``wallets``) fix the order
of the tuples in a :class:`~perennial.core.snapshot.Snapshot`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from perennial.core.dates.periods import Period
from perennial.core.document.challenge import Challenge, Goal
from perennial.core.document.program import Expiry, Pending, Program, WalletSpec
from perennial.core.document.referral_terms import ReferralOffer
from perennial.core.document.reward import Reward
from perennial.core.document.stacking import Category, Combines
from perennial.core.facts import FactTable
from perennial.core.kinds.benefit import Benefit, Level
from perennial.core.kinds.message import Message
from perennial.core.kinds.rule import EarningRule
from perennial.core.orders.order import Scalar
from perennial.core.terms.conditions import Condition, History, HistoryWindow, Measure
from perennial.core.terms.figures import Figure, Take
from perennial.core.terms.limits import ON_ORDERS, AtCap, Counted, Holder
from perennial.core.variants import CompiledTrial
from perennial.ledger.lot import LotKey
from perennial.units import Instant, Minor, Points, Rounding


class CompiledWallet(msgspec.Struct, frozen=True):
    """A wallet with its unit's number; the dates per tier are found under the tier's id.

    ``waits`` says that points of some tier wait for the fulfillment of their order, ``rests`` that the
    balance expires by inactivity in some tier. ``spending`` are the limits of what may be spent of it.
    """

    spec: WalletSpec
    unit: int
    expiry: dict[str | None, Expiry]
    pending: dict[str | None, Pending]
    waits: bool = False
    rests: bool = False
    spending: tuple[Bound, ...] = ()


class Metric(msgspec.Struct, frozen=True):
    """A counter kept for every member: what is counted, and by which period it is kept.

    ``number`` is hashed from everything else and the zone, so that equal counters of several
    versions and programs are one. ``window``s over calendar months and longer are sums of months,
    rolling ones sums of days.
    """

    number: int
    measure: Measure
    where: Condition | None
    event: str | None
    attribute: str | None
    unit: int | None
    period: Period


class Need(msgspec.Struct, frozen=True):
    """One figure of the past that decisions read: what is taken from a metric within a window.

    One that is ``pooled`` is that of all together who live in the member's household.
    """

    metric: Metric
    window: HistoryWindow
    take: Take = Take.SUM
    pooled: bool = False


class CompiledLimit(msgspec.Struct, frozen=True):
    """A limit or cooldown with its number. ``cap`` is in what it ``counts``.

    ``name`` says it to a person (``rule review: 3 times per month``), ``owner`` is the kind and the id of
    the part of the document that has it. A limit of customers has a ``marker``: the index of the limit of
    each member that counts how often the member took part. Unless it ``comes_back``, what was used stays so.
    A cooldown ``by_place`` rests in each store by itself; a limit ``by_product`` has its cap of each one.
    Points are said with ``decimals``: those of its wallet, or of every wallet, or none where they differ.
    One that is ``pooled`` holds for all together who live in the member's household.
    """

    number: int
    name: str
    cap: int
    counts: Counted
    period: Period
    at_cap: AtCap
    holder: Holder = Holder.MEMBER
    attribute: str | None = None
    owner: tuple[str, str] | None = None
    marker: int | None = None
    comes_back: bool = True
    by_place: bool = False
    by_product: bool = False
    decimals: int = 0
    pooled: bool = False

    @property
    def is_total(self) -> bool:
        """Whether it is one budget of all members together."""
        return self.holder is Holder.TOTAL and not self.by_product

    @property
    def is_parted(self) -> bool:
        """Whether it is a budget with a part for each location, attribute or product."""
        return self.holder is not Holder.MEMBER and not self.is_total


class Pooling(msgspec.Struct, frozen=True):
    """What households have in common under a version: tier and limits.

    ``needs`` are the places of the needs that are those of a household, ``own`` the numbers of the limits
    that stay each member's own all the same.
    """

    needs: tuple[int, ...]
    own: frozenset[int]


class Bound(msgspec.Struct, frozen=True, cache_hash=True):
    """A limit that an award meets: of ``version.limits`` if it is each member's, else of its ``budgets``.

    ``total`` says that it is of the budgets: what all members use together, everywhere or in one place.
    ``index`` is its place there.
    """

    total: bool
    index: int
    limit: CompiledLimit


class CompiledRule(msgspec.Struct, frozen=True):
    """An earning rule with everything that its words refer to.

    ``campaign`` is the index of the campaign it belongs to; ``wallet`` the index of its wallet.
    ``bounds`` are its limits in the order in which they apply; ``cooldown`` is the index of its
    cooldown among the limits. ``tier_factors`` and ``campaign_factors`` are the multipliers that may
    apply, in ten-thousandths, by the tier's id and the campaign's index. ``id`` is the rule's, ``unit`` the
    wallet's.
    """

    rule: EarningRule
    campaign: int | None
    wallet: int
    bounds: tuple[Bound, ...]
    cooldown: int | None
    tier_factors: dict[str, int]
    campaign_factors: tuple[tuple[int, int], ...]
    id: str
    unit: int


class CompiledMessage(msgspec.Struct, frozen=True):
    """A message with everything that its words refer to, as a :class:`CompiledRule` has it for a rule."""

    message: Message
    campaign: int | None
    bounds: tuple[Bound, ...]
    cooldown: int | None
    id: str


class Factors(msgspec.Struct, frozen=True):
    """The factor of each rule, with the number of its group: the rules with the same wallet and factor.

    A factor is a numerator and a denominator. ``roundings`` are those of the groups, ``shared`` is the factor
    of all rules, where they are one group.
    """

    by_rule: tuple[tuple[int, tuple[int, int]], ...]
    roundings: tuple[Rounding, ...]
    shared: tuple[int, int] | None


def depends_on(rule: CompiledRule, campaign: int) -> bool:
    """Return whether what the rule gives depends on the campaign with this index."""
    return rule.campaign == campaign or any(index == campaign for index, _ in rule.campaign_factors)


Test: TypeAlias = Callable[..., bool]
"""Generated from conditions: ``test(at, order, nets, event, snapshot)``; see ``compiling/rewards.py``."""


class CompiledBenefit(msgspec.Struct, frozen=True):
    """A benefit with the function that gives the positions of the lines it is for (``None``: all).

    ``others`` are the functions of its other filters, ``level`` is where it works on an order (``None``: it
    does nothing to one).
    """

    benefit: Benefit
    lines: Callable[..., Sequence[int]] | None
    others: tuple[Callable[..., Sequence[int]] | None, ...] = ()
    level: Level | None = None


class CompiledPrice(msgspec.Struct, frozen=True):
    """``points`` of the wallet with the index ``wallet``, for whom ``fits`` holds (``None``: everybody)."""

    points: Points
    wallet: int
    fits: Test | None = None


class CompiledReward(msgspec.Struct, frozen=True):
    """A reward with everything that its words refer to.

    ``campaign`` is the index of the campaign it belongs to, ``wallet`` that of its wallet, ``category`` the
    one by which it stacks. ``bounds`` are its limits in the order in which they apply. ``offered`` tests for
    whom and when, its campaign included, and ``usable`` on which orders (``None``: always). ``prices`` are
    tried in their order. ``stock`` is the limit that counts how many there are, one of the ``bounds``.
    ``gives_by_tier`` replaces ``gives`` for members of these tiers, see :meth:`gives_to`.

    ``place`` is its place in the document, ``level`` the first at which it works (``None``: it does nothing
    to an order), ``combines`` with what it goes together. ``from_total`` and
    ``from_quantity`` are what ``usable`` asks of the order at least, and ``besides`` tests the rest of
    it. While other rewards take something off, ``usable`` ``wavers`` if it may change, and ``recovers`` if
    it may come to hold; it is ``by_total`` if it depends on the lines' total, and not on what each costs,
    and ``only_by_total`` if once it held nothing but ``from_total`` can end that.
    """

    reward: Reward
    wallet: int
    bounds: tuple[Bound, ...]
    gives: tuple[CompiledBenefit, ...]
    category: Category
    campaign: int | None = None
    offered: Test | None = None
    usable: Test | None = None
    prices: tuple[CompiledPrice, ...] = ()
    stock: Bound | None = None
    gives_by_tier: dict[str, tuple[CompiledBenefit, ...]] = {}
    place: int = 0
    level: Level | None = None
    combines: Combines = Combines.COMMON
    from_total: Minor | None = None
    from_quantity: int | None = None
    besides: Test | None = None
    wavers: bool = False
    recovers: bool = False
    by_total: bool = True
    only_by_total: bool = False

    def gives_to(self, tier: str | None) -> tuple[CompiledBenefit, ...]:
        """Return the benefits for a member of ``tier``."""
        return self.gives if tier is None else self.gives_by_tier.get(tier, self.gives)

    @property
    def lowest_price(self) -> Points:
        """The fewest points that somebody pays for it; 0 if it costs nobody anything, or has no price."""
        return min((price.points for price in self.prices if price.points), default=0)

    @property
    def bounds_of_claims(self) -> tuple[Bound, ...]:
        """The limits that a claim counts for; what it takes off an order counts there, with its location."""
        return tuple(bound for bound in self.bounds if bound.limit.counts not in ON_ORDERS)

    @property
    def bounds_for_good(self) -> tuple[Bound, ...]:
        """The limits without which a claim is worth nothing: what all take off orders, ever."""
        return tuple(
            bound
            for bound in self.bounds
            if bound.limit.counts in ON_ORDERS and bound.limit.is_total and bound.limit.period is Period.EVER
        )

    def card_for(self, tier: str | None) -> Minor:
        """Return what the gift card holds that it gives a member of ``tier``; 0 if it gives none."""
        return sum(given.benefit.card_value() for given in self.gives_to(tier))

    @property
    def works_on_orders(self) -> bool:
        """Whether something of it changes what an order costs."""
        every = [self.gives, *self.gives_by_tier.values()]
        return any(given.benefit.level() is not None for gives in every for given in gives)


class CompiledGoal(msgspec.Struct, frozen=True):
    """A goal with what it counts (``None``: time alone) and the function that chooses what counts."""

    goal: Goal
    metric: Metric | None
    choose: Callable[..., Any] | None


class CompiledChallenge(msgspec.Struct, frozen=True):
    """A challenge with everything that its words refer to.

    ``number`` is under which its rounds are kept; ``fits`` tests for whom and when it is (``None``: always);
    ``starts`` and ``ends`` bound its life, the end excluded.
    """

    challenge: Challenge
    number: int
    goals: tuple[CompiledGoal, ...]
    fits: Test | None = None
    starts: Instant | None = None
    ends: Instant | None = None


class CompiledOffer(msgspec.Struct, frozen=True):
    """A kind of referral with everything that its words refer to.

    ``offered`` tests when there is one, ``advocates`` and ``friends`` who may take part, ``meets`` whether an
    order or event is what converts it (``None``: always). ``bounds`` are the limits of the advocate.
    """

    offer: ReferralOffer
    offered: Test | None
    advocates: Test | None
    friends: Test | None
    meets: Test | None
    bounds: tuple[Bound, ...]


class Version(msgspec.Struct):
    """A compiled program version; ``program_id`` and ``number`` identify it in a workspace.

    ``valid_from`` is the business instant of its publication. ``rules`` are all earning rules in the order
    of the document, those of the campaigns last, and ``messages`` all messages in the same way;
    ``triggers`` maps a trigger to the function generated for it, ``choices`` gives for each of ``metrics``
    the function that chooses what counts (``None``: everything), see ``core/compiling/compile.py``.
    ``rewards`` are all rewards by their id, those of campaigns included,
    ``automatic`` those that apply by themselves, which ``finder`` looks through, and
    ``near_finder`` where it is told what an order just misses (see ``core/compiling/rewards.py``), ``priced``
    those that are claimed for points, the cheapest first, ``shared_codes`` the ids of those that have a code
    for everybody, by its form (see ``core/codes/entry.py``). ``readers`` gives for the number of a metric the
    indexes of the needs that read it, ``histories`` gives for each comparison of the past in some condition
    its index in ``needs``, ``taken`` the indexes of those that are no sums, ``tier_needs`` gives for each
    tier metric of the program its index in ``needs`` (``None``: it looks at a balance). ``tier_steps``
    gives for each tier what lifts a member of it higher (a need, and from which figure on); it is empty where
    an event may change a tier otherwise, too. ``reads_balances`` says that some condition asks about points
    that a member has. ``starts`` and ``ends`` bound the program's life, the end excluded;
    ``card_unit`` is the unit of its gift cards. ``budget_numbers`` are the numbers of the budgets; with
    ``has_holders`` some of those depend on the order or event, see ``core/budgets/numbers.py``.
    ``gives_rewards`` says that some rule gives a reward, ``has_cooldowns`` that some rule rests.
    ``trials`` are its holdouts and experiments, see ``core/variants.py``.
    ``offers`` are the kinds of referral by their id, ``referral_limit`` is the place of the limit that counts
    how many friends of a member have converted.
    ``location_attributes`` are those that the version reads of an order's location; ``locations`` (attributes
    by the location's id) are the workspace's as of now.
    ``segments`` are those that its conditions ask about, ``lot_facts`` the facts about lots.
    ``pooling`` says what households have in common beside their wallets (None: nothing).
    ``factors``, ``off``, ``by_product``, ``days``, ``today``, ``lookbacks``, ``lot_days``, ``lots_by_day``
    and ``heard`` only remember what was worked out.
    """

    program: Program
    program_id: int
    number: int
    valid_from: Instant
    zone: ZoneInfo
    wallets: tuple[CompiledWallet, ...]
    attributes: tuple[str, ...]
    metrics: tuple[Metric, ...]
    needs: tuple[Need, ...]
    limits: tuple[CompiledLimit, ...]
    budgets: tuple[CompiledLimit, ...]
    triggers: dict[str, Callable[..., Any]]
    facts: FactTable
    rules: tuple[CompiledRule, ...] = ()
    messages: tuple[CompiledMessage, ...] = ()
    rewards: dict[str, CompiledReward] = {}
    automatic: tuple[CompiledReward, ...] = ()
    shared_codes: dict[str, str] = {}
    finder: Callable[..., list[int]] | None = None
    near_finder: Callable[..., tuple[list[int], list[int]]] | None = None
    priced: tuple[CompiledReward, ...] = ()
    choices: tuple[Callable[..., Any] | None, ...] = ()
    tier_needs: tuple[int | None, ...] = ()
    tier_steps: dict[str | None, tuple[tuple[int, int], ...]] = {}
    reads_balances: bool = False
    histories: dict[History | Figure, int] = {}
    taken: tuple[int, ...] = ()
    location_attributes: tuple[str, ...] = ()
    locations: Mapping[str, Mapping[str, Scalar]] = {}
    counts_since_joining: bool = False
    starts: Instant | None = None
    ends: Instant | None = None
    card_unit: int = 0
    trials: tuple[CompiledTrial, ...] = ()
    counts_hours: bool = False
    has_cooldowns: bool = False
    rests_by_place: bool = False
    challenges: tuple[CompiledChallenge, ...] = ()
    budget_numbers: tuple[int, ...] = ()
    has_holders: bool = False
    gives_rewards: bool = False
    segments: tuple[str, ...] = ()
    lot_facts: tuple[str, ...] = ()
    pooling: Pooling | None = None
    factors: dict[tuple[str | None, int], Factors | None] = {}
    off: dict[tuple[tuple[str, ...], tuple[str, ...]], Any] = {}
    readers: dict[int, tuple[int, ...]] = {}
    days: dict[int, Any] = {}
    today: tuple[Instant, Instant, Any] = (0, 0, None)
    lookbacks: dict[tuple[int, int], dict[int, int]] = {}
    offers: dict[str, CompiledOffer] = {}
    referral_limit: int | None = None
    by_product: Any = None
    lot_days: dict[tuple[int, str | None], tuple[Instant, Instant, LotKey, int]] = {}
    lots_by_day: dict[tuple[int, str | None, int], tuple[Instant, Instant, LotKey, int]] = {}
    heard: dict[str, bool] = {}
