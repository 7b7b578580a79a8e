"""More words of the adapter for worked examples: what becomes of points once they are there.

They are those of ``worked_examples.py`` and, of the format's further words, the ones below. A word that
needs more than points and orders (an event's source, the codes of a referral) has its own adapter or none:
it raises.

* ``points_policy`` is the wallet: ``expires`` (``after`` and ``round``, or ``dates``, or ``inactive``),
  ``pending``, ``refund``, and ``caps`` by period. Spans are ISO 8601 (``P6M``).
* ``redeem_points`` pays a cart of that amount; ``order_ref`` names the order that it becomes.
* ``daily_run``, ``year_end``, ``reconcile_tiers`` and ``expire`` let time pass up to ``at``.
* ``budget_use`` is a code that takes all of a cart of that amount off, under a budget.
"""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from perennial.core.dates.periods import instant_of_local
from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.core.rehearsal.checkout import CartAsked
from perennial.core.rehearsal.rehearsal import RehearsalRefused
from perennial.core.wallets.dates import expiry_of
from perennial.units import Instant
from tests.cases.worked_examples import (
    POLICY,
    ROUNDING,
    Example,
    Plain,
    UnknownWord,
    bare_order,
    known,
    program,
)

_ERRORS = {"insufficient_points": "insufficient_points", "limit_reached": "budget_exceeded"}
_ROUND = {"month_end": "month", "quarter_end": "quarter", "year_end": "year"}
_REFUND = POLICY | {"only_pending": "only_pending"}
_SPAN = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?")
_EVERYTHING_OFF = [{"type": "percent_off", "percent": "100"}]


def span(text: str) -> Plain:
    """Translate a span of ISO 8601 without hours."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise UnknownWord(text)
    names = ("years", "months", "weeks", "days")
    return {name: int(value) for name, value in zip(names, found.groups(), strict=True) if value}


def expiry(given: Plain) -> Plain:
    """Translate how points expire."""
    known(given, "after", "round", "dates", "inactive")
    if "dates" in given:
        return {"type": "fixed_dates", "dates": given["dates"]}
    if "inactive" in given:
        return {"type": "inactivity", "after": span(given["inactive"])}
    rounds = {"round_up": _ROUND[given["round"]]} if "round" in given else {}
    return {"type": "rolling", "after": span(given["after"])} | rounds


class LedgerExample(Example):
    """Plays the steps of one example in the zone that it names."""

    words = (*Example.words, "points_policy", "redemption", "rewards", "budgets", "time_zone")

    def run(self) -> list[Plain]:
        """Play every step; what is refused shows its error, and what is there."""
        for step in self.case["when"]:
            deed = getattr(self, f"do_{step['op']}", None)
            if deed is None:
                raise UnknownWord(step["op"])
            self.at = self.local(step["at"]) if "at" in step else self.at + 1
            try:
                self.shown.append(deed(step) | {"error": None})
            except RehearsalRefused as refused:
                error = _ERRORS[refused.refusal.code.value]
                self.shown.append(self.show(step.get("customer", self.account())) | {"error": error})
        return self.shown

    def local(self, text: str) -> Instant:
        """Translate a date or a time in the example's zone."""
        zone = ZoneInfo(self.given.get("time_zone", "UTC"))
        return instant_of_local(datetime.fromisoformat(text), zone)

    def wallet(self) -> Plain:
        """Translate the points' policy, and what they pay."""
        policy, rule = self.given.get("points_policy", {}), self.given.get("redemption", {})
        known(policy, "expires", "pending", "refund", "caps", "return_grace")
        known(rule, "points", "minor", "min", "max_percent")
        wallet = super().wallet()
        if "expires" in policy:
            wallet["expiry"] = expiry(policy["expires"])
        if "pending" in policy:
            waits = policy["pending"] == "fulfillment"
            wallet["pending"] = (
                {"type": "fulfillment"} if waits else {"type": "period", "after": span(policy["pending"])}
            )
        if "refund" in policy:
            wallet["refunds"] = _REFUND[policy["refund"]]
        if "return_grace" in policy:
            wallet["grace"] = span(policy["return_grace"])
        if "caps" in policy:
            wallet["caps"] = [{"points": most, "every": every} for every, most in policy["caps"].items()]
        if rule:
            most = {"most": str(rule["max_percent"])} if "max_percent" in rule else {}
            wallet["pays"] = {"points": rule["points"], "amount": rule["minor"]} | most
            wallet["pays"] |= {"least": rule["min"]} if "min" in rule else {}
        return wallet

    def parts(self) -> Plain:
        """Translate rewards with a price, budgets and the zone."""
        rewards = []
        for each in self.given.get("rewards", ()):
            known(each, "id", "points", "amount")
            gives = [{"type": "amount_off", "value": each["amount"]}]
            rewards.append({"id": each["id"], "name": each["id"], "price": each["points"], "gives": gives})
        for name, each in self.given.get("budgets", {}).items():
            known(each, "limit", "type", "every")
            counted = {"amount": "discount", "uses": "times"}[each["type"]]
            limit = {"per": "total", counted: each["limit"], "every": each.get("every", "ever")}
            reward = {"id": name, "name": name, "codes": {"shared": name.upper()}, "limits": [limit]}
            rewards.append(reward | {"gives": _EVERYTHING_OFF})
        return super().parts() | {"rewards": rewards, "time_zone": self.given.get("time_zone", "UTC")}

    # Points come in and go out

    def do_place(self, step: Plain) -> Plain:
        """An order of a customer, of whom nobody is named for the account that is used now."""
        return super().do_place({"customer": self.account()} | step)

    def do_cancel(self, step: Plain) -> Plain:
        """An order is void."""
        known(step, "op", "at", "order_ref")
        order = self.refs[step["order_ref"]]
        decisions = self.play.cancel(order, self.at)
        taken = sum(points for decision in decisions for points in decision.taken_back.values())
        return self.show(self.play.orders[order].customer, points_reversed=taken)

    def do_fulfill(self, step: Plain) -> Plain:
        """An order is delivered."""
        known(step, "op", "at", "order_ref")
        self.play.fulfill(self.refs[step["order_ref"]], self.at)
        return self.show(self.account())

    def do_adjust_balance(self, step: Plain) -> Plain:
        """A correction by staff."""
        known(step, "op", "at", "points", "customer")
        customer = step.get("customer", self.account())
        self.play.join(customer, self.at) if self.play.membership(customer) is None else None
        self.play.adjust(customer, self.at, "points", step["points"])
        return self.show(customer)

    def do_adjust_pending(self, step: Plain) -> Plain:
        """A correction by staff of points that wait: fewer of them."""
        known(step, "op", "at", "points", "customer")
        customer = step.get("customer", self.account())
        self.play.adjust(customer, self.at, "points", step["points"], pending=True)
        return self.show(customer)

    def do_activate_pending(self, step: Plain) -> Plain:
        """Points that wait are taken from there, and given from now on; all of them, if no number is said."""
        known(step, "op", "at", "points", "customer")
        customer = step.get("customer", self.account())
        points = step["points"] if "points" in step else self.show(customer)["pending"]
        self.play.adjust(customer, self.at, "points", -points, pending=True)
        self.play.adjust(customer, self.at, "points", points)
        return self.show(customer)

    def do_redeem_reward(self, step: Plain) -> Plain:
        """Points for a reward."""
        known(step, "op", "at", "reward", "customer")
        self.play.claim(step.get("customer", self.account()), self.at, step["reward"])
        return self.show(step.get("customer", self.account()))

    def do_redeem_points(self, step: Plain) -> Plain:
        """Points pay for an order, as many as are asked for and may."""
        known(step, "op", "at", "points", "order", "order_ref")
        name = step.get("order_ref", f"cart-{len(self.shown)}")
        lines = order_lines(step["order"])
        cart = CartAsked(
            order=Order(status=OrderStatus.CREATED, lines=lines), points={"points": step["points"]}
        )
        done, _ = self.play.redeem(self.account(), name, self.at, cart, order=name)
        self.refs[name] = name
        self.play.pay(self.account(), name, self.at, done.quote.order)
        [paid] = done.points.values()
        return self.show(self.account(), points_spent=paid.points, to_pay=done.to_pay)

    def do_rollback_redemption(self, step: Plain) -> Plain:
        """What was used comes back, whole."""
        known(step, "op", "at", "order_ref")
        before = self.show(self.account())["balance"]
        self.play.roll_back(step["order_ref"], self.at, {})
        found = self.show(self.account())
        return found | {"points_returned": found["balance"] - before}

    # Time

    def do_daily_run(self, step: Plain) -> Plain:
        """Time passes: points activate, tiers are reviewed, points expire."""
        known(step, "op", "at")
        self.play.run_timers(self.account(), self.at)
        return self.show(self.account())

    do_year_end = do_reconcile_tiers = do_expire = do_daily_run

    def do_expiry_of(self, step: Plain) -> Plain:
        """Until which day points that become available ``at`` can be used."""
        known(step, "op", "at", "after", "round", "dates")
        rule = expiry({name: step[name] for name in ("after", "round", "dates") if name in step})
        parts = {"time_zone": self.given.get("time_zone", "UTC")}
        self.play = program([{"id": "earn", "type": "fixed", "points": 1}], {"expiry": rule}, **parts)
        version = self.play.versions[-1]
        until = expiry_of(version, version.program.wallets[0].expiry, self.at)
        assert until is not None
        return {"last_usable_day": f"{self.moment(until - 1):%Y-%m-%d}"}

    # Figures

    def do_multiply_points(self, step: Plain) -> Plain:
        """Whole points times a factor."""
        known(step, "op", "points", "by", "rounding")
        rules = [
            {"id": "earn", "type": "per_amount", "points": 1, "per": 1},
            {"type": "multiplier", "by": step["by"]},
        ]
        self.play = program(rules, {"rounding": ROUNDING[step.get("rounding", "floor")]})
        return {"points": self.pay(self.account(), bare_order(step["points"]), None)["points_earned"]}

    def do_check_reward(self, step: Plain) -> Plain:
        """Whether a reward can be claimed, and how many points are missing."""
        known(step, "op", "at", "reward", "customer")
        customer = step.get("customer", self.account())
        found = {each.compiled.reward.id: each for each in self.play.catalogue(customer, self.at)}
        reasons = found[step["reward"]].reasons
        missing = sum(int(str(each.details.get("missing", 0))) for each in reasons)
        return {"claimable": not reasons, "missing": missing}

    def do_budget_use(self, step: Plain) -> Plain:
        """So much is taken off under a budget, for a guest."""
        known(step, "op", "at", "budget", "amount", "ref")
        cart = Order(status=OrderStatus.CREATED, lines=(Line(sku="bare", amount=step["amount"]),))
        asked = CartAsked(order=cart, codes=(step["budget"].upper(),))
        done, _ = self.play.redeem(None, step["ref"], self.at, asked)
        refused = [one.standing for one in done.quote.redeemables if one.standing.reason is not None]
        error = _ERRORS[refused[0].reason.value] if refused and refused[0].reason is not None else None
        return {"discount_total": done.quote.discount_total, "refused": error} | self.budgets()

    def do_budget_revert(self, step: Plain) -> Plain:
        """What was used is given back."""
        known(step, "op", "at", "ref")
        self.play.roll_back(step["ref"], self.at, {})
        return self.budgets()

    def budgets(self) -> Plain:
        """What is used of the budgets, all periods together."""
        used: dict[str, int] = {}
        version = self.play.version_at(self.at)
        for name in self.given.get("budgets", ()):
            [bound] = [bound for bound in version.rewards[name].bounds if bound.total]
            number = version.budgets[bound.index].number
            used[name] = sum(amount for (of, _), amount in self.play.spent.items() if of == number)
        return {"budget_used": used}


def order_lines(given: Plain) -> tuple[Line, ...]:
    """Translate the lines of a cart; a line is given by the price of a unit."""
    known(given, "lines")
    lines = []
    for line in given["lines"]:
        known(line, "id", "sku", "unit_price", "qty")
        amount = line["unit_price"] * line["qty"]
        lines.append(Line(id=line["id"], sku=line["sku"], amount=amount, quantity=line["qty"]))
    return tuple(lines)
