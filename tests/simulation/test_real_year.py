"""On the public year of shopping the simulator and the live path agree to the point."""

from __future__ import annotations

from pathlib import Path

import pytest

from perennial.connectors.complete_journey import Statistics, read_baskets
from perennial.connectors.complete_journey_coupons import read_coupons
from perennial.flows.batcher import Intake
from perennial.flows.handle_events import Handler
from perennial.flows.replaying.replay import PROGRAM, replay, sample_program
from perennial.flows.simulation.result import SimulationResult
from perennial.flows.simulation.simulate import Simulate, prepare, simulate
from perennial.store.database import Database
from tests.codebook import CODEBOOK
from tests.simulation.agreement import played, state, stored

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.torture
async def test_the_year_comes_out_the_same(
    db: Database, database_url: str, workspace: int, request: pytest.FixtureRequest
) -> None:
    """Twenty households (all, with --torture): every wallet, lot, tier and counter, and the totals."""
    members = None if request.config.getoption("--torture") else 20
    intake = Intake(Handler(db, CODEBOOK))
    baskets = read_baskets(Statistics(), members=members)
    summary = await replay(
        intake, workspace, sample_program(EXAMPLES), baskets, Statistics(), None, read_coupons()
    )
    await intake.close()
    lives, compiled = await played(db, database_url, workspace, PROGRAM, Simulate(version="1"))
    version = compiled.sides[0][-1]
    async with db.snapshot(workspace) as conn:
        row = await conn.fetchrow(
            "select bucket_base, bucket_count from workspaces where workspace_id = $1", workspace
        )
        assert row is not None
        known = await stored(conn, workspace, range(row[0], row[0] + row[1]), version)
    assert len(lives) == summary.totals.members
    differing = 0
    for [life, _] in lives:
        member = life.members[0]
        live = state(known[member.customer_id], version.program_id)
        differing += state(member, version.program_id) != live
        if members is not None:
            assert state(member, version.program_id) == live
    assert differing == 0
    result = await _result(db, database_url, workspace)
    wallet, side = summary.totals.wallet, result.sides[0]
    assert (side.members, side.orders) == (summary.totals.members, summary.totals.orders)
    assert [each.claims for each in side.rewards] == [summary.claims]
    [points] = side.wallets
    assert (points.awarded, points.used, points.expired) == (wallet.issued, wallet.used, wallet.expired)
    assert (points.liability, points.pending) == (wallet.liability, wallet.pending)
    assert {each.tier: each.members for each in side.tiers} == summary.totals.tiers
    print(
        f"{side.orders} orders of {len(lives)} members agree, {points.awarded} points, in {result.seconds} s"
    )


async def _result(db: Database, url: str, workspace: int) -> SimulationResult:
    prepared = await prepare(db, url, workspace, PROGRAM, Simulate(version="1"))
    steps = [step async for step in simulate(prepared, 2)]
    result = steps[-1]
    assert isinstance(result, SimulationResult)
    return result
