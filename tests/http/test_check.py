"""``POST /v1/programs/{id}/check``: what a draft gives away, with proofs, within the time that it has."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from perennial.core.cases.case_file import Case, read_case
from perennial.core.cases.cases import run_case
from perennial.core.finder import KINDS
from perennial.flows.programs import flaw_search
from perennial.flows.programs.life import Author, apply_document
from tests.http.site import PROGRAM, Site

STACKED = (
    PROGRAM
    + """\
  - {id: spring, name: Spring, automatic: true, gives: [{type: percent_off, percent: "20"}]}
  - {id: letter, name: Letter, codes: {shared: LETTER}, gives: [{type: percent_off, percent: "20"}]}
"""
)
PLACE = "/v1/programs/points/check"


async def _draft(site: Site, text: str = STACKED) -> dict[str, Any]:
    yaml = {"content-type": "application/yaml"}
    saved: dict[str, Any] = await site.done(
        "PUT", "/v1/programs/points/draft", raw=text.encode(), headers=yaml
    )
    return saved


async def test_a_finding_has_a_proof_that_can_be_played(site: Site) -> None:
    """Two discounts that stack below cost, and points that give back 1 %; other assumptions find less."""
    await _draft(site)
    asked = {"kinds": ["stacks_below_cost", "gift_card_loop"]}
    found = await site.done("POST", PLACE, asked)
    [finding] = found["findings"]
    assert (finding["kind"], finding["path"], found["unfinished"]) == ("stacks_below_cost", "stacking", [])
    case = read_case(finding["proof"])
    assert isinstance(case, Case)
    assert run_case(case).passed
    [back] = found["gives_back"]
    assert (back["wallet"], back["percent"], back["advice"]) == ("points", "1", "little")
    found = await site.done("POST", PLACE, asked | {"assumptions": {"margin": "50"}})
    assert found["findings"] == []


async def test_a_version_is_checked_as_it_was_published(site: Site) -> None:
    """The draft went on since; an unknown version is a 404."""
    author = Author(actor="test", at=site.row.created_at)
    await apply_document(site.database, site.row.workspace_id, STACKED, author)
    await _draft(site, PROGRAM)
    asked = {"kinds": ["stacks_below_cost"]}
    assert (await site.done("POST", PLACE, asked))["findings"] == []
    found = await site.done("POST", PLACE, asked | {"version": 2})
    assert [each["kind"] for each in found["findings"]] == ["stacks_below_cost"]
    await site.refused(404, "version_unknown", "POST", PLACE, asked | {"version": 9})


async def test_publishing_tells_what_was_found_and_goes_on(site: Site) -> None:
    """With `check` the answer has the findings of what was published; without it nothing is searched."""
    draft = await _draft(site)
    published = await site.done("POST", "/v1/programs/points/publish", {"check": True})
    assert published["version"] == 2
    assert "stacks_below_cost" in [each["kind"] for each in published["check"]["findings"]]
    assert published["check"]["revision"] == draft["revision"]
    began = time.monotonic()
    assert (await site.done("POST", "/v1/programs/points/publish", {}))["check"] is None
    assert time.monotonic() - began < 5


async def test_what_cannot_be_published_is_not_searched(site: Site) -> None:
    """Problems of the draft come first; a kind that is none is named."""
    await _draft(site, PROGRAM.replace("per_amount", "per_miracle"))
    await site.refused(422, "program_invalid", "POST", PLACE, {})
    await _draft(site)
    wrong = await site.refused(422, "kind_unknown", "POST", PLACE, {"kinds": ["stacks_below_cost", "luck"]})
    assert wrong["errors"][0]["path"] == "$.kinds[1]"
    await site.refused(404, "program_unknown", "POST", "/v1/programs/nobody/check", {})
    reader = await site.key("read")
    await site.refused(403, "scope_missing", "POST", PLACE, {}, secret=reader)


async def test_a_search_ends_with_its_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not done by then is named as unfinished; a process that hangs is ended."""
    await _draft(site)
    monkeypatch.setattr(flaw_search, "PATIENCE", -0.99)
    found = await site.done("POST", PLACE, {"seconds": 1})
    assert found["unfinished"] == list(KINDS)
    monkeypatch.undo()
    assert (await site.done("POST", PLACE, {"kinds": ["gift_card_loop"]}))["unfinished"] == []


async def test_few_searches_run_at_the_same_time(site: Site) -> None:
    """The third one is told to come back, and the server answers others meanwhile."""
    await _draft(site)
    asked = {"seconds": 3, "kinds": ["worth_more_than_margin"]}
    checks = [asyncio.create_task(site.call("POST", PLACE, asked)) for _ in range(3)]
    assert (await site.call("GET", "/v1/campaigns")).status_code == 200
    answers = await asyncio.gather(*checks)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 503]
