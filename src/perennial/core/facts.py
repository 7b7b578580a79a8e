"""What conditions may ask about: every fact, declared once with its type, source and label.

Built-in facts are listed here, those computed of a customer's orders in ``core/terms/figures.py``; declared
attributes are facts as well: ``member.<attribute>``, ``order.attributes.<attribute>``,
``line.attributes.<attribute>``, ``location.<attribute>`` of the order's location and
``event.<attribute>`` of the event that is judged. A declared attribute hides a computed fact of its name.

A value that is not of the declared type counts as missing. An empty list is a value: a line without
categories is ``not_in`` any. Amounts are in minor units of the program's currency.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

import msgspec

from perennial.core.customers.consents import CONSENTS_KEPT
from perennial.core.document.experiments import HELD_OUT, TREATED, Holdout, in_order
from perennial.core.document.program import AttributeSpec, AttributeType, Program
from perennial.core.terms.figures import COMPUTED, STAGES, Computed
from perennial.core.terms.rfm import NAMES as RFM_SCORES
from perennial.core.terms.rfm import scores_of


class FactType(StrEnum):
    """The type of a fact. ``date`` is ``YYYY-MM-DD``, ``time`` is ``HH:MM``, ``texts`` a list of texts.

    ``place`` is latitude and longitude, see ``core/orders/geography.py``.
    """

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    INSTANT = "instant"
    TEXTS = "texts"
    PLACE = "place"


class FactSource(StrEnum):
    """Where a fact comes from, which decides in which conditions it may be asked."""

    ORDER = "order"
    LINE = "line"
    MEMBER = "member"
    EVENT = "event"
    WALLET = "wallet"
    NOW = "now"
    CHALLENGE = "challenge"
    EXPERIMENT = "experiment"
    LOCATION = "location"
    LOTS = "lots"


class Fact(msgspec.Struct, frozen=True):
    """One fact.

    ``optional`` says that it may be missing. ``attribute`` is the name of the attribute that it reads
    (of the member, the order, the line, the location or the event, as ``source`` says), ``wallet`` the
    wallet, ``challenge`` the challenge, ``computed`` the figures of the past; ``values`` lists everything
    that it may be, if that is known, and ``names`` what each of these is called by its author. One from
    ``outside`` is missing once it is stale. ``days`` is how far one about lots looks ahead, ``of`` the name
    of the wallet or challenge; ``declared`` says that the label is its author's own.
    """

    name: str
    type: FactType
    source: FactSource
    label: str
    optional: bool = False
    attribute: str | None = None
    wallet: str | None = None
    challenge: str | None = None
    values: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    computed: Computed | None = None
    outside: bool = False
    days: int = 0
    of: str = ""
    declared: bool = False


REFERRAL_COUNT = "member.referral_count"
"""How many friends a member has referred who converted; of programs that have referrals."""
STALE_FROM = "@stale_from"
"""Behind a name: where the second since 1970 is kept in which something from outside becomes stale."""

LOCATION_PLACE = "place"
"""The attribute of a location that holds its coordinates; every location may have it."""

BIRTHDAY = "birthday"
"""The member attribute that holds the date of birth."""

SEGMENTS = "member.segments"
"""The fact that lists the segments that the customer is in."""

CONSENTS = "member.consents"
"""The fact that lists what the customer agreed to: channels and purposes, as in ``email.marketing``."""

TELLS_TIME = frozenset({"joined_days", "joined_years", "is_anniversary", "is_birthday", "age"})
"""Facts of a member, behind ``member.``, that change from one day to the next."""

_T, _I, _B = FactType.TEXT, FactType.INTEGER, FactType.BOOLEAN
_D, _L = FactType.DATE, FactType.TEXTS

_ORDER = (
    ("total", _I, "what the order costs after all discounts", False),
    ("gross", _I, "what the order costs before all discounts", False),
    ("discount", _I, "all discounts of the order together", False),
    ("shipping", _I, "the shipping cost", False),
    ("tax", _I, "the tax", False),
    ("currency", _T, "the currency", False),
    ("location", _T, "the location", True),
    ("channel", _T, "the channel", True),
    ("codes", _L, "the codes entered", False),
    ("line_count", _I, "the number of lines", False),
    ("quantity", _I, "the number of units", False),
)
_REDEEMER = (
    ("key", "the name of the API key that brings the order"),
    ("staff", "the e-mail address of the staff member who brings the order"),
    ("role", "the role of the staff member who brings the order"),
    ("device", "the till device that brings the order"),
)
_LINE = (
    ("sku", _T, "the line's product", False),
    ("categories", _L, "the line's categories", False),
    ("brand", _T, "the line's brand", True),
    ("net", _I, "what the line costs after all discounts", False),
    ("amount", _I, "what the line costs before all discounts", False),
    ("discount", _I, "all discounts of the line together", False),
    ("quantity", _I, "the line's number of units", False),
    ("unit_price", _I, "the net price of one unit, rounded down", True),
    ("cost", _I, "what the line costs the shop", True),
)
_MEMBER = (
    ("joined", _B, "whether the customer is a member", False),
    ("joined_on", _D, "the day of joining", True),
    ("joined_days", _I, "the number of days since joining", True),
    ("joined_years", _I, "the number of whole years since joining", True),
    ("is_anniversary", _B, "whether today is an anniversary of joining", True),
    ("tier", _T, "the tier", True),
    ("tier_level", _I, "the tier's place, 1 for the lowest, 0 without a tier", False),
    ("segments", _L, "the segments that the customer is in", False),
)
_BIRTHDAY = (
    ("birthday", _D, "the date of birth", True),
    ("birthday_month", _I, "the month of birth", True),
    ("birthday_day", _I, "the day of the month of birth", True),
    ("is_birthday", _B, "whether today is the member's birthday", True),
    ("age", _I, "the age in years", True),
)
_NOW = (
    ("date", _D, "the local date", ()),
    ("time", FactType.TIME, "the local time", ()),
    ("weekday", _T, "the local weekday", ("mon", "tue", "wed", "thu", "fri", "sat", "sun")),
    ("day", _I, "the local day of the month", ()),
    ("month", _I, "the local month", ()),
    ("year", _I, "the local year", ()),
    ("hour", _I, "the local hour", ()),
)
_WALLET = (
    ("balance", "the balance shown: points in lots less what is owed"),
    ("available", "the points that can be spent"),
    ("pending", "the points that cannot be spent yet"),
    ("debt", "the points that are owed"),
    ("earned", "the points earned in all"),
)

_CONSENTED = Fact(CONSENTS, _L, FactSource.MEMBER, "the customer's consents", attribute=CONSENTS_KEPT)
_EXPIRING = (7, 30, 90)

_CHALLENGE = (
    ("completed_count", "how often it was completed"),
    ("progress", "how far the present round is"),
)

BUILT_IN_EVENTS: dict[str, tuple[tuple[str, str], ...]] = {
    "order.paid": (),
    "member.joined": (("source", "how the member joined"),),
    "member.birthday": (),
    "member.anniversary": (),
    "tier.entered": (("tier", "the tier entered"), ("before", "the tier before")),
    "challenge.completed": (("challenge", "the challenge completed"),),
    "challenge.missed": (("challenge", "the challenge missed"),),
    "referral.converted": (("role", "advocate or friend"), ("offer", "the kind of referral")),
    "segment.entered": (("segment", "the segment entered"),),
    "segment.left": (("segment", "the segment left"),),
}
"""The triggers that exist in every program, and the text attributes of their events."""


class FactTable(msgspec.Struct, frozen=True):
    """All facts of one program. ``facts`` holds all but those of events, ``events`` these by event.

    ``tiers`` are the ids of the tiers, lowest first; ``currency`` is what an order without one is in.
    ``said`` only remembers conditions in words, by the condition and the event where it is judged.
    """

    facts: dict[str, Fact]
    events: dict[str, dict[str, Fact]]
    tiers: tuple[str, ...]
    currency: str
    said: dict[tuple[object, str | None], str] = {}

    def challenges(self) -> list[str]:
        """Return the ids of the program's challenges, in their order."""
        named = dict.fromkeys(fact.challenge for fact in self.facts.values())
        return [name for name in named if name is not None]

    def find(self, name: str, event: str | None = None) -> Fact | None:
        """Return the fact ``name`` where the event ``event`` (a trigger's name) is judged, or None."""
        fact = self.facts.get(name)
        if fact is None and event is not None:
            return self.events.get(event, {}).get(name)
        return fact

    def names(self, event: str | None = None) -> list[str]:
        """Return the names of all facts where the event ``event`` is judged."""
        return [*self.facts, *self.events.get(event or "", ())]


def fact_table(program: Program) -> FactTable:
    """Return all facts of ``program``: the built-in ones and its declared attributes and wallets."""
    declared = program.declarations
    named = _named(program)
    facts = {fact.name: fact for fact in _built_in(program, named["tier"])}
    for source, prefix, specs in (
        (FactSource.MEMBER, "member.", declared.member),
        (FactSource.ORDER, "order.attributes.", declared.order),
        (FactSource.LINE, "line.attributes.", declared.line),
        (FactSource.LOCATION, "location.", declared.location),
    ):
        for fact in _attributes(source, prefix, specs):
            facts.setdefault(fact.name, fact)
    for fact in (*_computed(), *_scores(program), _CONSENTED):
        facts.setdefault(fact.name, fact)
    events = {name: _event_facts(attributes, named) for name, attributes in BUILT_IN_EVENTS.items()}
    for name, spec in declared.events.items():
        own = _attributes(FactSource.EVENT, "event.", spec.attributes)
        events.setdefault(name, {}).update({fact.name: fact for fact in own})
    return FactTable(facts, events, tuple(named["tier"]), program.currency)


def _named(program: Program) -> dict[str, dict[str, str]]:
    """Return the names of tiers and of challenges by id, under the attributes of events that hold one."""
    tiers = {tier.id: tier.name for tier in program.tiers.levels} if program.tiers else {}
    challenges = {each.id: each.name for each in program.challenges}
    return {"tier": tiers, "before": tiers, "challenge": challenges}


def reserved_attributes() -> frozenset[str]:
    """Return the names that a declared member attribute may not have; ``birthday`` must be a date."""
    names = {row[0] for row in (*_MEMBER, *_BIRTHDAY)} | {REFERRAL_COUNT.removeprefix("member.")}
    return frozenset(names) - {BIRTHDAY}


def computed_attributes() -> frozenset[str]:
    """Return the names of member attributes that hide a computed fact, or one that is to come."""
    return frozenset(COMPUTED) | {"referral_count", "consents", *RFM_SCORES}


def _computed() -> Iterator[Fact]:
    for name, (kind, label, computed) in COMPUTED.items():
        values = STAGES if name == "lifecycle" else ()
        optional = computed.reader is not None
        member = FactSource.MEMBER
        yield Fact(
            f"member.{name}", FactType(kind), member, label, optional, values=values, computed=computed
        )


def _scores(program: Program) -> Iterator[Fact]:
    for name, (label, computed) in scores_of(program.rfm).items() if program.rfm else ():
        optional = computed.reader == "recency"
        yield Fact(f"member.{name}", _I, FactSource.MEMBER, label, optional, computed=computed)


def _built_in(program: Program, tiers: dict[str, str]) -> Iterator[Fact]:
    for name, kind, label, optional in _ORDER:
        yield Fact(f"order.{name}", kind, FactSource.ORDER, label, optional)
    for name, label in _REDEEMER:
        yield Fact(f"redeemer.{name}", _T, FactSource.ORDER, label, optional=True)
    for name, kind, label, optional in _LINE:
        yield Fact(f"line.{name}", kind, FactSource.LINE, label, optional)
    for name, kind, label, optional in _MEMBER:
        known = tiers if name == "tier" else {}
        yield Fact(
            f"member.{name}",
            kind,
            FactSource.MEMBER,
            label,
            optional,
            values=tuple(known),
            names=tuple(known.values()),
        )
    for name, kind, label, optional in _BIRTHDAY:
        yield Fact(f"member.{name}", kind, FactSource.MEMBER, label, optional, attribute=BIRTHDAY)
    if program.referrals is not None:
        yield Fact(REFERRAL_COUNT, _I, FactSource.MEMBER, "how many friends of the member have converted")
    for name, kind, label, allowed in _NOW:
        yield Fact(f"now.{name}", kind, FactSource.NOW, label, values=allowed)
    yield Fact(
        f"location.{LOCATION_PLACE}",
        FactType.PLACE,
        FactSource.LOCATION,
        "the place of the order's location",
        optional=True,
        attribute=LOCATION_PLACE,
    )
    for wallet in program.wallets:
        for name, label in _WALLET:
            words = f"{wallet.name}: {label}"
            yield Fact(
                f"wallet.{wallet.id}.{name}", _I, FactSource.WALLET, words, wallet=wallet.id, of=wallet.name
            )
        for days in _EXPIRING:
            words = f"{wallet.name}: the points that expire by the end of the day {days} days from now"
            name = f"wallet.{wallet.id}.expiring_{days}_days"
            yield Fact(name, _I, FactSource.LOTS, words, wallet=wallet.id, of=wallet.name, days=days)
    for each in program.challenges:
        for name, label in _CHALLENGE:
            words = f"{each.name}: {label}"
            yield Fact(
                f"challenge.{each.id}.{name}",
                _I,
                FactSource.CHALLENGE,
                words,
                challenge=each.id,
                of=each.name,
            )
    for trial in in_order(program.holdouts, program.experiments):
        named = () if isinstance(trial, Holdout) else trial.variants
        words = f"the variant of {trial.id}"
        yield Fact(
            f"experiment.{trial.id}",
            _T,
            FactSource.EXPERIMENT,
            words,
            optional=True,
            attribute=trial.id,
            values=tuple(variant.id for variant in named) or (HELD_OUT, TREATED),
        )


def _attributes(source: FactSource, prefix: str, specs: Mapping[str, AttributeSpec]) -> Iterator[Fact]:
    types: dict[AttributeType, FactType] = {kind: FactType(kind.value) for kind in AttributeType}
    for name, spec in specs.items():
        yield Fact(
            prefix + name,
            types[spec.type],
            source,
            spec.label or name,
            optional=True,
            attribute=name,
            values=spec.values,
            outside=spec.outside,
            declared=True,
        )


def _event_facts(
    attributes: tuple[tuple[str, str], ...], named: dict[str, dict[str, str]]
) -> dict[str, Fact]:
    return {
        f"event.{name}": Fact(
            f"event.{name}",
            _T,
            FactSource.EVENT,
            label,
            optional=True,
            attribute=name,
            values=tuple(named.get(name, ())),
            names=tuple(named.get(name, {}).values()),
        )
        for name, label in attributes
    }
