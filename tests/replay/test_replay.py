"""A year of shopping through the live path gives the totals of an independent recomputation."""

from __future__ import annotations

from pathlib import Path

from perennial.connectors.complete_journey import Statistics, read_baskets
from perennial.flows.batcher import Intake
from perennial.flows.handle_events import Handler
from perennial.flows.replay import Progress, ReplaySummary, replay, sample_program
from perennial.store.database import Database
from tests.replay.recompute import Totals, recompute

EXAMPLES = Path(__file__).parents[2] / "examples"


async def play(db: Database, workspace: int, limit: int | None, members: int | None) -> ReplaySummary:
    intake = Intake(Handler(db))
    read = Statistics()
    baskets = read_baskets(read, limit=limit, members=members)
    seen: list[Progress] = []
    summary = await replay(intake, workspace, sample_program(EXAMPLES), baskets, read, seen.append)
    await intake.close()
    assert [progress.at for progress in seen] == sorted(progress.at for progress in seen)
    assert seen[-1].baskets == summary.read.baskets
    return summary


def compare(summary: ReplaySummary, totals: Totals) -> None:
    wallet = summary.totals.wallet
    assert summary.totals.members == totals.members
    assert summary.totals.orders == summary.read.baskets == totals.orders
    assert summary.read.lines == totals.lines
    assert summary.read.net == totals.net
    assert wallet.issued == totals.issued
    assert wallet.used == totals.used
    assert summary.claims == totals.claims
    assert wallet.expired == totals.expired
    assert wallet.liability == totals.liability
    assert (wallet.taken_back, wallet.adjusted, wallet.debt) == (0, 0, 0)
    assert summary.totals.tiers == dict(totals.tiers)


async def test_few_households_over_the_whole_year(db: Database, workspace: int) -> None:
    """Forty households, a year with activations, expiries and claims: equal to the point."""
    totals = recompute(None, 40)
    compare(await play(db, workspace, None, 40), totals)
    assert totals.expired > 0
    assert totals.used > 0


async def test_many_households_over_a_few_days(db: Database, workspace: int) -> None:
    """The first 3,000 baskets of everybody: equal to the point."""
    compare(await play(db, workspace, 3_000, None), recompute(3_000, None))
