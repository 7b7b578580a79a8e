"""``/v1/programs/{id}/planned``: a draft that is published at an instant, once, if nothing is in the way."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from perennial.flows.programs import life as programs
from perennial.flows.programs.planned_versions import publish_due_plans
from perennial.units import parse_instant
from tests.codebook import CODEBOOK
from tests.http.people import hire, signed_in
from tests.http.site import PROGRAM, Site, order

BERLIN = PROGRAM.replace("currency: USD", "currency: USD\ntime_zone: Europe/Berlin")
DOUBLED = BERLIN.replace("points: 1, per: 100", "points: 2, per: 100")
TRIPLED = BERLIN.replace("points: 1, per: 100", "points: 3, per: 100")
PLACE = "/v1/programs/points/planned"
NINE = "2030-11-29T09:00"
CASES = """\
cases:
  - id: eighty
    title: A member buys for 80.00
    steps:
      - at: 2030-06-06 12:05
        order: {id: o1, lines: [{sku: shirt, amount: 8000}]}
        expect: {earned: 160}
"""


async def _draft(site: Site, text: str) -> None:
    headers = {"content-type": "application/yaml"}
    await site.done("PUT", "/v1/programs/points/draft", raw=text.encode(), headers=headers)


async def _clock(site: Site, to: str) -> None:
    await site.done("POST", "/v1/clock", {"advance_to": to})


async def _plan(site: Site, text: str = DOUBLED, **body: Any) -> dict[str, Any]:
    """Plan a draft for Friday at nine in Berlin; the clock stands two days before."""
    await _clock(site, "2030-11-27T00:00:00Z")
    await _draft(site, text)
    planned: dict[str, Any] = await site.done("PUT", PLACE, {"publish_at": NINE, **body})
    return planned


async def _plans(site: Site) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await site.done("GET", PLACE))["data"]
    return found


async def _versions(site: Site) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await site.done("GET", "/v1/programs/points/versions"))["data"]
    return found


async def _noted(site: Site, action: str) -> list[dict[str, Any]]:
    async with site.database.transaction(site.row.workspace_id) as conn:
        sql = "select after::text from audit_entries where action = $1 order by at, entry_id"
        return [json.loads(after) for (after,) in await conn.fetch(sql, action)]


async def test_the_clock_of_a_sandbox_publishes_at_the_instant(site: Site) -> None:
    """Not before; what happens from the instant on is judged by it, however late the clock came there."""
    planned = await _plan(site, note="Black Friday")
    assert planned == {
        "program": "points",
        "publish_at": "2030-11-29T08:00:00Z",
        "time_zone": "Europe/Berlin",
        "state": "waiting",
        "planned_by": "a key",
        "planned_at": planned["planned_at"],
        "note": "Black Friday",
    } | {"planned_by": planned["planned_by"]}
    await _clock(site, "2030-11-29T07:59:59Z")
    assert [each["version"] for each in await _versions(site)] == [1]
    await _clock(site, "2030-11-30T00:00:00Z")
    version = (await _versions(site))[0]
    assert (version["version"], version["valid_from"], version["note"]) == (
        2,
        "2030-11-29T08:00:00Z",
        "Black Friday",
    )
    assert version["planned_at"] == planned["planned_at"]
    [ended] = await _plans(site)
    assert (ended["state"], ended["version"], ended["ended_by"]) == ("published", 2, planned["planned_by"])
    for at, earned in (("2030-11-29T07:00:00Z", 10), ("2030-11-29T09:00:00Z", 20)):
        body = order(1000, occurred_at=at)
        answer = await site.done("PUT", f"/v1/orders/{at[11:13]}", body)
        assert answer["programs"][0]["points"] == {"points": earned}


async def test_a_plan_is_changed_and_canceled(site: Site) -> None:
    """There is one at a time; the audit log knows what it was before."""
    await _plan(site)
    moved = await site.done("PUT", PLACE, {"publish_at": "2030-12-01T06:00:00Z"})
    assert [each["publish_at"] for each in await _plans(site)] == [moved["publish_at"]]
    canceled = await site.done("DELETE", PLACE)
    assert (canceled["state"], "ended_at" in canceled) == ("canceled", True)
    await site.refused(404, "no_plan", "DELETE", PLACE)
    await _clock(site, "2031-01-01T00:00:00Z")
    assert [each["version"] for each in await _versions(site)] == [1]
    assert len(await _noted(site, "program.publication_planned")) == 2
    assert await _noted(site, "program.publication_canceled") == [{"state": "canceled"}]


async def test_what_is_planned_must_be_possible_and_to_come(site: Site) -> None:
    """Problems, cases, the past, a draft that is gone on: refused as publishing refuses them."""
    await _plan(site)
    for at in ("2030-11-27T00:00:00Z", "2030-11-26"):
        wrong = await site.refused(422, "publish_at_past", "PUT", PLACE, {"publish_at": at})
        assert wrong["errors"][0]["path"] == "$.publish_at"
    await site.refused(422, "invalid_instant", "PUT", PLACE, {"publish_at": "at nine o'clock"})
    await site.refused(409, "draft_changed", "PUT", PLACE, {"publish_at": NINE, "revision": 0})
    await _draft(site, TRIPLED + CASES)
    await site.refused(422, "cases_failed", "PUT", PLACE, {"publish_at": NINE})
    await _draft(site, DOUBLED.replace("per_amount", "per_miracle"))
    await site.refused(422, "program_invalid", "PUT", PLACE, {"publish_at": NINE})
    await site.refused(404, "program_unknown", "PUT", "/v1/programs/none/planned", {"publish_at": NINE})
    reader = await site.key("read")
    await site.refused(403, "scope_missing", "PUT", PLACE, {"publish_at": NINE}, secret=reader)


async def test_a_draft_that_was_changed_is_not_published(site: Site) -> None:
    """It shows at once; when the instant is there the plan says why. Saying the same again is no change."""
    await _plan(site)
    await _draft(site, TRIPLED)
    assert (await _plans(site))[0]["changed"] is True
    await _draft(site, "# with a comment\n" + DOUBLED)
    assert "changed" not in (await _plans(site))[0]
    await _draft(site, TRIPLED)
    await _clock(site, "2030-11-30T00:00:00Z")
    [failed] = await _plans(site)
    assert (failed["state"], failed["failure"]["code"]) == ("failed", "draft_changed")
    assert [each["version"] for each in await _versions(site)] == [1]
    assert [each["code"] for each in await _noted(site, "program.publication_failed")] == ["draft_changed"]
    await _clock(site, "2030-12-01T00:00:00Z")  # what has failed is not tried again
    assert len(await _noted(site, "program.publication_failed")) == 1


async def test_problems_that_came_up_meanwhile_are_in_the_way(site: Site) -> None:
    """Here the workspace declares an attribute otherwise than the draft does."""
    await _plan(
        site,
        DOUBLED.replace(
            "    birthday: {type: date}", "    birthday: {type: date}\n    shoe: {type: integer}"
        ),
    )
    await site.done("PUT", "/v1/attributes", {"member": {"shoe": {"type": "text"}}})
    await _clock(site, "2030-11-30T00:00:00Z")
    [failed] = await _plans(site)
    assert failed["failure"]["code"] == "program_invalid"
    assert failed["failure"]["errors"][0]["code"] == "declared_differently"


async def test_a_code_that_was_given_away_meanwhile_is_in_the_way(site: Site) -> None:
    """A plan with a new code for everybody is made; until its hour somebody has a voucher with that code."""
    gives = "gives: [{type: free_shipping}]"
    pool = f'  - {{id: ship, name: Free shipping, codes: {{pattern: "SHIP-########"}}, {gives}}}\n'
    author = programs.Author(actor="test", at=site.row.created_at)
    await programs.apply_document(site.database, site.row.workspace_id, BERLIN + pool, author)
    await _plan(site, BERLIN + pool + f"  - {{id: half, name: Half, codes: {{shared: Ship-50}}, {gives}}}\n")
    made = await site.done(
        "POST", "/v1/vouchers/batches", {"id": "b1", "reward": "ship", "codes": ["SHIP 5O"]}
    )
    assert made["made"] == 1
    await _clock(site, "2030-11-30T00:00:00Z")
    [failed] = await _plans(site)
    assert failed["failure"]["code"] == "program_invalid"
    assert failed["failure"]["errors"][0]["code"] == "code_taken"


async def test_a_version_that_is_published_first_overtakes_the_plan(site: Site) -> None:
    """What was planned is the past then: also what was rolled back does not come back by itself."""
    await _plan(site)
    await site.done("POST", "/v1/programs/points/rollback", {"version": 1})
    await _clock(site, "2030-11-30T00:00:00Z")
    assert [each["state"] for each in await _plans(site)] == ["overtaken"]
    assert [each["version"] for each in await _versions(site)] == [2, 1]


async def test_two_people_must_want_what_is_planned(site: Site) -> None:
    """The plan begins when the second agrees; a rule that comes later holds when the instant is there."""
    owner = await signed_in(site, await hire(site, "owner"))
    ana = await signed_in(site, await hire(site, "marketer"))
    ben = await signed_in(site, await hire(site, "marketer"))
    await _plan(site)
    rules = {"second_factor": False, "two_to_publish": True}
    await site.done("PUT", "/v1/staff-rules", rules, session=owner)
    await _clock(site, "2030-11-29T08:00:00Z")
    assert (await _plans(site))[0]["failure"]["code"] == "approval_needed"
    asked = await site.call("PUT", PLACE, {"publish_at": "2030-12-01"}, session=ana)
    assert asked.status_code == 202, asked.text
    assert [each["state"] for each in await _plans(site)] == ["failed"]
    path = f"/v1/approvals/{asked.json()['approval']}/approve"
    done = await site.done("POST", path, {}, session=ben)
    assert (done["state"], done["answer"]) == (
        "done",
        {"program": "points", "publish_at": "2030-11-30T23:00:00Z"},
    )
    await _clock(site, "2030-12-01T00:00:00Z")
    assert (await _versions(site))[0]["actor"].endswith(f"approved by {done['decided_by']}")


async def test_of_many_workers_at_the_same_instant_one_publishes(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight at once make one version; without the look at the plan under the lock they make several."""
    workspace = site.row.workspace_id
    until = parse_instant("2030-11-30T00:00:00Z")

    async def race() -> int:
        async with site.database.transaction(workspace) as conn:
            await conn.execute(
                "update workspaces set clock_at = $2 where workspace_id = $1", workspace, until
            )
        ended = await asyncio.gather(
            *(publish_due_plans(site.database, workspace, until, CODEBOOK) for _ in range(8)),
            return_exceptions=True,
        )
        assert sum(each for each in ended if isinstance(each, int)) >= 1, ended
        return len(await _versions(site))

    await _plan(site)
    assert await race() == 2
    assert [each["state"] for each in await _plans(site)] == ["published"]

    async def unguarded(*args: Any) -> None:
        return None

    monkeypatch.setattr(programs, "_check_plan", unguarded)
    await _draft(site, TRIPLED)
    await site.done("PUT", PLACE, {"publish_at": "2030-11-30T09:00:00Z"})
    until = parse_instant("2030-12-01T00:00:00Z")
    assert await race() > 3


async def test_the_database_lets_one_plan_of_a_program_wait(site: Site) -> None:
    """Whoever writes past the flow is refused as well, and two who plan at once leave one plan."""
    await _plan(site)
    async with site.database.transaction(site.row.workspace_id) as conn:
        with pytest.raises(asyncpg.UniqueViolationError):
            await conn.execute(
                "insert into planned_versions select workspace_id, gen_random_uuid(), program_id, publish_at,"
                " digest, actor, agreed, despite_cases, note, planned_at, state from planned_versions"
            )
    bodies = [{"publish_at": f"2030-12-{day:02}T09:00"} for day in range(1, 7)]
    answers = await asyncio.gather(*(site.call("PUT", PLACE, body) for body in bodies))
    assert {answer.status_code for answer in answers} == {200}
    assert [each["state"] for each in await _plans(site)] == ["waiting"]
