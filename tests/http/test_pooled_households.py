"""A program that pools all, over HTTP: published, lived in, read and explained."""

from __future__ import annotations

import time

import pytest

from perennial.flows.programs.life import Author, apply_document
from tests.http.site import PROGRAM, Site, order

MORE = """\
  - {id: mug, name: A mug, price: 10, gives: [{type: physical, sku: mug}], limits: [{times: 1}]}
pool: all
"""
POOLED = PROGRAM.replace("reach: {spend: 100000}", "reach: {spend: 15000}") + MORE


@pytest.fixture
async def home(site: Site) -> Site:
    """A site where anna and ben live together, who have spent 60.00 each."""
    author = Author(actor="test", at=time.time_ns() // 1_000)
    await apply_document(site.database, site.row.workspace_id, POOLED, author)
    for name in ("anna", "ben"):
        await site.done("PUT", f"/v1/customers/{name}", {"household": "family 7"})
        await site.done("PUT", f"/v1/orders/first-{name}", order(6_000, customer=name))
    return site


async def test_the_tier_of_a_household_is_read_with_its_figures(home: Site) -> None:
    """Both have spent 120.00 of the 150.00 of gold, and are it with 30.00 more; Ben alone is not."""
    for name in ("anna", "ben"):
        [place] = (await home.done("GET", f"/v1/customers/{name}"))["memberships"]
        assert (place["tier"], place["household"]) == ("bronze", "family 7")
        [missing] = place["progress"]["higher"][0]["missing"]
        assert (missing["figure"], missing["needed"], missing["missing"]) == (12_000, 15_000, 3_000)
    answer = await home.done("PUT", "/v1/orders/o1", order(3_000))
    assert (answer["programs"][0]["tier_before"], answer["programs"][0]["tier"]) == ("bronze", "gold")
    assert (await home.done("GET", "/v1/customers/ben"))["memberships"][0]["tier"] == "gold"
    await home.done("PUT", "/v1/customers/ben", {"household": None})
    [place] = (await home.done("GET", "/v1/customers/ben"))["memberships"]
    assert (place["tier"], place.get("household")) == ("bronze", None)
    assert place["progress"]["higher"][0]["missing"][0]["figure"] == 6_000


async def test_a_limit_is_shown_and_refused_as_that_of_the_household(home: Site) -> None:
    """Anna's mug is Ben's one mug as well: the catalogue says so, and a claim is refused."""
    await home.done("POST", "/v1/customers/anna/claims", {"id": "c1", "reward": "mug"})
    listed = (await home.done("GET", "/v1/customers/ben/rewards"))["data"]
    [mug] = [each for each in listed if each["id"] == "mug"]
    assert (mug["claimable"], [each["code"] for each in mug["why_not"]]) == (False, ["limit_reached"])
    body = {"id": "c2", "reward": "mug"}
    problem = await home.refused(409, "limit_reached", "POST", "/v1/customers/ben/claims", body)
    assert problem["detail"] == (
        "Reward mug cannot be claimed now: reward mug: 1 time in all, for each household: used up."
    )


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Tier and limits count for household family 7 as a whole (2 people)."),
        ("ko", "등급과 한도는 family 7 가구 전체(2명)에 함께 적용됩니다."),
    ],
)
async def test_an_explanation_names_the_household(home: Site, language: str, words: str) -> None:
    """It tells for whom tier and limits were counted, in the language that is asked for."""
    await home.done("PUT", "/v1/orders/o1", order(1_000))
    answer = await home.call("GET", f"/v1/orders/o1/explanation?language={language}")
    explanation = answer.json()["decisions"][-1]["explanation"]
    assert explanation["household"] == "family 7"
    assert explanation["words"].endswith(words)


async def test_a_case_of_such_an_order_says_what_it_lacks(home: Site) -> None:
    """A case has one member: that a household was counted is among what it does not begin with."""
    await home.done("PUT", "/v1/orders/o1", order(1_000))
    made = await home.done("GET", "/v1/orders/o1/case")
    [lacks] = [each for each in made["uncarried"] if each["state"] == "household"]
    assert (lacks["id"], lacks["was"], lacks["in_case"]) == ("family 7", 2, 1)


async def test_only_what_there_is_can_be_pooled(site: Site) -> None:
    """Another word is refused with the place where it stands."""
    document, yaml = f"{PROGRAM}pool: tiers\n", {"content-type": "application/yaml"}
    answer = await site.call("PUT", "/v1/programs/points/draft", raw=document.encode(), headers=yaml)
    assert [each["path"] for each in answer.json()["problems"]] == ["pool"], answer.text
