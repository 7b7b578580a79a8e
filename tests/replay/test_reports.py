"""Reports over real baskets say what duckdb and plain Python say over the files that these come from."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import Any

from perennial.core.dates.periods import Period
from perennial.flows.handle_events import Handler
from perennial.flows.reports import Asked, read_report
from perennial.store.database import Database
from tests.codebook import CODEBOOK
from tests.replay.recompute import read
from tests.replay.test_replay import play

BASKETS = 3_000


async def test_reports_of_the_first_days(db: Database, workspace: int) -> None:
    """By day: orders, customers, revenue, averages, and new members; and how many came back."""
    await play(db, workspace, BASKETS, None)
    handler = Handler(db, CODEBOOK)
    baskets = [(household, day, net) for household, day, _, net, _, _ in read(BASKETS, None)]
    days = sorted({day for _, day, _ in baskets})
    by_day: dict[date, list[tuple[int, int]]] = defaultdict(list)
    first_on: dict[int, date] = {}
    for household, day, net in baskets:
        by_day[day].append((household, net))
        first_on.setdefault(household, day)

    async def rows(name: str) -> list[dict[str, Any]]:
        asked = Asked(first=days[0], last=days[-1], step=Period.DAY)
        return (await read_report(handler, workspace, name, asked)).data

    said = [row for row in await rows("orders") if row["who"] == "member"]
    assert [(row["period"], row["orders"], row["customers"], row["revenue"]) for row in said] == [
        (day.isoformat(), len(of), len({who for who, _ in of}), sum(net for _, net in of))
        for day, of in sorted(by_day.items())
    ]
    said = await rows("members")
    joined = Counter(first_on.values())
    assert {row["period"]: row["joined"] for row in said} == {day.isoformat(): joined[day] for day in days}
    assert said[-1]["members"] == len(first_on)
    counts = Counter(household for household, _, _ in baskets)
    again = sum(count > 1 for count in counts.values())
    member = next(row for row in await rows("repeat-orders") if row["who"] == "member")
    assert (member["customers"], member["repeated"]) == (len(counts), again)
    assert sum(row["orders"] for row in await rows("returning-orders")) == BASKETS
