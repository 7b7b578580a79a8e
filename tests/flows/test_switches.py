"""The stop button on a real database: the very next decision obeys, who did it stays, nothing is lost."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from perennial.core.switches import Switch, SwitchKind, SwitchObject
from perennial.flows.commands import JoinProgram, PostClaim
from perennial.flows.explaining import explain_order
from perennial.flows.problems import ProblemError
from perennial.flows.programs.life import Author
from perennial.flows.reading import read_customer
from perennial.flows.switches import switches_of, turn_off, turn_on
from perennial.store.database import Database
from perennial.units import DAY
from tests.flows.shop import START, Shop, available

PROGRAM = """\
program: points
name: Points
currency: USD
wallets:
  - {id: points, name: Points}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
  - {id: bonus, type: fixed, points: 50}
rewards:
  - {id: five-off, name: 5.00 off, price: 20, gives: [{type: amount_off, value: 500}]}
  - {id: ten-off, name: 10.00 off, price: 20, codes: {shared: TEN}, gives: [{type: amount_off, value: 1000}]}
campaigns:
  - {id: summer, multiplier: {by: "2"}, rewards: [
      {id: mug, name: A mug, price: 20, gives: [{type: free_shipping}]}]}
"""

EVERYTHING = SwitchObject(kind=SwitchKind.EVERYTHING)


def part(kind: str, id: str | None = None, program: str = "points") -> SwitchObject:
    """Name a part of the program."""
    return SwitchObject(kind=SwitchKind(kind), program=program, id=id)


def author(reason: str, at: int = START, actor: str = "mara") -> Author:
    """Return who does something, and why."""
    return Author(actor=actor, at=at, note=reason)


async def stop(shop: Shop, switched: SwitchObject, reason: str = "it leaked") -> Switch:
    """Turn something off."""
    return await turn_off(shop.database, shop.workspace_id, switched, author(reason))


async def resume(shop: Shop, switched: SwitchObject, reason: str = "mended") -> None:
    """Turn something on."""
    await turn_on(shop.database, shop.workspace_id, switched, author(reason, START + 1))


async def off_now(shop: Shop) -> list[str]:
    """Return the paths of everything that is off."""
    return [switch.object.path for switch in await switches_of(shop.database, shop.workspace_id)]


async def trail(shop: Shop) -> list[tuple[Any, ...]]:
    """Return the audit entries of switches in their order."""
    async with shop.database.transaction(shop.workspace_id) as conn:
        rows = await conn.fetch(
            "select action, object, actor, reason, at, before::text, after::text from audit_entries "
            "where workspace_id = $1 and action like 'switch%' order by at, entry_id",
            shop.workspace_id,
        )
    return [
        (*row[:5], *(None if each is None else msgspec.json.decode(each) for each in row[5:])) for row in rows
    ]


async def revision(shop: Shop) -> int:
    """Return the revision of the workspace's configuration."""
    return (await shop.handler.read_workspace(shop.workspace_id)).revision


async def test_the_next_order_obeys(shop: Shop) -> None:
    """A rule earns nothing from the very next order on, and earns again after it is on."""
    await shop.publish(PROGRAM)
    assert available(await shop.order("o1", "anna", 1000)) == 120
    await stop(shop, part("rule", "bonus"))
    assert available(await shop.order("o2", "anna", 1000)) == 140
    await stop(shop, EVERYTHING)
    assert available(await shop.order("o3", "anna", 1000)) == 140
    await resume(shop, EVERYTHING)
    await resume(shop, part("rule", "bonus"))
    assert available(await shop.order("o4", "anna", 1000)) == 260


@pytest.mark.parametrize(
    "switched", [part("reward", "five-off"), part("program"), EVERYTHING], ids=lambda each: each.path
)
async def test_a_claim_is_refused_while_it_is_off(shop: Shop, switched: SwitchObject) -> None:
    """The problem names what is off and why; the points stay, and the claim goes through after it."""
    await shop.publish(PROGRAM)
    await shop.order("o1", "anna", 1000)
    await stop(shop, switched, "sent to everybody")
    claim = PostClaim(id="c1", customer="anna", at=START, reward="five-off")
    problem = await shop.refuse(claim)
    assert (problem.status, problem.code) == (409, "switched_off")
    assert problem.details == {"reward": "five-off", "switch": switched.path, "reason": "sent to everybody"}
    await resume(shop, switched)
    assert available(await shop.do(claim)) == 100


async def test_other_rewards_go_on(shop: Shop) -> None:
    """One reward is off: another one, and one of a campaign, can be claimed."""
    await shop.publish(PROGRAM)
    await shop.order("o1", "anna", 1000)
    await stop(shop, part("reward", "five-off"))
    for number, reward in enumerate(("ten-off", "mug"), 1):
        await shop.do(PostClaim(id=f"c{number}", customer="anna", at=START, reward=reward))
    await stop(shop, part("campaign", "summer"))
    assert (await shop.refuse(PostClaim(id="c3", customer="anna", at=START, reward="mug"))).code == (
        "switched_off"
    )


async def test_who_why_and_when_stays(shop: Shop) -> None:
    """Every change is an audit entry with the state before and after it."""
    await shop.publish(PROGRAM)
    done = await stop(shop, part("reward", "five-off"), "it leaked")
    assert (done.reason, done.actor, done.off_at) == ("it leaked", "mara", START)
    await resume(shop, part("reward", "five-off"), "mended")
    what = {"kind": "reward", "program": "points", "id": "five-off"}
    off = {"off": True, "object": what, "reason": "it leaked", "actor": "mara", "off_at": START}
    name = "reward/points/five-off"
    assert await trail(shop) == [
        ("switch.turned_off", name, "mara", "it leaked", START, {"off": False}, off),
        ("switch.turned_on", name, "mara", "mended", START + 1, off, {"off": False}),
    ]


async def test_twice_is_once(shop: Shop) -> None:
    """Off twice and on twice changes nothing the second time, and is not written down again."""
    await shop.publish(PROGRAM)
    first = await stop(shop, EVERYTHING)
    known = await revision(shop)
    second = await turn_off(
        shop.database, shop.workspace_id, EVERYTHING, author("it leaked", START + 9, "ben")
    )
    assert second == first
    assert await revision(shop) == known
    await resume(shop, EVERYTHING)
    await resume(shop, EVERYTHING)
    assert await revision(shop) == known + 1
    assert [action for action, *_ in await trail(shop)] == ["switch.turned_off", "switch.turned_on"]
    assert await off_now(shop) == []


async def test_another_reason_is_kept(shop: Shop) -> None:
    """What is off stays off since when it was; a new reason replaces the old one, and both are audited."""
    await shop.publish(PROGRAM)
    await stop(shop, part("rule", "base"), "it looks wrong")
    changed = await turn_off(
        shop.database, shop.workspace_id, part("rule", "base"), author("it is fraud", START + 9, "ben")
    )
    assert (changed.reason, changed.actor, changed.off_at) == ("it is fraud", "ben", START)
    assert await switches_of(shop.database, shop.workspace_id) == [changed]
    assert [reason for _, _, _, reason, *_ in await trail(shop)] == ["it looks wrong", "it is fraud"]


@pytest.mark.parametrize(
    ("switched", "path", "code"),
    [
        (part("rule", "base", program="nothing"), "$.object.program", "program_unknown"),
        (part("program", program="nothing"), "$.object.program", "program_unknown"),
        (SwitchObject(kind=SwitchKind.PROGRAM), "$.object.program", "required"),
        (SwitchObject(kind=SwitchKind.RULE, id="base"), "$.object.program", "required"),
        (part("everything"), "$.object.program", "not_allowed"),
        (SwitchObject(kind=SwitchKind.EVERYTHING, id="all"), "$.object.id", "not_allowed"),
        (part("program", "points"), "$.object.id", "not_allowed"),
        (part("rule"), "$.object.id", "required"),
        (part("rule", "five-off"), "$.object.id", "switch_unknown"),
        (part("reward", "base"), "$.object.id", "switch_unknown"),
        (part("campaign", "winter"), "$.object.id", "switch_unknown"),
        (part("voucher_batch", "five-off"), "$.object.id", "switch_unknown"),
    ],
)
async def test_what_does_not_exist_is_refused(
    shop: Shop, switched: SwitchObject, path: str, code: str
) -> None:
    """The problem names the field, for off and on alike; nothing is switched and nothing audited."""
    await shop.publish(PROGRAM)
    for change in (stop, resume):
        with pytest.raises(ProblemError) as raised:
            await change(shop, switched)
        [field] = raised.value.problem.errors
        assert (raised.value.problem.status, field.path, field.code) == (422, path, code)
    assert await off_now(shop) == []
    assert await trail(shop) == []


async def test_a_reason_is_needed(shop: Shop) -> None:
    """Nobody stops anything without saying why."""
    with pytest.raises(ProblemError) as raised:
        await stop(shop, EVERYTHING, "")
    assert raised.value.problem.errors[0].path == "$.reason"


async def test_every_kind_can_be_switched(shop: Shop) -> None:
    """Everything, a program, a campaign, a rule, a reward (of a campaign too) and the codes of a reward."""
    await shop.publish(PROGRAM)
    switched = [
        EVERYTHING,
        part("program"),
        part("campaign", "summer"),
        part("rule", "base"),
        part("reward", "mug"),
        part("voucher_batch", "ten-off"),
    ]
    for each in switched:
        await stop(shop, each)
    assert {switch.object for switch in await switches_of(shop.database, shop.workspace_id)} == set(switched)


async def test_what_an_older_version_had_can_be_switched(shop: Shop) -> None:
    """A late order is judged by the version of its time: its rules can be stopped after they are gone."""
    await shop.publish(PROGRAM)
    await shop.advance(START + DAY)
    await shop.publish(PROGRAM.replace("id: bonus", "id: better"))
    await stop(shop, part("rule", "bonus"))
    assert available(await shop.order("late", "anna", 1000, at=START)) == 20
    assert available(await shop.order("now", "anna", 1000, at=START + DAY)) == 140


async def test_a_switch_compiles_nothing(shop: Shop) -> None:
    """After a switch the versions are the very same compiled ones, beside another set of switches."""
    await shop.publish(PROGRAM)
    await shop.order("o1", "anna", 1000)
    configurations = shop.handler.configurations
    async with shop.database.transaction(shop.workspace_id) as conn:
        before = await configurations.current(conn, shop.workspace_id)
    await stop(shop, EVERYTHING)
    async with shop.database.transaction(shop.workspace_id) as conn:
        after = await configurations.current(conn, shop.workspace_id)
    assert before.switches.everything() is None
    assert after.switches.everything() is not None
    assert after.programs[0].latest is before.programs[0].latest


async def test_the_clock_of_a_sandbox_forgets_no_switch(shop: Shop) -> None:
    """When the test clock moves, what is off stays off."""
    await shop.publish(PROGRAM)
    await stop(shop, EVERYTHING)
    await shop.order("o1", "anna", 1000)
    await shop.advance(START + 1_000_000)
    assert available(await shop.order("o2", "anna", 1000, at=START + 1_000_000)) == 0


async def test_an_order_is_explained_by_what_was_off_then(shop: Shop) -> None:
    """The explanation is the same after the rule is on again, and after something else is off."""
    await shop.publish(PROGRAM)
    await stop(shop, part("rule", "bonus"))
    await shop.order("o1", "anna", 1000)
    before = await explain_order(shop.handler, shop.workspace_id, "o1")
    await resume(shop, part("rule", "bonus"))
    await stop(shop, part("rule", "base"))
    after = await explain_order(shop.handler, shop.workspace_id, "o1")
    assert after == before
    [decided] = [each for each in after.decisions if each.trigger == "order.paid"]
    assert [rule.words for rule in decided.explanation.rules if not rule.fired] == [
        "Rule bonus: did not fire: it was switched off."
    ]
    assert decided.explanation.points == {"points": 20}


async def test_a_changed_order_keeps_what_it_had(shop: Shop) -> None:
    """An order of before the stop is judged anew without it, and one of the stop with it."""
    await shop.publish(PROGRAM)
    assert available(await shop.order("o1", "anna", 1000)) == 120
    await stop(shop, part("rule", "bonus"))
    assert available(await shop.order("o1", "anna", 1500)) == 130
    assert available(await shop.order("o2", "anna", 1000)) == 150
    await resume(shop, part("rule", "bonus"))
    assert available(await shop.order("o2", "anna", 1500)) == 160


async def test_a_return_and_joining_go_on(shop: Shop) -> None:
    """While everything is off a return takes back what its order gave, and people join."""
    await shop.publish(PROGRAM)
    await shop.order("o1", "anna", 1000)
    await stop(shop, EVERYTHING)
    assert available(await shop.give_back("r1", "o1", "anna")) == 0
    await shop.order("o2", "ben", 1000)
    view = await read_customer(shop.handler, shop.workspace_id, "ben")
    assert [membership.program for membership in view.memberships] == ["points"]
    await shop.do(JoinProgram(customer="cleo", program="points", source="till", at=START))


async def test_switches_of_another_workspace_are_not_seen(shop: Shop, db: Database) -> None:
    """What one workspace has off is on in all others."""
    await shop.publish(PROGRAM)
    await stop(shop, EVERYTHING)
    assert await switches_of(db, shop.workspace_id + 1) == []
    async with db.transaction(shop.workspace_id + 1) as conn:
        assert await conn.fetchval("select count(*) from switches") == 0
