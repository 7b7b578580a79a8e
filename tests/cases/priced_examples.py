"""An adapter for the worked examples about prices: it translates, and calculates nothing.

What a promotion says is translated in ``promotion_words.py``. Every step is priced by the function that
prices carts live, as a quote that tells everything.

* ``sequence`` fixes the order of application: it is the priority of the promotions it names.
* An order that is placed is paid as quoted, and what its rewards use of limits is kept.
* ``percent_of`` is a percentage off an order of that amount.
* ``requested`` only repeats the promotion; the ids of added lines are each system's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from perennial.core.checkout.checkout import offers_of
from perennial.core.checkout.quote import Priced, QuotedLine, QuotedRedeemable, price
from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.effects import UseLimit
from perennial.core.fold import fold
from perennial.core.member import Member
from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.core.pricing.redeemables import Reason, Status, Voucher, Wanted
from perennial.core.rehearsal.checkout import CartAsked, CheckoutRehearsal
from perennial.core.rehearsal.rehearsal import PROGRAM_ID
from perennial.core.today import today_of
from perennial.core.validation.validation import validate
from perennial.core.version import Version
from perennial.units import Instant, allocate, named_id, parse_instant
from tests.cases.promotion_words import program_of_promotions
from tests.cases.worked_examples import Plain, UnknownWord, known

ERRORS = {
    Reason.CONDITIONS_NOT_MET: "conditions_not_met",
    Reason.NOT_OFFERED: "conditions_not_met",
    Reason.CUSTOMER_REQUIRED: "customer_required",
    Reason.EXPIRED: "expired",
    Reason.NOT_STARTED: "not_started",
    Reason.OWN_REFERRAL: "self_referral",
    Reason.USED_UP: "usage_limit_exceeded",
    Reason.EXCLUSIVE: "exclusive_conflict",
    Reason.CATEGORY_LIMIT: "category_limit",
    Reason.TOO_MANY: "category_limit",
    Reason.INSUFFICIENT_POINTS: "insufficient_points",
}
GUEST = "guest"
CART = UUID(int=1)


def instant(text: str) -> Instant:
    """Translate a date (its first instant), a time in UTC, or an instant."""
    text = text if "T" in text else f"{text}T00:00:00"
    return parse_instant(text if text.endswith("Z") or "+" in text else f"{text}Z")


def cart_of(given: Plain) -> Order:
    """Translate a cart; a line is given by the price of a unit."""
    known(given, "lines", "shipping", "shipping_method")
    lines = []
    for line in given["lines"]:
        known(line, "id", "sku", "unit_price", "qty", "category", "min_unit_price")
        lines.append(
            Line(
                id=line["id"],
                sku=line["sku"],
                amount=line["unit_price"] * line["qty"],
                quantity=line["qty"],
                categories=tuple(line.get("category", ())),
                floor=line.get("min_unit_price"),
            )
        )
    method = {"shipping_method": given["shipping_method"]} if "shipping_method" in given else {}
    shipping = given.get("shipping", 0)
    return Order(status=OrderStatus.CREATED, lines=tuple(lines), shipping=shipping, attributes=method)


def merged(old: Any, new: Any) -> Any:
    """A definition with a patch."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return old | {name: merged(old.get(name), value) for name, value in new.items()}


class PricedExample:
    """Plays the steps of one example and keeps what each of them showed."""

    def __init__(self, case: Plain) -> None:
        self.case = case
        self.given: Plain = case["given"]
        known(self.given, "promotions", "pairs", "variants", "settings", "clock", "note", "time_zone")
        self.promotions: dict[str, Plain] = {one["id"]: one for one in self.given.get("promotions", [])}
        listed = [*self.promotions.values()]
        for alternatives in ("pairs", "variants"):
            listed += [one for group in self.given.get(alternatives, {}).values() for one in group]
        ids = dict.fromkeys(one["id"] for one in listed)
        self.names = {name: f"promotion-{number}" for number, name in enumerate(ids)}
        self.ids: dict[str, str] = {reward: name for name, reward in self.names.items()}
        self.at = instant(self.given.get("clock", "2026-01-01"))
        self.play: CheckoutRehearsal | None = None
        self.document: Plain = {}
        self.refs: dict[str, str] = {}
        self.shown: list[Plain] = []

    def run(self) -> list[Plain]:
        """Play every step and return what each showed."""
        for step in self.case["when"]:
            deed = getattr(self, f"do_{step['op']}", None)
            if deed is None:
                raise UnknownWord(step["op"])
            self.at = instant(step["at"]) if "at" in step else self.at + 1
            self.shown.append(deed(step))
        return self.shown

    # Operations

    def do_price(self, step: Plain) -> Plain:
        """A cart is priced."""
        return self.show(self.priced(step), step)

    def do_place(self, step: Plain) -> Plain:
        """A cart is priced and paid."""
        priced = self.priced(step)
        play, customer, name = self.rehearsal(), self.customer_of(step), f"order-{len(self.shown)}"
        asked = CartAsked(order=cart_of(step["order"]), codes=tuple(step.get("codes", ())))
        checkout, _ = play.redeem(customer, name, self.at, asked, order=name)
        assert checkout.quote.lines == priced.quote.lines
        if customer is not None:
            play.pay(customer, name, self.at, priced.quote.order)
        self.refs[step.get("ref", name)] = name
        return self.show(priced, step)

    def do_cancel(self, step: Plain) -> Plain:
        """A placed order is canceled."""
        known(step, "op", "at", "order_ref", "ref")
        name = self.refs[str(step.get("order_ref", step.get("ref")))]
        if name in self.rehearsal().orders:
            self.rehearsal().cancel(name, self.at)
        else:
            self.rehearsal().roll_back(name, self.at, {})
        return {}

    def do_set_program(self, step: Plain) -> Plain:
        """Definitions change."""
        known(step, "op", "at", "patch")
        for name, patch in step["patch"].items():
            self.promotions[name] = merged(self.promotions[name], patch)
        return {}

    def do_allocate(self, step: Plain) -> Plain:
        """An amount is split by weights."""
        known(step, "op", "weights", "total")
        shares = allocate(step["total"], step["weights"])
        return {"shares": shares, "shares_unordered": sorted(shares, reverse=True)}

    def do_percent_of(self, step: Plain) -> Plain:
        """A percentage of an amount."""
        known(step, "op", "amount", "percent")
        effect = {"type": "percent_off", "target": "order", "percent": step["percent"]}
        line = {"id": "bare", "sku": "bare", "unit_price": step["amount"], "qty": 1}
        case = {"given": {"promotions": [{"id": "percent", "effect": effect}]}}
        priced = PricedExample(case | {"when": []}).priced({"op": "price", "order": {"lines": [line]}})
        return {"value": priced.quote.discount_total}

    # What is priced

    def priced(self, step: Plain) -> Priced:
        """Price the cart of a step."""
        known(
            step,
            *("op", "at", "order", "codes", "customer", "only", "sequence", "pair", "variant", "ref"),
        )
        promotions = self.chosen(step)
        version = self.published(promotions)
        customer = self.customer_of(step)
        member = self.member(customer or GUEST, step, version)
        order, spent = cart_of(step["order"]), self.rehearsal().spent
        offers = offers_of([version], member, self.at, spent, order, guest=customer is None)
        by_code = {one["code"]: one for one in promotions if "code" in one}
        wanted = [self.wanted(code, by_code.get(code), version) for code in step.get("codes", [])]
        return price(order, wanted, offers, self.at, CART, tell_all=True)

    def chosen(self, step: Plain) -> list[Plain]:
        """The promotions that a step is about, with the priorities of its sequence."""
        if "pair" in step or "variant" in step:
            group = "pairs" if "pair" in step else "variants"
            promotions = self.given[group][step.get("pair", step.get("variant"))]
        else:
            promotions = [*self.promotions.values()]
        only = step.get("only", step.get("sequence"))
        promotions = [one for one in promotions if only is None or one["id"] in only]
        if "sequence" not in step:
            return promotions
        return [one | {"priority": step["sequence"].index(one["id"])} for one in promotions]

    def published(self, promotions: list[Plain]) -> Version:
        """The version with these promotions, which is valid from now on."""
        document = program_of_promotions(promotions, self.names, self.given.get("settings", {}))
        if document != self.document or self.play is None:
            program = program_of(document | {"time_zone": self.given.get("time_zone", "UTC")})
            assert isinstance(program, Program), program
            assert validate(program) == []
            if self.play is None:
                self.play = CheckoutRehearsal(program)
            else:
                self.play.publish(program, self.at)
            self.document = document
        version = self.play.version_at(self.at)
        self.remember_use(promotions, version)
        return version

    def remember_use(self, promotions: list[Plain], version: Version) -> None:
        """What an example says to be used already of a budget."""
        for promotion in promotions:
            for bound in version.rewards[self.names[promotion["id"]]].bounds:
                if bound.total and "budget_used" in promotion:
                    periods = today_of(version, self.at).budgets
                    key = (version.budgets[bound.index].number, periods[bound.index])
                    self.rehearsal().spent.setdefault(key, promotion["budget_used"])

    def rehearsal(self) -> CheckoutRehearsal:
        """The shop in which the example plays."""
        assert self.play is not None
        return self.play

    def customer_of(self, step: Plain) -> str | None:
        """Who buys; nobody says so for a guest."""
        customer: Any = step.get("customer")
        name: str | None = customer["id"] if isinstance(customer, dict) else customer
        return name

    def member(self, name: str, step: Plain, version: Version) -> Member:
        """Who buys, with what the step says of them."""
        play = self.rehearsal()
        customer = step["customer"] if isinstance(step.get("customer"), dict) else {}
        known(customer, "id", "group", "prior_uses", "prior_orders")
        if "group" in customer:
            play.describe(name, {"group": customer["group"]}, self.at)
        bare = Order(status=OrderStatus.PAID, lines=(Line(sku="bare", amount=100),))
        for number in range(customer.get("prior_orders", 0)):
            play.pay(name, f"prior-{len(self.shown)}-{number}", self.at, bare)
        member = play.member(name)
        for promotion, times in customer.get("prior_uses", {}).items():
            for bound in version.rewards[self.names[promotion]].bounds:
                limit = version.limits[bound.index]
                period = today_of(version, self.at).limits[bound.index]
                member.limits.get(limit.number, {}).pop(period, None)
                fold(member, version, (UseLimit(limit.number, period, times, limit.cap),), self.at)
        return member

    def wanted(self, code: str, promotion: Plain | None, version: Version) -> Wanted:
        """Translate a code that is entered."""
        if promotion is None:
            return Wanted(name=code, program=PROGRAM_ID)
        reward = self.names[promotion["id"]]
        owner = named_id(0, "customer", promotion["owner"]) if "owner" in promotion else None
        voucher = Voucher(
            voucher_id=named_id(0, "code", code),
            gives=version.rewards[reward].gives,
            uses_left=None,
            referrer=owner,
        )
        return Wanted(name=code, program=PROGRAM_ID, reward=reward, voucher=voucher)

    # What is seen

    def show(self, priced: Priced, step: Plain) -> Plain:
        """What can be seen of a quote."""
        quote = priced.quote
        refused = [one for one in quote.redeemables if one.standing.status is not Status.APPLICABLE]
        applied = list(dict.fromkeys(self.ids[candidate.key] for candidate in priced.applied))
        reasons = [
            {"id": self.id_of(one), "reason": self.error_of(one)}
            for one in refused
            if self.id_of(one) not in applied
        ]
        own = [line for line in quote.lines if line.added_by is None]
        return {
            "subtotal": quote.subtotal,
            "discount_total": quote.discount_total,
            "order_total": quote.total,
            "to_pay": quote.total,
            "shipping_discount": quote.shipping_discount,
            "shipping_total": quote.shipping - quote.shipping_discount,
            "line_discounts": {line.id: line.discount for line in own},
            "unit_discounts": {line.id: unit_discounts(line) for line in own},
            "added_lines": [added(line) for line in quote.lines if line.added_by is not None],
            "units": totals(quote.lines, lambda line: line.quantity),
            "free_units": totals(quote.lines, free_units),
            "discounted_units": totals(quote.lines, discounted_units),
            "applied": applied,
            "not_applied": reasons,
            "by_promotion": summed((self.id_of(one), one.standing.discount) for one in quote.redeemables),
            "error": reasons[0]["reason"] if reasons else None,
        }

    def id_of(self, redeemable: QuotedRedeemable) -> str:
        """The promotion, or an unknown code as it was entered."""
        return self.ids.get(redeemable.reward, redeemable.name)

    def error_of(self, redeemable: QuotedRedeemable) -> str:
        """Translate why something was refused."""
        reason = redeemable.standing.reason
        if reason is not Reason.LIMIT_REACHED:
            return ERRORS.get(reason, f"{reason}") if reason is not None else ""
        version = self.rehearsal().version_at(self.at)
        words = str(redeemable.standing.details["limit"])
        if any(words.startswith(limit.name) for limit in version.limits):
            return "customer_limit_exceeded"
        whole = next(name for name, reward in self.names.items() if reward == redeemable.reward)
        limits = self.promotions[whole].get("limits", {})
        return "budget_exceeded" if any("budget" in name for name in limits) else "usage_limit_exceeded"


def unit_discounts(line: QuotedLine) -> list[int]:
    """What each unit of a line is cheaper."""
    found = [units.discount for units in line.units for _ in range(units.quantity)]
    return found or [0] * line.quantity


def free_units(line: QuotedLine) -> int:
    """How many units of a line became free."""
    return sum(units.quantity for units in line.units if units.discount == units.amount > 0)


def discounted_units(line: QuotedLine) -> int:
    """How many units of a line became cheaper."""
    return sum(units.quantity for units in line.units if units.discount > 0)


def summed(parts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Figures by their names, those of one name together."""
    found: dict[str, int] = {}
    for name, amount in parts:
        found[name] = found.get(name, 0) + amount
    return found


def added(line: QuotedLine) -> Plain:
    """A line that a reward added."""
    return {"sku": line.sku, "qty": line.quantity, "unit_price": line.amount // line.quantity}


def totals(lines: tuple[QuotedLine, ...], count: Any) -> dict[str, int]:
    """A figure of the lines by product."""
    found: dict[str, int] = {}
    for line in lines:
        found[line.sku] = found.get(line.sku, 0) + count(line)
    return found
