"""What must be right about a program beyond types, said in words that a marketer understands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from perennial.core.dates.schedule import end_instant, start_instant
from perennial.core.document.currency_codes import CURRENCIES
from perennial.core.document.program import (
    AttributeSpec,
    AttributeType,
    Declarations,
    EnrollmentMode,
    Program,
    messages_of,
)
from perennial.core.document.program_cost import MAX_COST, worst_case
from perennial.core.document.shape import MAX_PROBLEMS
from perennial.core.facts import BIRTHDAY, BUILT_IN_EVENTS, LOCATION_PLACE, reserved_attributes
from perennial.core.findings import Findings
from perennial.core.problems import Problem, join_path
from perennial.core.terms.rfm import is_ascending
from perennial.core.validation.challenges import check_challenges
from perennial.core.validation.codes import check_codes, shared_code_conflicts
from perennial.core.validation.experiments import check_experiments
from perennial.core.validation.limits import check_points_together, conflicts_of_limits
from perennial.core.validation.messages import check_messages
from perennial.core.validation.referrals import check_referrals
from perennial.core.validation.rewards import check_rewards
from perennial.core.validation.rules import check_rules
from perennial.core.validation.stacking import check_stacking
from perennial.core.validation.tiers import check_tiers
from perennial.core.validation.wallets import check_wallets
from perennial.core.validation_cases import check_cases

MAX_PARTS = 2_000
_EVENT = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
_RESERVED_EVENTS = (
    "order.",
    "member.",
    "tier.",
    "points.",
    "claim.",
    "transfer.",
    "timers.",
    "challenge.",
    "referral.",
    "segment.",
    "reward.",
)


def validate(program: Program) -> list[Problem]:
    """Return everything that keeps ``program`` from being published; empty: it can be.

    The document's own types were checked when it was read. What depends on other programs of the
    workspace is found by :func:`check_agreement`.
    """
    return examine(program).problems[:MAX_PROBLEMS]


def examine(program: Program) -> Findings:
    """Look at everything in ``program``; return what was found."""
    zone = _zone(program.time_zone)
    findings = Findings(program, zone or ZoneInfo("UTC"))
    if zone is None:
        words = f'there is no time zone "{program.time_zone}"; write it as "Europe/Berlin"'
        findings.add("time_zone", "unknown_time_zone", words)
    _check_money(findings)
    _check_life(findings)
    _check_enrollment(findings)
    _check_declarations(findings)
    check_wallets(findings)
    check_rules(findings)
    check_points_together(findings)
    check_tiers(findings)
    check_rewards(findings)
    check_codes(findings)
    check_messages(findings)
    check_stacking(findings)
    check_challenges(findings)
    check_experiments(findings)
    check_referrals(findings)
    _check_rfm(findings)
    check_cases(findings)
    _check_size(findings)
    return findings


def _zone(name: str) -> ZoneInfo | None:
    """Return the IANA zone; names of the machine's own files, such as ``localtime``, are none."""
    if name.startswith(("posix/", "right/")) or name.islower():
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _check_money(findings: Findings) -> None:
    program = findings.program
    for path, currency in [("currency", program.currency), *((f"rates.{c}", c) for c in program.rates)]:
        if currency not in CURRENCIES:
            findings.add(path, "unknown_currency", f'"{currency}" is no currency of ISO 4217, such as EUR')
    for currency, rate in program.rates.items():
        if currency == program.currency:
            words = "this is the program's own currency and needs no rate"
            findings.add(f"rates.{currency}", "own_currency", words)
        elif not rate.strip("0."):
            findings.add(f"rates.{currency}", "rate_of_nothing", "a rate is more than 0")


def _check_life(findings: Findings) -> None:
    """Check that the program's start and end can be read and come in this order."""
    program = findings.program
    bounds: list[int | None] = []
    for path, text, read in (("starts", program.starts, start_instant), ("ends", program.ends, end_instant)):
        try:
            bounds.append(read(text, findings.zone) if text is not None else None)
        except ValueError as error:
            findings.add(path, "bad_moment", str(error))
            return
    starts, ends = bounds
    if starts is not None and ends is not None and ends <= starts:
        words = f"the program ends ({program.ends}) before it starts ({program.starts})"
        findings.add("ends", "ends_before_start", words)


def _check_enrollment(findings: Findings) -> None:
    enrollment = findings.program.enrollment
    if enrollment.segment is None and (enrollment.closed or enrollment.mode is EnrollmentMode.SEGMENT):
        words = "name the segment that enrolls, or that the program is for"
        findings.add("enrollment.segment", "required", words)


def _check_declarations(findings: Findings) -> None:
    declared = findings.program.declarations
    for what, attributes in (
        ("member", declared.member),
        ("order", declared.order),
        ("line", declared.line),
        ("location", declared.location),
    ):
        _check_attributes(findings, f"declarations.{what}", attributes)
    place = declared.location.get(LOCATION_PLACE)
    if place is not None and place.type is not AttributeType.PLACE:
        findings.add(f"declarations.location.{LOCATION_PLACE}.type", "place_type", "it holds a place")
    reserved = reserved_attributes()
    for name, spec in declared.member.items():
        path = f"declarations.member.{name}"
        if name in reserved:
            findings.add(path, "reserved", f'"member.{name}" is a fact of every program; choose another name')
        if name == BIRTHDAY and spec.type is not AttributeType.DATE:
            findings.add(f"{path}.type", "birthday_type", "a birthday is a date")
    for name, event in declared.events.items():
        path = f"declarations.events.{name}"
        if not _EVENT.fullmatch(name) or len(name) > 100:
            words = "an event is named in lower case with dots, such as review.posted"
            findings.add(path, "malformed", words)
        if name in BUILT_IN_EVENTS or name.startswith(_RESERVED_EVENTS):
            findings.add(path, "reserved", f'"{name}" is reserved for events of Perennial itself')
        _check_attributes(findings, f"{path}.attributes", event.attributes)


def _check_attributes(findings: Findings, path: str, attributes: Mapping[str, AttributeSpec]) -> None:
    for name, spec in attributes.items():
        here = join_path(path, name)
        if not _ATTRIBUTE.fullmatch(name):
            findings.add(
                here, "malformed", "an attribute is named with letters, digits and _, such as rating"
            )
        if spec.outside and not path.endswith((".member", ".location")):
            words = "only attributes of members and locations are pushed from outside"
            findings.add(f"{here}.outside", "not_outside", words)
        if spec.values and spec.type is not AttributeType.TEXT:
            findings.add(f"{here}.values", "values_of_text", "only attributes of type text list their values")
        for index, value in enumerate(spec.values):
            if value in spec.values[:index]:
                findings.add(f"{here}.values[{index}]", "duplicate", f'the value "{value}" is given twice')


def _check_size(findings: Findings) -> None:
    program = findings.program
    rules = len(findings.rules)
    for path, count, what in (
        ("earning_rules", rules, "earning rules, those of campaigns included"),
        ("campaigns", len(program.campaigns), "campaigns"),
        ("limits", len(program.limits), "shared limits"),
        ("rewards", len(program.rewards), "rewards"),
        ("messages", len(messages_of(program)), "messages, those of campaigns included"),
    ):
        if count > MAX_PARTS:
            findings.add(path, "too_many", f"a program has at most {MAX_PARTS:,} {what}; this one {count:,}")
    cost = worst_case(program)
    if cost > MAX_COST:
        words = (
            f"one order may take {cost:,} comparisons under this program, the most is {MAX_COST:,}: "
            "ask less of every line, or of fewer rules"
        )
        findings.add("", "too_expensive", words)


def check_agreement(program: Program, others: Mapping[str, Program]) -> list[Problem]:
    """Return where ``program`` contradicts the other programs of its workspace, by their codes.

    An attribute that two programs declare has one type; what they limit together is money of one
    currency, or points of the same decimals; a code for everybody belongs to one of them.
    """
    conflicts: list[Problem] = []
    for code, other in others.items():
        conflicts += _attribute_conflicts(program, code, other)
        conflicts += conflicts_of_limits(program, code, other)
    return [*conflicts, *shared_code_conflicts(program, others)]


def declared_differently(program: Program, declared: Declarations) -> list[Problem]:
    """Return where a program declares an attribute otherwise than its workspace does."""
    ours, theirs = _declared(program.declarations), _declared(declared)
    return [
        Problem(
            path,
            "declared_differently",
            f"the workspace declares it as {theirs[path].type}, program {program.program} as {spec.type}",
        )
        for path, spec in ours.items()
        if path in theirs and theirs[path].type is not spec.type
    ]


def attributes_by_path(declared: Declarations) -> dict[str, AttributeSpec]:
    """Return every declared attribute by its path in a program document."""
    return _declared(declared)


def _attribute_conflicts(program: Program, code: str, other: Program) -> list[Problem]:
    ours, theirs = _declared(program.declarations), _declared(other.declarations)
    return [
        Problem(
            path,
            "declared_differently",
            f"program {code} declares it as {theirs[path].type}, this one as {spec.type}",
        )
        for path, spec in ours.items()
        if path in theirs and theirs[path].type is not spec.type
    ]


def _declared(declared: Declarations) -> dict[str, AttributeSpec]:
    """Return every declared attribute by its path."""
    groups = {
        "member": declared.member,
        "order": declared.order,
        "line": declared.line,
        "location": declared.location,
    }
    groups |= {f"events.{name}.attributes": event.attributes for name, event in declared.events.items()}
    return {
        f"declarations.{group}.{name}": spec
        for group, attributes in groups.items()
        for name, spec in attributes.items()
    }


def _check_rfm(findings: Findings) -> None:
    """Check that the bounds of each score ascend."""
    for name in ("recency", "frequency", "monetary") if findings.program.rfm else ():
        if not is_ascending(getattr(findings.program.rfm, name)):
            words = "the bounds have to ascend, from the lowest to the highest"
            findings.add(f"rfm.{name}", "bounds_not_ascending", words)
