"""What must be right about referrals beyond types: what they refer to, and that they can convert."""

from __future__ import annotations

from perennial.core.conditions.check import member_place, rule_place
from perennial.core.document.referral_terms import LINK_CODE, ConvertsOn, ReferralOffer
from perennial.core.findings import Findings
from perennial.core.terms.limits import Counted
from perennial.core.validation.limits import Place, check_limits

_PLACE = Place(
    counts=(Counted.TIMES, Counted.CUSTOMERS),
    words="referrals are limited by times: how many friends an advocate, or all together, get something for",
)
MAX_OFFERS = 50


def check_referrals(findings: Findings) -> None:
    """Check the referrals of the program, but for what they give, which is checked as rewards are."""
    referrals = findings.program.referrals
    if referrals is None:
        return
    if not referrals.offers:
        findings.add("referrals.offers", "empty", "say who may refer whom, in one offer at least")
    if len(referrals.offers) > MAX_OFFERS:
        findings.add("referrals.offers", "too_many", f"a program has at most {MAX_OFFERS} kinds of referral")
    if referrals.link is not None and referrals.link.count(LINK_CODE) != 1:
        words = f"a link holds {LINK_CODE} once, where the code stands"
        findings.add("referrals.link", "link_without_code", words)
    codes = referrals.codes
    for field in ("shared", "uses", "valid_for", "bound"):
        if getattr(codes, field):
            words = "the code of a member is their own, for as many friends as they like, for good"
            findings.add(f"referrals.codes.{field}", "not_for_referrals", words)
    findings.unique(
        [(f"referrals.offers[{i}]", offer.id) for i, offer in enumerate(referrals.offers)], "offer"
    )
    for index, offer in enumerate(referrals.offers):
        _check_offer(findings, f"referrals.offers[{index}]", offer)


def _check_offer(findings: Findings, path: str, offer: ReferralOffer) -> None:
    findings.schedule(f"{path}.schedule", offer.schedule)
    findings.condition(f"{path}.advocate.when", offer.advocate.when, member_place())
    findings.condition(f"{path}.friend.when", offer.friend.when, member_place())
    for field in ("waits", "deadline"):
        findings.span(f"{path}.{field}", getattr(offer, field))
    _check_conversion(findings, f"{path}.converts", offer)
    advocate = offer.advocate
    if advocate.gets is None and not advocate.tiers and offer.friend.gets is None:
        findings.add(path, "gives_nothing", "say what the advocate gets, or the friend, or both")
    check_limits(findings, f"{path}.advocate", advocate.limits, advocate.shared_limits, _PLACE)
    findings.all_known(
        f"{path}.advocate.shared_limits", "shared limit", advocate.shared_limits, findings.shared_limits
    )
    after = [tier.after for tier in advocate.tiers]
    if sorted(set(after)) != after:
        words = "tiers are given in the order of their counts, each count once"
        findings.add(f"{path}.advocate.tiers", "tiers_out_of_order", words)
    tags = [signal.__struct_config__.tag for signal in offer.checks or ()]
    for place, tag in enumerate(tags):
        if tag in tags[:place]:
            findings.add(f"{path}.checks[{place}]", "duplicate", f"{tag} is looked at twice")


def _check_conversion(findings: Findings, path: str, offer: ReferralOffer) -> None:
    converts = offer.converts
    is_event = converts.on is ConvertsOn.EVENT
    if is_event is (converts.event is None):
        findings.add(f"{path}.event", "event_needed", "on: event and the name of an event belong together")
        return
    if is_event:
        declared = list(findings.program.declarations.events)
        if not findings.known(f"{path}.event", "declared event", converts.event or "", declared):
            return
    if converts.on is not ConvertsOn.ORDER and converts.min_order:
        findings.add(f"{path}.min_order", "only_orders", "only orders have an amount")
    if converts.on is ConvertsOn.JOINING and converts.number > 1:
        findings.add(f"{path}.number", "joins_once", "a friend joins once")
    findings.condition(f"{path}.when", converts.when, rule_place(converts.trigger))
