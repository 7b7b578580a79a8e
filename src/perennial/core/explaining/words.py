"""Explanations as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from perennial.core.conditions.walk import Seen, Value
from perennial.core.counting import counted
from perennial.core.dates.periods import local_datetime, minute_words
from perennial.core.document.program import Combine
from perennial.core.explaining.explanation import RuleExplanation
from perennial.core.kinds.rule import count_points
from perennial.core.snapshot import Together
from perennial.ledger.lot import LotKey
from perennial.units import Instant, format_units, parse_instant


def gift_words(
    rule: RuleExplanation, arithmetic: str, combined: Combine, dates: list[str], decimals: int
) -> str:
    """Say what a rule gave: its arithmetic, the multipliers, the limit that cut it, and the dates.

    ``decimals`` are those of the rule's wallet.
    """
    parts = [f"{arithmetic} = {count_points(rule.base, decimals)}"]
    if rule.factor is not None:
        made = format_units(rule.base if rule.multiplied is None else rule.multiplied, decimals)
        parts.append(f"x{rule.factor} ({_factor_words(rule.factors, combined)}) = {made}")
    if rule.cut_by is not None:
        parts.append(f"cut to {format_units(rule.points, decimals)} ({rule.cut_by})")
    return f"Rule {called(rule.rule, rule.name)}: " + "; ".join(
        [*parts, *([", ".join(dates)] if dates else [])]
    )


def called(id: str, name: str | None) -> str:
    """Return what people call a part of the program: its name in quotation marks, or without one its id."""
    return f'"{name}"' if name and name != id else id


def reward_words(rule: str, reward: str, why_not: str | None) -> str:
    """Say which reward a rule gave, or why the member did not get it; both as they are :func:`called`."""
    if why_not is None:
        return f"Rule {rule}: fired: reward {reward}"
    return f"Rule {rule}: fired, but reward {reward} was not given ({why_not.removesuffix('.')})"


def message_words(message: str, why_not: str | None) -> str:
    """Say that a message, as it is :func:`called`, is to be sent, or why it is not although it fired."""
    if why_not is None:
        return f"Message {message}: fired"
    return f"Message {message}: fired, but is not sent ({why_not})"


def _factor_words(factors: tuple[str, ...], combined: Combine) -> str:
    """Say where a factor comes from; of several, how they were combined."""
    if len(factors) == 1:
        return factors[0].rpartition(" x")[0]
    return f"{combined} of {', '.join(factors)}"


def date_words(key: LotKey, at: Instant, zone: ZoneInfo) -> list[str]:
    """Say from when points can be spent, where that is not at once, and when they expire."""
    words = []
    if key.available_at is None:
        words.append("pending until the order is fulfilled")
    elif key.available_at > at:
        words.append(f"pending until {day_words(key.available_at, zone)}")
    if key.expires_at is not None:
        words.append(f"expires {day_words(key.expires_at, zone)}")
    return words


def day_words(instant: Instant, zone: ZoneInfo) -> str:
    """Write an instant as a local date, with the time where it is not midnight."""
    local = local_datetime(instant, zone)
    return local.date().isoformat() if not local.hour and not local.minute else minute_words(instant, zone)


def local_words(instant: Instant, zone: ZoneInfo) -> str:
    """Write an instant as the local weekday, date and time."""
    local = local_datetime(instant, zone)
    weekday = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[local.weekday()]
    return f"{weekday} {local:%Y-%m-%d %H:%M:%S}"


def seen_words(seen: Seen, zone: ZoneInfo) -> str:
    """Say what a condition wanted and what it saw."""
    if seen.stale_since is not None:
        return f"{seen.words} (stale since {minute_words(parse_instant(seen.stale_since), zone)})"
    return f"{seen.words} ({'held' if seen.held else f'was {_value(seen.value)}'})"


def settled_words(made_up: dict[str, str], paid_off: dict[str, str]) -> list[str]:
    """Say what of the points, as they are written, did not stay in the wallets."""
    returned = [f"{points} {wallet} made up for an earlier return" for wallet, points in made_up.items()]
    return returned + [f"{points} {wallet} paid off a debt" for wallet, points in paid_off.items()]


def whole_words(points: dict[str, str], why_not: str | None, *, fired: bool) -> str:
    """Say the whole: what was earned in every wallet, as it is written, or why nothing was."""
    if why_not is not None:
        return f"Nothing was earned: {why_not}."
    if not fired:
        return "Nothing was earned: no rule fired."
    return f"Earned {_sums(points)}."


def taken_back_words(points: dict[str, str]) -> str:
    """Say what returns took back of what was earned, in every wallet, as it is written."""
    return f"Taken back since: {_sums(points)}."


def _sums(points: dict[str, str]) -> str:
    return " and ".join(f"{amount} {wallet}" for wallet, amount in points.items())


def variant_words(variants: Mapping[str, str]) -> list[str]:
    """Say which variant the member had of every experiment and holdout."""
    return [f"{trial}: variant {variant}." for trial, variant in variants.items()]


def household_words(together: Together | None) -> list[str]:
    """Say for which household the tier and limits were counted, if for one."""
    if together is None:
        return []
    name, people = together.name, together.people
    return [f"Tier and limits count for household {name} as a whole ({counted(people, 'people')})."]


def _value(value: Value) -> str:
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(value) or "empty"
    return str(value)
