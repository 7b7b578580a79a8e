"""A year of shopping through the live path gives the totals of an independent recomputation."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from perennial.connectors.complete_journey import Statistics, read_baskets
from perennial.connectors.complete_journey_coupons import read_coupons
from perennial.core.codes.entry import shared_form
from perennial.flows.batcher import Intake
from perennial.flows.handle_events import Handler
from perennial.flows.problems import ProblemError
from perennial.flows.replaying.replay import Progress, ReplaySummary, UnexpectedAnswer, replay, sample_program
from perennial.flows.replaying.replay_coupons import code_of
from perennial.store.audits.audit import audit
from perennial.store.database import WORKER_ROLE, Database, connect
from tests.codebook import CODEBOOK
from tests.replay.recompute import Totals, recompute

EXAMPLES = Path(__file__).parents[2] / "examples"


async def play(db: Database, workspace: int, limit: int | None, members: int | None) -> ReplaySummary:
    intake = Intake(Handler(db, CODEBOOK))
    read = Statistics()
    baskets = read_baskets(read, limit=limit, members=members)
    seen: list[Progress] = []
    summary = await replay(
        intake, workspace, sample_program(EXAMPLES), baskets, read, seen.append, read_coupons()
    )
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
    coupons = summary.coupons
    assert (coupons.redemptions, coupons.attributed) == (totals.redemptions, totals.attributed)


def test_the_figures_of_the_year() -> None:
    """What the public year comes to under the sample program: facts of the data and of the program."""
    totals = recompute()
    assert (totals.members, totals.orders, totals.lines) == (2_469, 155_848, 1_469_307)
    assert totals.net == 459_603_958
    assert (totals.issued, totals.used, totals.expired) == (6_874_525, 1_965_500, 1_898_492)
    assert totals.liability == 3_010_533 == totals.issued - totals.used - totals.expired
    assert totals.claims == 3_931
    assert (totals.redemptions, totals.attributed) == (2_102, 1_876)
    assert totals.tiers == {"bronze": 1_091, "silver": 885, "gold": 493}


def test_every_household_has_codes_of_its_own() -> None:
    """However a code is typed, it is read as that of one household in one campaign."""
    codes = [
        code_of(campaign.number, household)
        for campaign in read_coupons().campaigns
        for household in campaign.households
    ]
    assert len(codes) == 6_589
    assert len({shared_form(code) for code in codes}) == len(codes)


@pytest.mark.torture
async def test_households_over_the_whole_year(
    db: Database, database_url: str, workspace: int, request: pytest.FixtureRequest
) -> None:
    """Forty households (all, with --torture): activations, expiries and claims, equal to the point."""
    members = None if request.config.getoption("--torture") else 40
    totals = recompute(None, members)
    summary = await play(db, workspace, None, members)
    compare(summary, totals)
    assert totals.expired > 0
    assert totals.used > 0
    print(f"{summary.read.baskets} baskets, {summary.orders_per_second:.0f} orders/s, audit clean: ", end="")
    # Not on a connection of the live path, which has a time limit and plans for look-ups by key.
    conn = await connect(database_url, role=WORKER_ROLE, statement_timeout="0")
    try:
        report = await audit(conn, workspace)
    finally:
        await conn.close()
    print(report.clean)
    assert report.clean, report.broken


async def test_many_households_over_a_few_days(db: Database, workspace: int) -> None:
    """The first 3,000 baskets of everybody: equal to the point."""
    compare(await play(db, workspace, 3_000, None), recompute(3_000, None))


async def test_a_live_workspace_is_refused(db: Database, database_url: str, workspace: int) -> None:
    """A replay needs a sandbox: it moves the clock."""
    owner = await connect(database_url)
    await owner.execute("update workspaces set sandbox = false where workspace_id = $1", workspace)
    await owner.close()
    with pytest.raises(ProblemError) as refused:
        await play(db, workspace, 10, None)
    assert refused.value.problem.code == "not_a_sandbox"
    async with db.transaction(workspace) as conn:
        assert await conn.fetchval("select count(*) from orders") == 0


async def test_another_answer_stops_the_replay(db: Database, workspace: int) -> None:
    """A basket that cannot be told apart from an earlier one is no success: the replay says so and stops."""
    intake = Intake(Handler(db, CODEBOOK))
    baskets = list(read_baskets(Statistics(), limit=2))
    stranger = msgspec.structs.replace(baskets[1], customer=baskets[0].customer + "0")
    with pytest.raises(UnexpectedAnswer, match="id_conflict"):
        await replay(intake, workspace, sample_program(EXAMPLES), [*baskets, stranger], Statistics(baskets=3))
    await intake.close()
