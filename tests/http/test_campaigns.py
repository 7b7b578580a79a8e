"""``/v1/campaigns`` and ``/v1/calendar``: where campaigns stand, and changes that are the draft's."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from perennial.flows.programs.life import Author, apply_document
from tests.http.site import PROGRAM, Site, order

CAMPAIGNS = f"""\
{PROGRAM}
# What we do in December.
campaigns:
  - id: christmas
    name: Christmas
    priority: 1
    schedule: {{starts: "2037-12-24", ends: "2037-12-26"}}
    earning_rules: [{{id: gift, type: fixed, points: 30}}]
    limits: [{{points: 60, per: total}}]
  - id: fridays
    schedule: {{windows: [{{days: [fri], start: "17:00", end: "19:00"}}]}}
    multiplier: {{by: "3"}}
"""
AT = "2037-12-01T12:00:00Z"


async def _publish(site: Site, text: str = CAMPAIGNS) -> None:
    await site.done("POST", "/v1/clock", {"advance_to": AT})
    author = Author(actor="test", at=site.row.created_at)
    await apply_document(site.database, site.row.workspace_id, text, author)


async def _states(site: Site) -> dict[str, str]:
    found = (await site.done("GET", "/v1/campaigns"))["data"]
    return {each["id"]: each["state"] for each in found}


async def test_a_campaign_from_its_draft_to_its_end(site: Site) -> None:
    """Draft, scheduled, running, paused, exhausted, ended: each is told as it comes."""
    await _publish(site)
    assert await _states(site) == {"christmas": "scheduled", "fridays": "scheduled"}
    wanted = {"name": "New", "multiplier": {"by": "2"}, "schedule": {"starts": "2037-12-24"}}
    put = await site.done("PUT", "/v1/campaigns/points/new", wanted)
    assert (put["campaign"]["state"], put["document"]["id"], put["published"]) == ("draft", "new", None)
    assert (await _states(site))["new"] == "draft"
    await site.done("POST", "/v1/clock", {"advance_to": "2037-12-25T17:30:00Z"})
    assert await _states(site) == {"christmas": "running", "fridays": "running", "new": "draft"}
    await site.done("POST", "/v1/programs/points/publish", {})
    assert (await _states(site))["new"] == "running"
    switch = {
        "object": {"kind": "campaign", "program": "points", "id": "fridays"},
        "off": True,
        "reason": "x",
    }
    await site.done("POST", "/v1/switches", switch)
    await site.done("PUT", "/v1/orders/o1", order(1_000))
    await site.done("PUT", "/v1/orders/o2", order(1_000))
    assert await _states(site) == {"christmas": "budget_exhausted", "fridays": "paused", "new": "running"}
    seen = (await site.done("GET", "/v1/campaigns/points/fridays"))["campaign"]
    assert seen["paused_by"]["reason"] == "x"
    assert seen["paused_by"]["switch"] == "campaign/points/fridays"
    spent = (await site.done("GET", "/v1/campaigns/points/christmas"))["campaign"]
    [budget] = spent["budgets"]
    assert (budget["used"], budget["left"], [day["used"] for day in budget["days"]]) == (60, 0, [60])
    await site.done("POST", "/v1/clock", {"advance_to": "2037-12-27T12:00:00Z"})
    assert (await _states(site))["christmas"] == "ended"


async def test_a_budget_says_when_it_will_run_out(site: Site) -> None:
    """30 of 60 points on the first day: what is left lasts one more day."""
    await _publish(site)
    await site.done("POST", "/v1/clock", {"advance_to": "2037-12-24T12:00:00Z"})
    await site.done("PUT", "/v1/orders/o1", order(1_000))
    [budget] = (await site.done("GET", "/v1/campaigns/points/christmas"))["campaign"]["budgets"]
    assert budget["forecast"] == {"per_day": 30, "runs_out_on": "2037-12-25"}


async def test_a_change_is_one_of_the_draft_alone(site: Site) -> None:
    """Comments elsewhere stay; what is published goes on until the draft is published."""
    await _publish(site)
    before = await site.done("GET", "/v1/programs/points/draft")
    wanted = {"multiplier": {"by": "4"}}
    put = await site.done("PUT", "/v1/campaigns/points/fridays", wanted)
    assert put["revision"] == before["revision"] + 1
    assert (put["campaign"]["changed"], put["campaign"]["multiplier"]) == (True, "3")
    assert (put["document"]["multiplier"], put["published"]["multiplier"]) == ({"by": "4"}, {"by": "3"})
    draft = await site.done("GET", "/v1/programs/points/draft")
    kept = before["document"].split("campaigns:")[0]
    assert "# What we do in December." in kept
    assert draft["document"].startswith(kept)
    gone = await site.done("DELETE", "/v1/campaigns/points/christmas")
    assert (gone["revision"], gone["problems"]) == (put["revision"] + 1, [])
    seen = (await site.done("GET", "/v1/campaigns/points/christmas"))["campaign"]
    assert (seen["state"], seen["in_draft"]) == ("scheduled", False)
    await site.done("POST", "/v1/programs/points/publish", {})
    await site.refused(404, "campaign_unknown", "GET", "/v1/campaigns/points/christmas")
    await site.refused(404, "campaign_unknown", "DELETE", "/v1/campaigns/points/christmas")


async def test_what_cannot_be_read_is_refused_where_it_stands(site: Site) -> None:
    """Types, unknown fields and another id are named by their place in the campaign; problems are told."""
    await _publish(site)
    place = "/v1/campaigns/points/new"
    rule = {"id": "gift", "type": "fixed", "points": "many"}
    wrong = await site.refused(422, "campaign_invalid", "PUT", place, {"earning_rules": [rule]})
    assert [each["path"] for each in wrong["errors"]] == ["$.earning_rules[0].points"]
    wrong = await site.refused(422, "campaign_invalid", "PUT", place, {"colour": "red"})
    assert [each["path"] for each in wrong["errors"]] == ["$.colour"]
    await site.refused(422, "other_campaign", "PUT", place, {"id": "other"})
    await site.refused(404, "program_unknown", "PUT", "/v1/campaigns/nobody/new", {})
    told = await site.done("PUT", place, {"when": {"fact": "member.shoe_size", "is": 43}})
    assert {each["path"] for each in told["problems"]} == {"campaigns[2]", "campaigns[2].when.fact"}
    await site.refused(422, "program_invalid", "POST", "/v1/programs/points/publish", {})
    assert (await _states(site))["new"] == "draft"


async def test_a_draft_that_cannot_be_read_is_not_touched(site: Site) -> None:
    """Whoever edits the text at the same moment has to finish first."""
    await _publish(site)
    broken = b"program: points\nwallets: [\n"
    await site.done(
        "PUT", "/v1/programs/points/draft", raw=broken, headers={"content-type": "application/yaml"}
    )
    await site.refused(409, "draft_unreadable", "PUT", "/v1/campaigns/points/new", {})
    assert (await site.done("GET", "/v1/programs/points/draft"))["document"] == broken.decode()
    assert await _states(site) == {"christmas": "scheduled", "fridays": "scheduled"}


async def test_changes_at_the_same_time_are_all_kept(site: Site) -> None:
    """Without a revision nobody's campaign is lost; with one that is too old nothing is changed."""
    await _publish(site)
    names = [f"c{number}" for number in range(4)]
    body = {"multiplier": {"by": "2"}}
    answers = await asyncio.gather(
        *(site.call("PUT", f"/v1/campaigns/points/{name}", body) for name in names[:2])
    )
    assert [answer.status_code for answer in answers] == [200, 200]
    drafted = {name for name, state in (await _states(site)).items() if state == "draft"}
    assert drafted == set(names[:2])
    old = answers[0].json()["revision"] - 1
    await site.refused(409, "draft_changed", "PUT", f"/v1/campaigns/points/c3?revision={old}", body)


async def test_the_calendar(site: Site) -> None:
    """Occurrences by day, what overlaps, what is only planned, and what a switch pauses."""
    await _publish(site)
    await site.done(
        "PUT", "/v1/campaigns/points/new", {"multiplier": {"by": "2"}, "schedule": {"holidays": "DE"}}
    )
    switch = {
        "object": {"kind": "campaign", "program": "points", "id": "fridays"},
        "off": True,
        "reason": "x",
    }
    await site.done("POST", "/v1/switches", switch)
    found = await site.done("GET", "/v1/calendar?from=2037-12-21&to=2038-01-02&country=FR")
    told: list[Any] = [
        (each["kind"], each["id"], each["state"], each["first_day"], each["last_day"], each["overlaps"])
        for each in found["entries"]
    ]
    assert told == [
        ("campaign", "christmas", "published", "2037-12-24", "2037-12-26", ["fridays"]),
        ("campaign", "new", "draft", "2037-12-25", "2037-12-26", ["christmas", "fridays"]),
        ("campaign", "fridays", "paused", "2037-12-25", "2037-12-25", ["christmas"]),
        ("tier_review", None, "published", "2037-12-31", "2037-12-31", []),
        ("campaign", "new", "draft", "2038-01-01", "2038-01-01", ["fridays"]),
        ("campaign", "fridays", "paused", "2038-01-01", "2038-01-01", []),
    ]
    assert (found["from"], found["to"], found["truncated"]) == ("2037-12-21", "2038-01-02", False)
    assert {each["country"] for each in found["holidays"]} == {"DE", "FR"}
    assert found["programs"][0]["time_zone"] == "UTC"


DRAFTED = """\
program: spring
name: Spring
currency: USD
time_zone: Europe/Berlin
wallets: [{id: points, name: Points}]
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
campaigns:
  - id: march
    schedule: {starts: "2038-03-01", ends: "2038-03-07"}
    multiplier: {by: "2"}
  - id: april
    schedule: {starts: "2038-04-01", ends: "2038-04-07"}
    multiplier: {by: "2"}
"""


@pytest.mark.parametrize(
    ("old", "new", "path", "shown"),
    [
        ("per_amount, points: 1,", "per_amount, points: much,", "earning_rules[0].points", "both"),
        ("type: per_amount", "type: per_amont", "earning_rules[0].type", "both"),
        ("id: points, name: Points", "id: points, nam: Points", "wallets[0].name", "both"),
        ("100}", "100, trigger: order.sent}", "earning_rules[0].trigger", "both"),
        ('{by: "2"}\n  - id', '{by: "x"}\n  - id', "campaigns[0].multiplier.by", "both"),
        ('"2038-03-01"', '"2038-02-30"', "campaigns[0].schedule.starts", "april"),
        ("id: march", "id: 3", "campaigns[0].id", "april"),
        ("Europe/Berlin", "Europe/Atlantis", "time_zone", "none"),
        ("name: Spring", "name: [", "", "none"),
    ],
)
@pytest.mark.parametrize("published", [False, True])
async def test_a_calendar_shows_what_can_be_read_of_a_draft(
    site: Site, old: str, new: str, path: str, shown: str, published: bool
) -> None:
    """A problem anywhere hides no campaign but one whose own dates cannot be told, and is named."""
    await site.done("POST", "/v1/clock", {"advance_to": AT})
    assert DRAFTED.count(old) == 1
    if published:
        author = Author(actor="test", at=site.row.created_at)
        before = DRAFTED.partition("campaigns:")[0]
        await apply_document(site.database, site.row.workspace_id, before, author)
    text = DRAFTED.replace(old, new).encode()
    kind = {"content-type": "application/yaml"}
    await site.done("PUT", "/v1/programs/spring/draft", raw=text, headers=kind)
    found = await site.done("GET", "/v1/calendar?from=2038-03-01&to=2038-04-30&program=spring")
    expected = {"both": ["march", "april"], "april": ["april"], "none": []}[shown]
    assert [each["id"] for each in found["entries"]] == expected
    assert {each["state"] for each in found["entries"]} <= {"draft"}
    [program] = found["programs"]
    assert program["draft_unreadable"] is (shown == "none")
    if path:
        assert path in [each["path"] for each in program["draft_problems"]]
    assert program["draft_problems"] != []
    listed = (await site.done("GET", "/v1/campaigns?program=spring"))["data"]
    # What stands in a list is the whole campaign, to be edited: one that cannot be read whole is not there.
    whole = ["april"] if path in ("campaigns[0].multiplier.by", "campaigns[0].id") else ["march", "april"]
    assert [(each["id"], each["state"]) for each in listed] == [(name, "draft") for name in whole if path]


async def test_a_calendar_names_no_problems_of_a_draft_without_any(site: Site) -> None:
    """What could be published is shown as before."""
    await site.done(
        "PUT", "/v1/programs/spring/draft", raw=DRAFTED.encode(), headers={"content-type": "application/yaml"}
    )
    found = await site.done("GET", "/v1/calendar?from=2038-03-01&to=2038-04-30&program=spring")
    assert [each["id"] for each in found["entries"]] == ["march", "april"]
    assert [(each["draft_unreadable"], each["draft_problems"]) for each in found["programs"]] == [(False, [])]


async def test_a_calendar_is_asked_for_within_bounds(site: Site) -> None:
    """Days that are none, that are the wrong way round, or too many; countries that nobody knows."""
    for query, code in (
        ("from=2037-02-30&to=2037-03-01", "invalid_day"),
        ("from=2037-03-02&to=2037-03-01", "ends_before_start"),
        ("from=2037-01-01&to=2039-01-01", "range_too_long"),
        ("from=1001-01-01&to=1001-01-02", "invalid_day"),
        ("from=2037-01-01&to=2037-01-02&country=XX", "unknown_country"),
    ):
        response = await site.call("GET", f"/v1/calendar?{query}")
        assert (response.status_code, response.json()["errors"][0]["code"]) == (422, code), response.text
    assert (await site.call("GET", "/v1/calendar?from=2037-01-01")).status_code == 422
    await site.refused(404, "program_unknown", "GET", "/v1/campaigns?program=nobody")
    reader = await site.key("read")
    await site.refused(403, "scope_missing", "PUT", "/v1/campaigns/points/new", {}, secret=reader)


async def test_a_template_becomes_a_program(site: Site) -> None:
    """Listed, read, put as a draft, published, and used."""
    listed = (await site.done("GET", "/v1/templates"))["data"]
    assert len(listed) == 7
    for entry in listed:
        found = await site.done("GET", f"/v1/templates/{entry['id']}")
        assert found["fill_in"][0]["path"] == "program"
        text = found["document"].replace("program: points", "program: template")
        code = text.split("\nprogram: ")[1].split("\n")[0]
        yaml = {"content-type": "application/yaml"}
        saved = await site.done("PUT", f"/v1/programs/{code}/draft", raw=text.encode(), headers=yaml)
        assert saved["problems"] == []
    assert (await site.done("POST", "/v1/programs/plus/publish", {}))["version"] == 1
    await site.refused(404, "template_unknown", "GET", "/v1/templates/nothing")
