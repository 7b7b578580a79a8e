"""What every report is: one query with a description. The reports are files of ``reports/queries/``.

A query names what it needs: ``:workspace``, ``:program``, ``:unit`` (of the program's first wallet),
``:currency``, ``:point_value`` (in minor units; null: points do not pay), ``:fee`` (what the platform and the
staff cost in the time, in minor units; 0: not said), ``:starts`` (the first instants of
the periods, ascending), ``:end`` (of the last one, which is not included), ``:segment`` (null: everybody),
``:first_day`` and ``:last_day`` (numbers of days), and of the program's limits in total ``:limits``,
``:limit_parts``, ``:limit_ids``, ``:limit_words``, and ``:limit_caps``. What has a column ``period`` gives
the place of the period in it, from 1 on. Shares come with their numerator and denominator.
"""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What stands in a column, which says how to show it."""

    PERIOD = "period"
    DAY = "day"
    TEXT = "text"
    COUNT = "count"
    POINTS = "points"
    MONEY = "money"
    NUMBER = "number"
    SHARE = "share"


class Names(StrEnum):
    """What the ids in a column belong to, where they have names that people know them by."""

    TIER = "tier"
    PART = "part"
    KIND = "kind"


class Column(msgspec.Struct, frozen=True):
    """A column with its formula in words; money is in minor units, a share between 0 and 1.

    ``names``: the column has ids of tiers, or of parts of the program such as campaigns and rewards.
    ``values`` are the words that may stand in it, if it has words of ours; ``told``: it has our sentences.
    """

    name: str
    title: str
    kind: Kind
    formula: str = ""
    names: Names | None = None
    values: tuple[str, ...] = ()
    told: bool = False


class Chart(StrEnum):
    """How a report is best drawn."""

    LINE = "line"
    BARS = "bars"
    STACK = "stack"
    MATRIX = "matrix"
    TABLE = "table"


class Report(msgspec.Struct, frozen=True):
    """A report. ``columns`` are those of its query, in their order."""

    name: str
    title: str
    description: str
    columns: tuple[Column, ...]
    sql: str
    chart: Chart = Chart.LINE

    @property
    def takes_segment(self) -> bool:
        """Whether it can be asked about the customers of a segment alone."""
        return ":segment" in self.sql

    @property
    def takes_step(self) -> bool:
        """Whether it is cut into periods."""
        return any(column.kind is Kind.PERIOD for column in self.columns)

    @property
    def takes_fee(self) -> bool:
        """Whether it can be told what the program costs beside its points."""
        return ":fee" in self.sql

    def statement(self) -> tuple[str, tuple[str, ...]]:
        """Return the query with numbered parameters, and their names in this order."""
        names: list[str] = []

        def number(match: re.Match[str]) -> str:
            if match[1] not in names:
                names.append(match[1])
            return f"${names.index(match[1]) + 1}"

        return _PARAMETER.sub(number, self.sql), tuple(names)


_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]+)")


def in_segment(table: str) -> str:
    """Return the words that keep the customers of ``table`` who are in the segment now, if one is named."""
    return f"""(:segment::int is null or exists (
        select from segment_members
        where segment_members.bucket = {table}.bucket and segment_members.workspace_id = :workspace
            and segment_members.customer_id = {table}.customer_id and segment_id = :segment
    ))"""


def sales(name: str = "sales") -> str:
    """Return a common table of what was sold before ``:end``: paid, not canceled, less what came back.

    ``at`` is when it was paid; ``who`` bought is a ``member`` (who had joined by then), somebody ``other``
    whom the workspace knows, or a ``guest``. Orders in other currencies than the program's are left out.
    """
    return f"""{name} as (
    select orders.bucket, orders.customer_id, coalesce(paid_at, occurred_at) as at,
        net - coalesce(returned_net, 0) as net, location,
        case
            when orders.customer_id = order_id then 'guest'
            when joined_at <= coalesce(paid_at, occurred_at)
                and coalesce(left_at > coalesce(paid_at, occurred_at), true) then 'member'
            else 'other'
        end as who
    from orders
    left join memberships on memberships.bucket = orders.bucket
        and memberships.workspace_id = :workspace and memberships.customer_id = orders.customer_id
        and memberships.program_id = :program
    where orders.workspace_id = :workspace and status in (2, 3)
        and coalesce(paid_at, occurred_at) < :end::timestamptz
        and (currency is null or currency = :currency)
        and {in_segment("orders")}
)"""


PERIOD = Column("period", "Period", Kind.PERIOD)
