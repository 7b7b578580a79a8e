"""How values are written in SQL: attributes by type, dates, figures, comparisons that are never null.

``core/conditions/sql.py`` puts these together. An expression is null where the value is missing or of
another type than declared, exactly where the tree walk finds None. Types are tested before anything is cast.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from perennial.core.conditions.scope import Now, instant_or_none
from perennial.core.facts import FactType as Kind
from perennial.core.orders.order import Scalar
from perennial.core.terms.conditions import Operand, Operator
from perennial.core.terms.figures import NEW_DAYS, STAGE_DAYS, STAGES, UNKNOWN, Figure, Take


class Bind:
    """Numbers parameters: ``bind(value, type)`` keeps a value and returns its place, as in ``$4::int``."""

    def __init__(self, first: int) -> None:
        self.values: list[object] = []
        self._first = first
        self._known: dict[tuple[str, str], str] = {}

    def __call__(self, value: object, kind: str) -> str:
        """Return the place of a parameter; equal ones of one type share it."""
        key = kind, repr(value)
        if key not in self._known:
            self._known[key] = f"${self._first + len(self.values)}::{kind}"
            self.values.append(value)
        return self._known[key]


_LEAP_YEAR = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)"
_DAY_OF_YEAR = (
    "(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8])"
)
_DATE = f"(?!0000)([0-9]{{4}}-({_DAY_OF_YEAR})|{_LEAP_YEAR}-02-29)"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
_OFFSET = "(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)"


def _text(json: str) -> str:
    return f"(case when jsonb_typeof({json}) = 'string' then {json} #>> '{{}}' end)"


def _integer(json: str) -> str:
    return f"(case when jsonb_typeof({json}) = 'number' then {json}::numeric end)"


def _boolean(json: str) -> str:
    return f"(case when jsonb_typeof({json}) = 'boolean' then {json}::boolean end)"


def _date(json: str) -> str:
    text = _text(json)
    return f"(case when {text} collate \"C\" ~ '^{_DATE}$' then {text}::date end)"


def _instant(json: str) -> str:
    """Write an instant in RFC 3339: the wall time it names, less the offset that it ends with."""
    text = _text(json)
    offset = f"replace(substring({text} from '[+-][0-9:]+$'), ':', '')"
    ahead = (
        f"coalesce((left({offset}, 1) || '1')::int * make_interval(hours => substr({offset}, 2, 2)::int, "
        f"mins => substr(rpad({offset}, 5, '0'), 4, 2)::int), interval '0')"
    )
    wall = f"overlay(substring({text} from '^.{{11}}[0-9:.]+') placing ' ' from 11)::timestamp"
    in_form = f"{text} collate \"C\" ~ '^{_DATE}[T ]{_TIME}{_OFFSET}$'"
    instant = f"(({wall} - {ahead}) at time zone 'UTC')"
    # Nothing else is accepted as an instant, see units.py.
    bounds = "timestamptz '1900-01-01Z' and timestamptz '2199-12-31 23:59:59.999999Z'"
    return f"(case when {in_form} then case when {instant} between {bounds} then {instant} end end)"


def _place(json: str) -> str:
    """Write whether there is a place: it is asked for nothing else."""
    text = _text(json)
    degrees = r"(-?)([0-9]{1,2})(?:\.([0-9]{1,6}))?,(-?)([0-9]{1,3})(?:\.([0-9]{1,6}))?"
    in_form = f"{text} collate \"C\" ~ '^{degrees}$'"
    latitude, longitude = (f"abs(split_part({text}, ',', {i})::numeric)" for i in (1, 2))
    lies = f"case when {latitude} <= 90 and {longitude} <= 180 then {text} end"
    return f"(case when {in_form} then {lies} end)"


ATTRIBUTE_OF: dict[Kind, Callable[[str], str]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: _date,
    Kind.INSTANT: _instant,
    Kind.PLACE: _place,
}
"""How an attribute of each type is read from an expression of type ``jsonb``."""

_TYPES = {
    Kind.TEXT: "text",
    Kind.INTEGER: "bigint",
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "date",
    Kind.INSTANT: "timestamptz",
}

_TESTS = {
    Operator.IS: "{0} = {1}",
    Operator.IS_NOT: "{0} <> {1}",
    Operator.MORE_THAN: "{0} > {1}",
    Operator.AT_LEAST: "{0} >= {1}",
    Operator.LESS_THAN: "{0} < {1}",
    Operator.AT_MOST: "{0} <= {1}",
    Operator.BETWEEN: "{0} between {1} and {2}",
    Operator.IN: "{0} = any({1})",
    Operator.NOT_IN: "{0} <> all({1})",
    Operator.CONTAINS: "strpos({0}, {1}) > 0",
    Operator.STARTS_WITH: "starts_with({0}, {1})",
}


def comparison(value: str, kind: Kind, operator: Operator, operand: Operand, bind: Bind) -> str:
    """Return a test that is true or false, whether ``value`` is null or not."""
    if operator is Operator.EXISTS:
        return f"({value} is {'not ' if operand else ''}null)"
    name = _TYPES[kind]
    if operator in (Operator.IN, Operator.NOT_IN) and isinstance(operand, tuple):
        given = [bind([_parameter(kind, one) for one in operand], f"{name}[]")]
    else:
        every = operand if isinstance(operand, tuple) else (operand,)
        given = [bind(_parameter(kind, one), name) for one in every]
    compared = f'{value} collate "C"' if kind is Kind.TEXT else value
    return f"coalesce({_TESTS[operator].format(compared, *given)}, false)"


def _parameter(kind: Kind, operand: Scalar) -> object:
    if kind is Kind.DATE:
        return date.fromisoformat(str(operand))
    return instant_or_none(operand) if kind is Kind.INSTANT else operand


# Dates


def local_date_of(instant: str, changes: str, offsets: str) -> str:
    """Return the local date of an instant, by the instants of changes and the offsets from each one on."""
    return f"((({instant} at time zone 'UTC') + ({offsets})[width_bucket({instant}, {changes})])::date)"


def joined_value(name: str, joined: str, now: Now, bind: Bind) -> str:
    """Return one of the facts that follow from the day of joining."""
    match name:
        case "joined_on":
            return joined
        case "joined_days":
            return f"({bind(date.fromordinal(now.ordinal), 'date')} - {joined})"
        case "joined_years":
            return _years_since(joined, now, bind)
        case "is_anniversary":
            return _falls_on(joined, now, bind)
    raise ValueError(f"member.{name} is not a fact")


def birthday_value(name: str, born: str, now: Now, bind: Bind) -> str:
    """Return one of the facts that follow from the date of birth."""
    match name:
        case "birthday_month":
            return f"extract(month from {born})::int"
        case "birthday_day":
            return f"extract(day from {born})::int"
        case "is_birthday":
            return _falls_on(born, now, bind)
        case "age":
            return _years_since(born, now, bind)
    raise ValueError(f"member.{name} is not a fact")


def _falls_on(start: str, now: Now, bind: Bind) -> str:
    return (
        f"(extract(year from {start})::int < {bind(now.year, 'int')} "
        f"and {_yearly(start, now, bind)} = {bind(now.month * 100 + now.day, 'int')})"
    )


def _years_since(start: str, now: Now, bind: Bind) -> str:
    to_come = f"({_yearly(start, now, bind)} > {bind(now.month * 100 + now.day, 'int')})::int"
    return f"({bind(now.year, 'int')} - extract(year from {start})::int - {to_come})"


def _yearly(start: str, now: Now, bind: Bind) -> str:
    """Return month and day on which a date returns this year: 29 February is 28 February in common years."""
    leap = now.year % 4 == 0 and (now.year % 100 != 0 or now.year % 400 == 0)
    day = f"(extract(month from {start}) * 100 + extract(day from {start}))::int"
    return f"(case {day} when 229 then {bind(229 if leap else 228, 'int')} else {day} end)"


# Figures

COLUMNS_OF: dict[Take, tuple[str, ...]] = {
    Take.SUM: ("sum",),
    Take.VISITS: ("visits",),
    Take.FIRST_DAY: ("first",),
    Take.LAST_DAY: ("last",),
    Take.DAYS_SINCE: ("last",),
    Take.GAP: ("visits", "first", "last"),
    Take.LAPSED: ("visits", "first", "last"),
    Take.STAGE: ("first", "last"),
}
"""What must be added up for each figure: a sum, and the count, the first and the last of days with some."""


def figure_value(figure: Figure, name: str, now: Now, bind: Bind) -> str:
    """Return a figure out of the columns ``<name>_sum`` and so on, as ``taken`` works it out of days.

    A stage is its name, or null; everything else is a number, ``UNKNOWN`` where it cannot be told.
    """
    visits, first, last = (f"{name}_{column}" for column in ("visits", "first", "last"))
    known = f"coalesce({{}}, {UNKNOWN})"
    match figure.take:
        case Take.SUM:
            return f"coalesce({name}_sum, 0)"
        case Take.VISITS:
            return f"coalesce({visits}, 0)"
        case Take.FIRST_DAY:
            return known.format(first)
        case Take.LAST_DAY:
            return known.format(last)
        case Take.DAYS_SINCE:
            return known.format(f"{bind(now.ordinal, 'int')} - {last}")
        case Take.GAP:
            gap = f"({last} - {first}) / ({visits} - 1)"
            return known.format(f"case when {visits} > 1 then {gap} end")
        case Take.LAPSED:
            today = bind(now.ordinal, "int")
            lapsed = f"(({today} - {last}) * ({visits} - 1) > 2 * ({last} - {first}))::int"
            return known.format(f"case when {visits} > 1 then {lapsed} end")
        case Take.STAGE:
            today = bind(now.ordinal, "int")
            stages = " ".join(f"when {today} - {last} <= {days} then '{stage}'" for stage, days in STAGE_DAYS)
            new = f"when {today} - {first} <= {NEW_DAYS} then '{STAGES[0]}'"
            return f"(case when {last} is null then null {new} {stages} else '{STAGES[-1]}' end)"
