"""The program document: one typed tree that holds a whole loyalty program.

Reading a document is in ``core/document/document.py`` (YAML or JSON, with a path, a code and words for every
problem); what needs more than types is checked in ``core/validation/validation.py``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from perennial.core.dates.periods import Period
from perennial.core.dates.schedule import Schedule, Span
from perennial.core.document.challenge import Challenge
from perennial.core.document.experiments import Experiment, Holdout
from perennial.core.document.program_case import ProgramCase
from perennial.core.document.referral_terms import Referrals, incentive_rewards
from perennial.core.document.reward import Reward, Title
from perennial.core.document.stacking import Stacking
from perennial.core.earning import EarningRules
from perennial.core.kinds.rule import ExchangeRate, Identifier, Multiplier, Percent
from perennial.core.messages import Messages
from perennial.core.orders.order import Name
from perennial.core.terms.conditions import Condition, HistoryWindow, Measure
from perennial.core.terms.limits import AtCap, Holder, Limit
from perennial.core.terms.money import Cap, MoneyCap, MoneyGiven, OfMetric, PointsAsked, PointsCap
from perennial.core.terms.rfm import RfmScale
from perennial.units import Rounding

Priority = Annotated[int, Meta(ge=-1_000, le=1_000, description="the lower number goes first")]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", description="a currency of ISO 4217, such as EUR")]
DayOfYear = Annotated[str, Meta(pattern=r"^\d\d-\d\d$", description='a day of the year, such as "12-31"')]
Weekday = Annotated[
    str,
    Meta(
        pattern="^(mon|tue|wed|thu|fri|sat|sun)$",
        description="a weekday: mon, tue, wed, thu, fri, sat or sun",
    ),
]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    pass


class EnrollmentMode(StrEnum):
    """How a customer becomes a member: by the first event, on request, or by entering a segment."""

    AUTOMATIC = "automatic"
    ON_REQUEST = "on_request"
    SEGMENT = "segment"


class Enrollment(_Part, frozen=True):
    """``count_past_orders``: orders from before joining earn when the member joins.

    ``segment`` is the one that enrolls whoever enters it. With ``closed`` the program is only for those
    who are in it: nobody else joins, and a member who is outside earns nothing until coming back.
    """

    mode: EnrollmentMode = EnrollmentMode.AUTOMATIC
    count_past_orders: bool = False
    segment: Identifier | None = None
    closed: bool = False


class Pool(StrEnum):
    """What the members of a household have in common.

    ``wallets``: their points; ``all``: also the tier, and what limits of each member count.
    """

    WALLETS = "wallets"
    ALL = "all"


class RoundUp(StrEnum):
    """To the end of which local period an expiry is moved."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class NoExpiry(_Part, frozen=True, tag_field="type", tag="none"):
    """Points never expire."""


class RollingExpiry(_Part, frozen=True, tag_field="type", tag="rolling"):
    """Each lot expires ``after`` its activation, at the end of that local day or of ``round_up``."""

    after: Span
    round_up: RoundUp = RoundUp.DAY


class FixedDatesExpiry(_Part, frozen=True, tag_field="type", tag="fixed_dates"):
    """All points expire at the end of the next of these local days of the year (``MM-DD``)."""

    dates: tuple[DayOfYear, ...]


class InactivityExpiry(_Part, frozen=True, tag_field="type", tag="inactivity"):
    """The whole balance expires ``after`` the last activity: ``earning``, ``spending`` or events."""

    after: Span
    activities: tuple[str, ...] = ("earning", "spending")


Expiry: TypeAlias = NoExpiry | RollingExpiry | FixedDatesExpiry | InactivityExpiry


class NoPending(_Part, frozen=True, tag_field="type", tag="none"):
    """Points can be spent at once."""


class PeriodPending(_Part, frozen=True, tag_field="type", tag="period"):
    """Points can be spent ``after`` a while; days count to the next local midnight."""

    after: Span


class FulfillmentPending(_Part, frozen=True, tag_field="type", tag="fulfillment"):
    """Points can be spent once the order is fulfilled."""


Pending: TypeAlias = NoPending | PeriodPending | FulfillmentPending


class RefundPolicy(StrEnum):
    """From where a return may take points back; see the design, section 6."""

    ONLY_PENDING = "only_pending"
    WITHIN_BALANCE = "within_balance"
    UNLIMITED = "unlimited"


class TierDates(_Part, frozen=True):
    """Dates that differ for one tier; what is missing is as for everybody."""

    expiry: Expiry | None = None
    pending: Pending | None = None


class PointsPayment(_Part, frozen=True):
    """Members may pay part of an order with points: ``points`` are worth ``amount`` minor units.

    Whole steps of ``points`` only, at least ``least`` of them and at most ``most_points`` for one order, for
    at most ``most`` percent of what is to pay after discounts, shipping included. ``cover`` lets the last
    step be worth less than it could.
    """

    amount: MoneyGiven
    points: PointsAsked = 1
    least: PointsCap = 0
    most_points: PointsAsked | None = None
    most: Percent = "100"
    cover: bool = False


class WalletSpec(_Part, frozen=True):
    """One balance that every member of the program has, in a unit of its own.

    ``decimals`` only moves the point when amounts are shown: amounts are always whole numbers of the
    smallest part. ``caps`` bound what all rules together may earn, ``spending`` what claims and payments
    together may spend: a payment is cut to what is left, a claim is refused. ``pays`` lets its points pay
    for orders.
    """

    id: Identifier
    name: Title
    decimals: Annotated[int, Meta(ge=0, le=6)] = 0
    expiry: Expiry = NoExpiry()
    pending: Pending = NoPending()
    tiers: dict[str, TierDates] = {}
    refunds: RefundPolicy = RefundPolicy.WITHIN_BALANCE
    grace: Span = Span(days=30)
    caps: tuple[Limit, ...] = ()
    spending: tuple[Limit, ...] = ()
    rounding: Rounding = Rounding.DOWN
    pays: PointsPayment | None = None


class SharedLimit(_Part, frozen=True):
    """A limit that several rules and rewards share; its other fields are those of every limit.

    With ``across_programs`` all programs share it by its id; what counts money is then of one currency.
    """

    id: Identifier
    per: Holder = Holder.MEMBER
    points: PointsCap | None = None
    times: Cap | None = None
    every: Period = Period.EVER
    at_cap: AtCap | None = None
    across_programs: bool = False
    attribute: Name | None = None
    discount: MoneyCap | None = None
    order_value: MoneyCap | None = None
    customers: Cap | None = None
    units: Cap | None = None
    comes_back: bool = True
    by_product: bool = False

    def limit(self) -> Limit:
        """Return the limit that is shared."""
        return Limit(**{name: getattr(self, name) for name in Limit.__struct_fields__})


class Combine(StrEnum):
    """How several multipliers for one award become one: the best, 1 + the sum of gains, the product."""

    BEST = "best"
    SUM = "sum"
    PRODUCT = "product"


class MultiplierSpec(_Part, frozen=True):
    """A factor on what the named rules earn (all multiplied rules if none is named)."""

    by: Multiplier
    rules: tuple[Identifier, ...] = ()
    wallet: Identifier | None = None


class Campaign(_Part, frozen=True):
    """A dated bundle of rules, rewards, messages and a multiplier for an audience.

    Its rewards are offered while the campaign applies, on their own terms besides. Its ``limits`` count
    what all its rules and rewards give together; what its multiplier adds to other rules is not counted,
    and no message is.
    Campaigns of a lower ``priority`` come first (after the program's own rules and rewards), those of one
    priority in the order of the document: they are served first where a limit leaves little, and their
    rewards go first where nothing else says which does.
    """

    id: Identifier
    name: Title | None = None
    priority: Priority = 0
    schedule: Schedule | None = None
    when: Condition | None = None
    multiplier: MultiplierSpec | None = None
    earning_rules: tuple[EarningRules, ...] = ()
    rewards: tuple[Reward, ...] = ()
    messages: tuple[Messages, ...] = ()
    limits: tuple[Limit, ...] = ()


class TierMetric(_Part, frozen=True):
    """What is measured: see :class:`~perennial.core.terms.conditions.Measure`, or the balance of a wallet.

    ``balance`` names the wallet whose available balance counts; otherwise ``measure`` (with
    ``where``, ``event``, ``wallet``) is counted in ``window``.
    """

    id: Identifier = "metric"
    balance: Identifier | None = None
    measure: Measure | None = None
    where: Condition | None = None
    event: str | None = None
    attribute: str | None = None
    wallet: Identifier | None = None
    window: HistoryWindow = HistoryWindow(ever=True)


class TierStart(StrEnum):
    """When a reached tier begins."""

    AT_ONCE = "at_once"
    NEXT_PERIOD = "next_period"


class TierLasts(StrEnum):
    """How long a tier is held before it is reviewed.

    ``period``: to the end of the metric's calendar period in which it began; ``next_period``: to
    the end of the following one; ``span``: for a fixed span from its start; ``life``: for good;
    ``while_reached``: it follows the metric at once, down as well as up.
    """

    LIFE = "life"
    PERIOD = "period"
    NEXT_PERIOD = "next_period"
    SPAN = "span"
    WHILE_REACHED = "while_reached"


class Downgrade(StrEnum):
    """Where a member goes who no longer qualifies at a review.

    ``requalify``: to the tier that the figures give; ``one_level``: one tier down; ``never``: stays.
    """

    NEVER = "never"
    ONE_LEVEL = "one_level"
    REQUALIFY = "requalify"


class TierReturns(StrEnum):
    """When a tier that a returned order helped to reach is judged again.

    ``at_review``: at its next review, as everything else; ``at_once``: with the return. (A tier that
    lasts ``while_reached`` always follows at once.)
    """

    AT_REVIEW = "at_review"
    AT_ONCE = "at_once"


class Tier(_Part, frozen=True):
    """One tier. ``reach`` gives the threshold of each metric; one reached metric is enough.

    ``multiplier`` applies to earning; ``keep`` lets members of this tier stay with a lower figure.
    """

    id: Identifier
    name: Title
    reach: dict[str, OfMetric]
    keep: dict[str, OfMetric] | None = None
    multiplier: MultiplierSpec | None = None
    downgradable: bool = True


class TierSystem(_Part, frozen=True):
    """The tiers, lowest first, and how one is reached, kept and lost.

    ``extend`` lengthens every status by a span after its period's end; ``grace`` delays a downgrade
    that a review found, counted from when the tier was reached where status follows the balance;
    ``grace_round_up`` moves the end of the grace to the end of a local period.
    ``gifts_of_skipped_tiers``: a member who jumps over tiers gets their ``tier.entered`` rules too.
    ``gifts_again``: entering a tier a second time gives its rules again. ``returns`` says when a
    return lowers a tier.
    """

    metrics: tuple[TierMetric, ...]
    levels: tuple[Tier, ...]
    start: TierStart = TierStart.AT_ONCE
    lasts: TierLasts = TierLasts.NEXT_PERIOD
    span: Span | None = None
    extend: Span | None = None
    downgrade: Downgrade = Downgrade.REQUALIFY
    grace: Span | None = None
    grace_round_up: RoundUp | None = None
    gifts_of_skipped_tiers: bool = True
    gifts_again: bool = False
    returns: TierReturns = TierReturns.AT_REVIEW


class AttributeType(StrEnum):
    """The type of a declared attribute."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"
    INSTANT = "instant"
    PLACE = "place"


class AttributeSpec(_Part, frozen=True):
    """A declared attribute: ``values`` lists the allowed texts, ``personal`` marks data of a person.

    ``label`` is what people read instead of the name. An attribute from ``outside`` (of a member or a
    location) is pushed with the instant at which it becomes stale; a stale one is missing.
    """

    type: AttributeType
    values: tuple[str, ...] = ()
    personal: bool = False
    label: Title | None = None
    outside: bool = False


class EventSpec(_Part, frozen=True):
    """A custom event and its attributes."""

    attributes: dict[str, AttributeSpec] = {}


class Declarations(_Part, frozen=True):
    """The custom attributes and events that conditions of this program may ask about."""

    member: dict[str, AttributeSpec] = {}
    order: dict[str, AttributeSpec] = {}
    line: dict[str, AttributeSpec] = {}
    events: dict[str, EventSpec] = {}
    location: dict[str, AttributeSpec] = {}


class Program(_Part, frozen=True):
    """A whole loyalty program. Everything but ``program``, ``name`` and ``wallets`` has a default.

    ``starts`` and ``ends`` are local dates or instants as in a schedule; after the end nothing is
    earned or claimed, and ``grace`` later the balances are closed. ``pool`` says what households share.
    """

    program: Identifier
    name: Title
    wallets: tuple[WalletSpec, ...]
    currency: Currency = "USD"
    rates: dict[Currency, ExchangeRate] = {}
    time_zone: str = "UTC"
    week_starts: Weekday = "mon"
    description: str | None = None
    priority: Priority = 0
    starts: str | None = None
    ends: str | None = None
    grace: Span = Span(days=30)
    enrollment: Enrollment = Enrollment()
    pool: Pool = Pool.WALLETS
    declarations: Declarations = Declarations()
    earning_rules: tuple[EarningRules, ...] = ()
    limits: tuple[SharedLimit, ...] = ()
    combine: Combine = Combine.BEST
    campaigns: tuple[Campaign, ...] = ()
    tiers: TierSystem | None = None
    rewards: tuple[Reward, ...] = ()
    messages: tuple[Messages, ...] = ()
    stacking: Stacking = Stacking()
    challenges: tuple[Challenge, ...] = ()
    experiments: tuple[Experiment, ...] = ()
    holdouts: tuple[Holdout, ...] = ()
    referrals: Referrals | None = None
    rfm: RfmScale | None = None
    cases: tuple[ProgramCase, ...] = ()


def campaigns_in_turn(program: Program) -> list[tuple[int, Campaign]]:
    """Return the campaigns in the order in which they give, each with its place in the document."""
    return sorted(enumerate(program.campaigns), key=lambda each: each[1].priority)


GIFT_CARDS = "gift_card"
"""The code of the unit in which gift cards of a program hold money; no wallet may have it."""


def rewards_of(program: Program) -> list[Reward]:
    """Return all rewards: a program's own in their order, its campaigns', its challenges', its referrals'."""
    return [
        *program.rewards,
        *(reward for campaign in program.campaigns for reward in campaign.rewards),
        *(reward for each in program.challenges if (reward := each.reward()) is not None),
        *(reward for _, reward in incentive_rewards(program.referrals)),
    ]


def messages_of(program: Program) -> list[Messages]:
    """Return all messages: a program's own in their order, then its campaigns'."""
    return [*program.messages, *(each for campaign in program.campaigns for each in campaign.messages)]


def unit_codes(program: Program) -> list[str]:
    """Return the codes of all units that a program uses: its wallets, and gift cards if it gives any."""
    codes = [wallet.id for wallet in program.wallets]
    every = [gives for reward in rewards_of(program) for _, gives in reward.all_gives()]
    if any(benefit.card_value() for gives in every for benefit in gives):
        codes.append(GIFT_CARDS)
    return codes
