"""``GET /v1/reports``: which reports there are, and what one of them says about a time.

Days are local days of the program. Nothing is kept: a report is read anew whenever somebody asks.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Literal

import msgspec

from perennial.core.dates.periods import Period, first_day, local_date, local_midnight, period_of_day
from perennial.core.document.program import Program, rewards_of
from perennial.core.explaining.retelling import retell
from perennial.core.language import Language
from perennial.core.languages import ENGLISH
from perennial.core.rewards import KINDS
from perennial.core.version import Version
from perennial.flows.configuration import LiveProgram, Workspace, business_now
from perennial.flows.handle_events import Handler
from perennial.flows.problems import field_problem, problem
from perennial.reports.queries import REPORTS
from perennial.reports.report import Chart, Column, Kind, Names, Report
from perennial.reports.run import Cell, run_report
from perennial.reports.words import in_language
from perennial.units import Minor

MAX_PERIODS = 400

_DAYS_BEFORE = {Period.DAY: 29, Period.WEEK: 181}
"""How far back a report by days or by weeks goes that does not say it."""


class ColumnView(msgspec.Struct, frozen=True):
    """A column with its formula in words; money is in minor units, a share between 0 and 1.

    ``names``: the column has ids of tiers, or of parts of the program such as campaigns and rewards.
    """

    name: str
    title: str
    kind: Kind
    formula: str
    names: Names | None


class ReportView(msgspec.Struct, frozen=True):
    """A report. Every column says how it is worked out; ``chart`` is how it is best drawn.

    ``parameters`` are those that it takes: ``step`` where it is cut into periods, ``segment`` where it can be
    asked about the customers alone who are in a segment now, ``fee`` where what the program costs counts.
    """

    name: str
    title: str
    description: str
    chart: Chart
    columns: tuple[ColumnView, ...]
    parameters: tuple[str, ...]


class ReportList(msgspec.Struct, frozen=True):
    """Every report."""

    data: tuple[ReportView, ...]


class ReportResult(msgspec.Struct, frozen=True):
    """What a report says. Each row has a value for every column, under its name.

    ``from`` and ``to`` are the first and the last local day; a period goes by its first day. Money is in
    minor units of ``currency``, points whole numbers of the smallest part (``point_decimals``); a share is
    between 0 and 1; null: nothing to divide by. ``names`` has, for columns of ids, the names of those that
    the program knows today, and for columns of words such as ``member`` these in the language asked for.
    """

    report: ReportView
    program: str
    currency: str
    from_: str = msgspec.field(name="from")
    to: str
    step: Literal["day", "week", "month"]
    segment: str | None
    point_decimals: int
    names: dict[str, dict[str, str]]
    data: list[dict[str, str | int | float | None]]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What of a report is wanted; what is None is chosen: see :func:`read_report`."""

    program: str | None = None
    first: date | None = None
    last: date | None = None
    step: Period = Period.MONTH
    segment: str | None = None
    fee: Minor = 0


def list_reports(language: Language = ENGLISH) -> ReportList:
    """Return every report, told in a language."""
    return ReportList(tuple(_view(report, language) for report in REPORTS.values()))


async def read_report(
    handler: Handler, workspace_id: int, name: str, asked: Asked, language: Language = ENGLISH
) -> ReportResult:
    """Return what a report says.

    The program is the workspace's first unless it is named; the last day is today, the first one that of
    the month eleven months before; by days it is thirty of them, by weeks half a year. 404 for an unknown
    report or program, 422 for an unknown segment or a time with too many periods.
    """
    report = REPORTS.get(name)
    if report is None:
        raise problem(404, "report_unknown", f"There is no report {name!r}.")
    async with handler.database.report(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        live = _program(workspace, asked.program)
        segment = _segment(workspace, report, asked.segment)
        now = business_now(workspace)
        version = live.version_at(now) or live.latest
        today = local_date(now, version.zone)
        last = asked.last or max(today, asked.first or today)
        first = asked.first or _first_day_left_out(last, asked.step)
        days = _days(first, last, asked.step, version)
        values = _values(workspace_id, live, version, days, last, segment) | {"fee": asked.fee}
        rows = await run_report(conn, report, values)
    return ReportResult(
        report=_view(report, language),
        program=live.code,
        currency=version.program.currency,
        from_=first.isoformat(),
        to=last.isoformat(),
        step=asked.step.value,  # type: ignore[arg-type]
        segment=asked.segment,
        point_decimals=version.program.wallets[0].decimals,
        names=_names(report, version.program, language),
        data=[_row(report, row, days, language) for row in rows],
    )


def _view(report: Report, language: Language) -> ReportView:
    parameters = ["program", "from", "to"]
    parameters += ["step"] * report.takes_step + ["segment"] * report.takes_segment
    parameters += ["fee"] * report.takes_fee
    return ReportView(
        name=report.name,
        title=in_language(report.title, language.code),
        description=in_language(report.description, language.code),
        chart=report.chart,
        columns=tuple(_column(column, language) for column in report.columns),
        parameters=tuple(parameters),
    )


def _column(column: Column, language: Language) -> ColumnView:
    return ColumnView(
        name=column.name,
        title=in_language(column.title, language.code),
        kind=column.kind,
        formula=in_language(column.formula, language.code),
        names=column.names,
    )


def _program(workspace: Workspace, code: str | None) -> LiveProgram:
    if code is None and workspace.programs:
        return workspace.programs[0]
    live = workspace.program(code or "")
    if live is None:
        words = f"There is no published program {code!r}." if code else "No program is published."
        raise problem(404, "program_unknown", words)
    return live


def _segment(workspace: Workspace, report: Report, code: str | None) -> int | None:
    """Return the number of a segment; refuse one that is not there, or where there is none to ask about."""
    if code is None:
        return None
    if not report.takes_segment:
        words = f"report {report.name} cannot be asked about a segment"
        raise field_problem("$.segment", "segment_not_taken", words)
    for number, name in workspace.segment_names.items():
        if name == code:
            return number
    raise field_problem("$.segment", "segment_unknown", f"there is no segment {code!r}")


def _names(report: Report, program: Program, language: Language) -> dict[str, dict[str, str]]:
    """Return, for every column of ids or of words, what people call them."""
    tiers = () if program.tiers is None else program.tiers.levels
    parts = {each.id: each.name for each in program.challenges}
    parts |= {each.id: each.name for each in rewards_of(program)}
    parts |= {each.id: each.name or each.id for each in program.campaigns}
    parts |= {each.id: each.name for each in program.referrals.offers} if program.referrals else {}
    known = {
        Names.TIER: {tier.id: tier.name for tier in tiers},
        Names.PART: parts,
        Names.KIND: {kind: in_language(words, language.code) for kind, words in kind_words().items()},
    }
    names = {column.name: known[column.names] for column in report.columns if column.names is not None}
    return names | {
        column.name: {value: in_language(value, language.code) for value in column.values}
        for column in report.columns
        if column.values
    }


def kind_words() -> dict[str, str]:
    """Return what kinds of benefits are called: by their tags, so that one that is added has a name."""
    return {kind: kind.replace("_", " ").capitalize() for kind in ("voucher", *KINDS)}


def _first_day_left_out(last: date, step: Period) -> date:
    """Return where a report begins that does not say it, so that its periods can be looked at."""
    if step in _DAYS_BEFORE:
        return last - timedelta(days=_DAYS_BEFORE[step])
    months = last.year * 12 + last.month - 1 - 11
    return date(months // 12, months % 12 + 1, 1)


def _days(first: date, last: date, step: Period, version: Version) -> list[date]:
    """Return the first day of every period from ``first`` to ``last``; the first one may be cut."""
    if last < first:
        raise field_problem("$.to", "range_reversed", "the last day lies before the first")
    week_starts = version.program.week_starts
    start, end = (period_of_day(day.toordinal(), step, week_starts) for day in (first, last))
    if end - start >= MAX_PERIODS:
        words = f"these are {end - start + 1:,} periods; a report has at most {MAX_PERIODS}: take longer ones"
        raise field_problem("$.step", "too_many_periods", words)
    return [first, *(first_day(number, step, week_starts) for number in range(start + 1, end + 1))]


def _values(
    workspace_id: int, live: LiveProgram, version: Version, days: list[date], last: date, segment: int | None
) -> dict[str, Any]:
    """Return everything that a query may name."""
    pays = version.program.wallets[0].pays
    limits = [
        limit
        for limit in version.budgets
        if limit.owner is not None and limit.is_total and limit.period is not Period.HOUR
    ]
    owners = [limit.owner or ("", "") for limit in limits]
    return {
        "workspace": workspace_id,
        "program": live.program_id,
        "unit": version.wallets[0].unit,
        "currency": version.program.currency,
        "point_value": None if pays is None else pays.amount / pays.points,
        "starts": [local_midnight(day, version.zone) for day in days],
        "end": local_midnight(date.fromordinal(last.toordinal() + 1), version.zone),
        "segment": segment,
        "first_day": days[0].toordinal(),
        "last_day": last.toordinal(),
        "limits": [limit.number for limit in limits],
        "limit_parts": [part for part, _ in owners],
        "limit_ids": [name for _, name in owners],
        "limit_words": [limit.name for limit in limits],
        "limit_caps": [limit.cap for limit in limits],
    }


def _row(report: Report, row: tuple[Cell, ...], days: list[date], language: Language) -> dict[str, Cell]:
    return {
        column.name: _cell(column, value, days, language)
        for column, value in zip(report.columns, row, strict=True)
    }


def _cell(column: Column, value: Cell, days: list[date], language: Language) -> Cell:
    if column.told and isinstance(value, str):
        return retell(value, language)
    if column.kind is Kind.PERIOD and isinstance(value, int):
        return days[value - 1].isoformat()
    if column.kind is Kind.DAY and isinstance(value, int):
        return date.fromordinal(value).isoformat()
    return float(f"{value:.6g}") if isinstance(value, float) else value
