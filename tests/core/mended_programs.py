"""The planted programs with their flaw taken out again, and nothing else changed."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

from tests.core.planted_programs import Document


def _rule(program: Document, name: str) -> Document:
    rules: list[Document] = program["earning_rules"]
    return next(rule for rule in rules if rule["id"] == name)


def _without_rules(program: Document, *names: str) -> None:
    program["earning_rules"] = [rule for rule in program["earning_rules"] if rule["id"] not in names]


def _gift_card_loop(program: Document) -> None:
    """What cards cost earns nothing."""
    where = {"fact": "line.categories", "contains": "gift-cards"}
    program["earning_rules"][0]["lines"] = {"not": where}


def _returned_order_keeps(program: Document) -> None:
    """Returns take points back, and no tier gives any."""
    program["wallets"][0].pop("refunds", None)
    _without_rules(program, "gift")


def _stacks_below_cost(program: Document) -> None:
    """The letter goes with nothing else."""
    program["rewards"][-1]["combines"] = "exclusive"


def _unreachable_tier(program: Document) -> None:
    """The highest tier asks for as much as the one below it, and a little more."""
    program["tiers"]["levels"][1]["reach"]["m"] = 2


def _unaffordable_reward(program: Document) -> None:
    """Points live for good."""
    del program["wallets"][0]["expiry"]


def _transfer_prolongs(program: Document) -> None:
    """Points have dates of their own, which travel along."""
    program["wallets"][0]["expiry"] |= {"type": "rolling"}
    del program["wallets"][0]["expiry"]["activities"]


def _worth_more_than_margin(program: Document) -> None:
    """The same points are worth less than the margin."""
    per, off = program["earning_rules"][0]["per"], program["rewards"][0]
    pays = program["wallets"][0].get("pays")
    if pays is None:
        off["gives"][0]["value"] = off["price"] * per * 28 // 100
    else:
        pays["amount"] = pays["points"] * per * 28 // 100


def _rule_never_fires(program: Document) -> None:
    """One of the two that exclude each other is left out."""
    if "campaigns" in program:
        del program["campaigns"][0]["when"]
        return
    rule = _rule(program, "never")
    rule.pop("rrule", None)
    rule.get("schedule", {}).pop("rrule", None)
    if "when" in rule:
        del rule["when"]["all"][1]


def _splitting_earns_more(program: Document) -> None:
    """Points are rounded down, and come with the amount alone."""
    program["earning_rules"][0].pop("rounding", None)
    _without_rules(program, "visit", "small")


def _self_referral_ring(program: Document) -> None:
    """The signals are looked at that an offer looks at by itself, and a return takes back what was given."""
    for offer in program["referrals"]["offers"]:
        offer.pop("checks", None)
        offer.pop("on_return", None)


def _household_gives(program: Document) -> None:
    """People of a household share their tier as well, or it follows what each of them has spent."""
    if program["tiers"]["gifts_again"]:
        program["pool"] = "all"
    else:
        program["tiers"]["metrics"] = [{"id": "held", "measure": "orders.net"}]


_MENDS: dict[str, Callable[[Document], None]] = {
    mend.__name__.removeprefix("_"): mend
    for mend in (
        _gift_card_loop,
        _returned_order_keeps,
        _stacks_below_cost,
        _unreachable_tier,
        _unaffordable_reward,
        _transfer_prolongs,
        _worth_more_than_margin,
        _rule_never_fires,
        _splitting_earns_more,
        _self_referral_ring,
        _household_gives,
    )
}


def mended(kind: str, program: Document) -> Document:
    """Return a planted program without the flaw of this kind."""
    changed = deepcopy(program)
    _MENDS[kind](changed)
    return changed
