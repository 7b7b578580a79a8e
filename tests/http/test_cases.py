"""``POST /v1/programs/{id}/cases``, and publishing: test cases of a program must hold."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from perennial.core.document.document import read_program
from perennial.core.document.program import Program
from perennial.flows.programs import case_runs
from perennial.flows.programs.case_runs import run_draft_cases
from tests.http.people import hire, signed_in
from tests.http.site import PROGRAM, Site

CASES = """\
cases:
  - id: eighty
    title: A member buys for 80.00
    steps:
      - at: 2026-06-06 12:05
        order: {id: o1, lines: [{sku: shirt, amount: 8000}]}
        expect: {earned: 80, balance: 80}
"""
WRONG = CASES.replace("earned: 80", "earned: 90")
PLACE = "/v1/programs/points/cases"
PUBLISH = "/v1/programs/points/publish"


async def _draft(site: Site, text: str) -> dict[str, Any]:
    headers = {"content-type": "application/yaml"}
    path = "/v1/programs/points/draft"
    saved: dict[str, Any] = await site.done("PUT", path, raw=text.encode(), headers=headers)
    return saved


async def test_cases_are_played_as_the_draft_has_them_or_as_somebody_writes_them(site: Site) -> None:
    """The stored draft, or the text in the body; each case says what does not hold, at which step."""
    draft = await _draft(site, PROGRAM + CASES)
    held = {"id": "eighty", "title": "A member buys for 80.00", "passed": True, "misses": []}
    run = {"program": "points", "revision": draft["revision"], "passed": True, "cases": [held]}
    assert await site.done("POST", PLACE, {}) == run
    missed = await site.done("POST", PLACE, {"document": PROGRAM + WRONG})
    assert missed["passed"] is False
    assert missed["cases"][0]["misses"] == [{"step": 1, "words": "earned should be 90 but is 80"}]
    assert (await site.done("POST", PLACE, {"document": PROGRAM}))["cases"] == []


async def test_publishing_demands_that_the_cases_hold(site: Site) -> None:
    """It is refused with every miss at its place; the marketer's role may say otherwise, and it is noted."""
    draft = await _draft(site, PROGRAM + WRONG)
    assert draft["problems"] == []
    refused = await site.refused(422, "cases_failed", "POST", PUBLISH, {})
    assert refused["errors"] == [
        {
            "path": "cases[0].steps[0]",
            "code": "case_failed",
            "message": "A member buys for 80.00: earned should be 90 but is 80",
        }
    ]
    programs = await site.key("read", "programs")
    asked = {"despite_cases": True, "note": "the case is old"}
    await site.refused(403, "scope_missing", "POST", PUBLISH, asked, secret=programs)
    published = await site.done("POST", PUBLISH, asked)
    async with site.database.transaction(site.row.workspace_id) as conn:
        noted = await conn.fetchval(
            "select after::text from audit_entries where action = 'program.published' order by at desc, "
            "entry_id desc limit 1"
        )
    assert json.loads(noted) == {
        "version": published["version"],
        "digest": published["digest"],
        "despite_cases": ["eighty"],
    }
    await _draft(site, PROGRAM + CASES)
    changes = (await site.done("POST", PUBLISH, {}))["changes"]
    assert changes[0]["words"] == "test case “A member buys for 80.00”: other steps"


async def test_what_cannot_be_published_is_not_played(site: Site) -> None:
    """Problems come first, those of steps included, each with its path."""
    draft = await _draft(site, PROGRAM + CASES.replace("earned", "eraned"))
    [found] = draft["problems"]
    assert (found["path"], found["code"]) == ("cases[0].steps[0].expect.eraned", "unknown_field")
    await site.refused(422, "program_invalid", "POST", PLACE, {})
    await site.refused(422, "program_invalid", "POST", PUBLISH, {})
    await site.refused(404, "program_unknown", "POST", "/v1/programs/nobody/cases", {})
    reader = await site.key("read")
    await site.refused(403, "scope_missing", "POST", PLACE, {}, secret=reader)


async def test_a_case_is_played_for_so_long_and_no_longer(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was not played to its end does not hold; too many at once are told to come back."""
    await _draft(site, PROGRAM + CASES)
    late = await run_draft_cases(site.database, site.row.workspace_id, "points", seconds=0.001)
    assert [miss.words for miss in late.cases[0].misses] == [
        "it could not be played to its end within 0.001 seconds of the processor"
    ]
    monkeypatch.setattr(case_runs, "MOST_AT_ONCE", 1)
    answers = await asyncio.gather(*(site.call("POST", PLACE, {}) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 503, 503]


async def test_the_draft_that_is_published_is_the_one_whose_cases_were_played(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever saves another draft meanwhile makes the publication fail, and nothing slips through."""
    await _draft(site, PROGRAM + CASES)
    played = case_runs.play_in_process

    async def slow(*args: Any) -> Any:
        outcomes = await played(*args)
        await _draft(site, PROGRAM + WRONG)
        return outcomes

    monkeypatch.setattr(case_runs, "play_in_process", slow)
    await site.refused(409, "draft_changed", "POST", PUBLISH, {})


async def test_what_two_people_must_want_has_cases_too(site: Site) -> None:
    """A case that does not hold refuses the question already; what is said despite it is kept with it."""
    owner = await signed_in(site, await hire(site, "owner"))
    rules = {"second_factor": False, "two_to_publish": True}
    await site.done("PUT", "/v1/staff-rules", rules, session=owner)
    ana = await signed_in(site, await hire(site, "marketer"))
    ben = await signed_in(site, await hire(site, "marketer"))
    await _draft(site, PROGRAM + WRONG)
    await site.refused(422, "cases_failed", "POST", PUBLISH, {}, session=ana)
    asked = await site.call("POST", PUBLISH, {"despite_cases": True}, session=ana)
    assert asked.status_code == 202, asked.text
    path = f"/v1/approvals/{asked.json()['approval']}/approve"
    assert asked.json()["summary"]["despite_cases"] is True
    assert (await site.done("POST", path, {}, session=ben))["state"] == "done"
    program = read_program((await site.call("GET", "/v1/programs/points/versions/2", session=ben)).text)
    assert isinstance(program, Program)
    assert program.cases[0].id == "eighty"
