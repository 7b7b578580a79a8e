"""From a template to the first points: what it does to made-up members, and what is left to do."""

from __future__ import annotations

from perennial.flows.programs.templates import all_templates
from tests.http.site import Site, order

_YAML = {"content-type": "application/yaml"}


async def test_a_template_is_seen_on_made_up_members(site: Site) -> None:
    """With one's own name, unit, currency and zone; the document can be put as a draft as it is."""
    own = {"program": "own", "name": "Our own", "unit": "Beans", "currency": "EUR", "time_zone": "Asia/Seoul"}
    for template in all_templates():
        seen = await site.done("POST", f"/v1/templates/{template.id}/preview", own)
        shown = seen["demonstration"]
        assert (shown["currency"], shown["wallets"][0]["name"]) == ("EUR", "Beans")
        assert any(step["gave"] for step in shown["steps"]), template.id
        raw = seen["document"].encode()
        draft = await site.call("PUT", "/v1/programs/own/draft", raw=raw, headers=_YAML)
        assert draft.json()["problems"] == [], template.id


async def test_what_cannot_be_filled_in_names_its_field(site: Site) -> None:
    """A zone that does not exist, and a template that does not exist."""
    wrong = await site.call("POST", "/v1/templates/points/preview", {"time_zone": "Europe/Atlantis"})
    assert (wrong.status_code, wrong.json()["errors"][0]["path"]) == (422, "$.time_zone")
    assert (await site.call("POST", "/v1/templates/pionts/preview", {})).status_code == 404


async def test_the_way_to_launch_is_told_from_what_is_there(site: Site) -> None:
    """A site has a program and a key; the rest comes with the first order of a member."""
    before = await site.done("GET", "/v1/launch")
    assert before == {
        "program": True,
        "published": True,
        "key": True,
        "member": False,
        "order": False,
        "points": False,
    }
    await site.done("PUT", "/v1/orders/first", order(5_000))
    after = await site.done("GET", "/v1/launch")
    assert after == {**before, "member": True, "order": True, "points": True}
