"""An adapter for the worked examples of public systems: it translates, and calculates nothing.

An example says in its own words what is given, done and expected; each word has one translation into
a program document or into a call of the rehearsal. A word that is not known raises.

* ``earn`` and ``award`` of bare points are an order of that amount under one point per minor unit,
  ``spend`` is the claim of a reward with that price; with explicit dates, or where the account may be
  overdrawn, both are corrections by staff.
* A date at which points expire is the last day on which they can be used.
* The end of a tier is given as its last second or day; ours is the instant after it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypeAlias

from perennial.core.dates.periods import local_datetime
from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.member import Wallet
from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.core.rehearsal.checkout import CheckoutRehearsal
from perennial.core.validation.validation import validate
from perennial.units import Instant, parse_instant

Plain: TypeAlias = dict[str, Any]

ROUNDING = {"floor": "down", "round": "half_up", "ceil": "up"}
POLICY = {"clamp_to_zero": "within_balance", "allow_negative": "unlimited"}
ONE_FOR_ONE: Plain = {"id": "earn", "type": "per_amount", "points": 1, "per": 1}
ONE_OFF = [{"type": "amount_off", "value": 1}]
SPANS = {"P1M": {"months": 1}}


class UnknownWord(Exception):
    """An example says something that this adapter has no translation for."""


def known(part: Plain, *names: str) -> None:
    """Raise for every word of a part that is not translated."""
    unknown = set(part) - set(names)
    if unknown:
        raise UnknownWord(f"{sorted(unknown)} in {part}")


def listed(value: Any) -> list[Any]:
    """One or many, as a list."""
    return value if isinstance(value, list) else [value]


def lines_of(select: Plain | None) -> Plain | None:
    """Translate which lines are meant."""
    parts: list[Plain] = []
    for word, value in (select or {}).items():
        match word:
            case "sku":
                parts.append({"fact": "line.sku", "in": listed(value)})
            case "category":
                parts.append({"fact": "line.categories", "in": listed(value)})
            case "min_unit_price":
                parts.append({"fact": "line.unit_price", "at_least": value})
            case "max_unit_price":
                parts.append({"fact": "line.unit_price", "at_most": value})
            case "exclude":
                parts.append({"not": lines_of(value)})
            case _:
                raise UnknownWord(f"select {word}")
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else {"all": parts}


def rule_of(given: Plain, number: int) -> Plain:
    """Translate an earning rule."""
    known(given, "type", "points", "per", "select", "exclude", "min_order", "code")
    rule: Plain = {"id": f"rule-{number}", "points": given["points"]}
    if "min_order" in given:
        rule["when"] = {"fact": "order.total", "at_least": given["min_order"]}
    if "code" in given:
        rule["when"] = {"fact": "order.codes", "contains": given["code"]}
    without = {"exclude": given["exclude"]} if "exclude" in given else {}
    lines = lines_of(given.get("select", {}) | without)
    if lines is not None:
        rule["lines"] = lines
    match given["type"]:
        case "per_amount":
            return rule | {"type": "per_amount", "per": given["per"]}
        case "fixed" | "fixed_per_order":
            return rule | {"type": "fixed"}
        case "fixed_if_bought":
            return rule | {"type": "per_item", "once": True}
        case "fixed_per_unit":
            return rule | {"type": "per_item"}
    raise UnknownWord(given["type"])


def program(rules: list[Plain], wallet: Plain, **parts: Any) -> CheckoutRehearsal:
    """Begin with a program of one wallet; its rules are in the words of the example."""
    for rule in rules:
        if rule["type"] == "multiplier":
            known(rule, "type", "by")
    document: Plain = {
        "program": "example",
        "name": "Example",
        "wallets": [{"id": "points", "name": "Points"} | wallet],
        "earning_rules": [
            rule if "id" in rule else rule_of(rule, number)
            for number, rule in enumerate(rules)
            if rule["type"] != "multiplier"
        ],
        "campaigns": [
            {"id": f"factor-{number}", "multiplier": {"by": str(rule["by"])}}
            for number, rule in enumerate(rules)
            if rule["type"] == "multiplier"
        ],
        **parts,
    }
    found = program_of(document)
    assert isinstance(found, Program), found
    assert validate(found) == []
    return CheckoutRehearsal(found)


def order_of(given: Plain, codes: list[str]) -> Order:
    """Translate an order; a line is given by the price of a unit."""
    lines = []
    for line in given["lines"]:
        known(line, "id", "sku", "unit_price", "qty", "category")
        lines.append(
            Line(
                id=line["id"],
                sku=line["sku"],
                amount=line["unit_price"] * line["qty"],
                quantity=line["qty"],
                categories=tuple(line.get("category", ())),
            )
        )
    return Order(status=OrderStatus.PAID, lines=tuple(lines), codes=tuple(codes))


def instant(text: str) -> Instant:
    """Translate a date (its first instant) or a local time; programs of examples are in UTC."""
    return parse_instant((text if "T" in text else f"{text}T00:00:00") + "Z")


def end_of(text: str) -> Instant:
    """Translate a last usable day."""
    return parse_instant((datetime.fromisoformat(text) + timedelta(days=1)).isoformat() + "Z")


class Example:
    """Plays the steps of one example and keeps what each of them showed."""

    words: tuple[str, ...] = (
        *("earning_rules", "accounts", "settings", "tiers", "tier_metric"),
        *("history", "qualification", "reached_at"),
    )
    """What may be given."""

    def __init__(self, case: Plain) -> None:
        self.case = case
        self.given: Plain = case["given"]
        self.at = instant("2026-01-01")
        self.orders = 0
        self.accounts = 0
        self.refs: dict[str, str] = {}
        self.shown: list[Plain] = []
        known(self.given, *self.words)
        self.play = self.begin()

    def begin(self) -> CheckoutRehearsal:
        """Translate what is given."""
        rules = self.given.get("earning_rules", [ONE_FOR_ONE])
        prices = {step["points"] for step in self.case["when"] if step["op"] == "spend"}
        rewards = [
            {
                "id": f"spend-{price}",
                "name": "Spend",
                "price": price,
                "gives": [{"type": "amount_off", "value": 1}],
            }
            for price in sorted(prices)
        ]
        if isinstance(rules, dict):
            return CheckoutRehearsal.__new__(CheckoutRehearsal)  # the steps pick their rules, see `award`
        parts = self.parts()
        parts["rewards"] = [*rewards, *parts.get("rewards", ())]
        play = program(rules, self.wallet(), **parts)
        for name, account in self.given.get("accounts", {}).items():
            known(account, "balance")
            play.join(name, self.at)
            play.adjust(name, self.at, "points", account["balance"])
        return play

    def wallet(self) -> Plain:
        """Translate what is said of the balance."""
        settings = self.given.get("settings", {})
        known(settings, "allow_negative")
        return {"refunds": "unlimited"} if settings.get("allow_negative") else {}

    def parts(self) -> Plain:
        """Translate the other parts of the program."""
        return {"tiers": self.tiers()} if "tiers" in self.given else {}

    def tiers(self, **terms: Any) -> Plain:
        """Translate the tiers of the example."""
        metric = {
            "points_earned": {"id": "m", "measure": "points.earned"},
            "point_balance": {"id": "m", "balance": "points"},
        }[self.given["tier_metric"]]
        lasts = "while_reached" if "balance" in metric else "life"
        levels = [
            {"id": tier["id"], "name": tier["id"], "reach": {"m": tier["threshold"]}}
            for tier in self.given["tiers"]
        ]
        return {"metrics": [metric], "lasts": lasts, "levels": levels} | terms

    def run(self) -> list[Plain]:
        """Play every step and return what each showed."""
        for step in self.case["when"]:
            deed = getattr(self, f"do_{step['op']}", None)
            if deed is None:
                raise UnknownWord(step["op"])
            self.at = instant(step["at"]) if "at" in step else self.at + 1
            self.shown.append(deed(step))
        return self.shown

    def show(self, customer: str, **more: Any) -> Plain:
        """What can be seen of one customer after a step."""
        wallet: Wallet = self.play.wallet(customer, "points")
        membership = self.play.membership(customer)
        return {
            "balance": wallet.balance - wallet.debt,
            "pending": wallet.pending,
            "available": wallet.balance - wallet.pending - wallet.debt,
            "tier": membership.tier if membership is not None else None,
            "lots": {
                f"{self.moment(lot.key.available_at or 0):%Y-%m-%d}": lot.remaining
                for lot in (wallet.lots or {}).values()
            },
        } | more

    def pay(self, customer: str, order: Order, ref: str | None) -> Plain:
        """An order is paid; what it earned is shown."""
        self.orders += 1
        name = f"o{self.orders}"
        if ref is not None:
            self.refs[ref] = name
        decisions = self.play.pay(customer, name, self.at, order)
        earned = sum(award.points for decision in decisions for award in decision.awards)
        return self.show(customer, points_earned=earned)

    def account(self) -> str:
        """The account that is used now."""
        return f"account-{self.accounts}"

    def do_place(self, step: Plain) -> Plain:
        """An order of a customer."""
        known(step, "op", "order", "customer", "codes", "ref")
        order = order_of(step["order"], step.get("codes", []))
        return self.pay(step["customer"], order, step.get("ref"))

    def do_award(self, step: Plain) -> Plain:
        """What an order, or a bare amount, earns under the rules that the step picks."""
        known(step, "op", "order", "basis", "rules", "rounding")
        wallet = {"rounding": ROUNDING[step["rounding"]]} if "rounding" in step else {}
        self.play = program(self.given["earning_rules"][step["rules"]], wallet)
        bare = {"lines": [{"id": "bare", "sku": "bare", "unit_price": step.get("basis"), "qty": 1}]}
        return self.pay(self.account(), order_of(step.get("order", bare), []), None)

    def do_earn(self, step: Plain) -> Plain:
        """Points come in: by an order, or with dates of their own by a correction."""
        known(step, "op", "points", "at", "expires_at", "ref", "customer")
        customer = step.get("customer", self.account())
        if "expires_at" in step:
            self.play.join(customer, self.at) if self.play.membership(customer) is None else None
            self.play.adjust(
                customer, self.at, "points", step["points"], expires_at=end_of(step["expires_at"])
            )
            return self.show(customer)
        return self.pay(customer, bare_order(step["points"]), step.get("ref"))

    def do_spend(self, step: Plain) -> Plain:
        """Points go out: by a claim, or by a correction where the account may be overdrawn."""
        known(step, "op", "points", "at")
        if self.given.get("settings", {}).get("allow_negative"):
            self.play.adjust(self.account(), self.at, "points", -step["points"])
        else:
            self.play.claim(self.account(), self.at, f"spend-{step['points']}")
        return self.show(self.account())

    def do_expiring_by(self, step: Plain) -> Plain:
        """The points that expire up to a day."""
        known(step, "op", "at")
        lots = (self.play.wallet(self.account(), "points").lots or {}).values()
        due = [lot for lot in lots if lot.key.expires_at is not None and lot.key.expires_at <= self.at]
        return {"points": sum(lot.remaining for lot in due)}

    def do_refund(self, step: Plain) -> Plain:
        """Units of lines come back."""
        known(step, "op", "order_ref", "lines")
        return self.give_back(self.refs[step["order_ref"]], step["lines"])

    def do_clawback(self, step: Plain) -> Plain:
        """Everything that an order earned is taken back, under the policy that the step names."""
        known(step, "op", "ref", "policy")
        return self.give_back(self.refs[step["ref"]], {})

    def give_back(self, order: str, lines: dict[str, int]) -> Plain:
        """A return, and what it took back."""
        decisions = self.play.give_back(order, self.at, lines)
        taken = sum(points for decision in decisions for points in decision.taken_back.values())
        return self.show(self.play.orders[order].customer, points_reversed=taken)

    def do_new_account(self, step: Plain) -> Plain:
        """A fresh account, under the policy with which the next points are taken back."""
        known(step, "op")
        self.accounts += 1
        later = self.case["when"][len(self.shown) :]
        policy = next((other["policy"] for other in later if "policy" in other), None)
        rewards = [
            {"id": "spend-100", "name": "Spend", "price": 100, "gives": [{"type": "amount_off", "value": 1}]}
        ]
        self.play = program([ONE_FOR_ONE], {"refunds": POLICY[policy]} if policy else {}, rewards=rewards)
        return {}

    def do_transfer(self, step: Plain) -> Plain:
        """Points move from one account to another."""
        known(step, "op", "from", "to", "points")
        self.play.transfer(step["from"], step["to"], self.at, "points", step["points"])
        return {"balance": {name: self.show(name)["balance"] for name in (step["from"], step["to"])}}

    def do_evaluate_tier(self, step: Plain) -> Plain:
        """The tier of somebody with this figure."""
        known(step, "op", "metric")
        self.accounts += 1
        return self.pay(self.account(), bare_order(step["metric"]), None)

    def do_tier_at(self, step: Plain) -> Plain:
        """The tier after the history, at a moment."""
        known(step, "op", "at", "grace")
        assert step["grace"] is None
        self.remember({})
        return self.show("member")

    def do_tier_valid_until(self, step: Plain) -> Plain:
        """Until when the tier lasts that the history reached and lost."""
        known(step, "op", "grace", "round")
        terms: Plain = {"grace": SPANS[step["grace"]]}
        if "round" in step:
            terms["grace_round_up"] = {"month_end": "month"}[step["round"]]
        self.remember(terms)
        membership = self.play.membership("member")
        assert membership is not None
        assert membership.tier_until is not None
        return {"until": f"{self.moment(membership.tier_until) - timedelta(seconds=1):%Y-%m-%dT%H:%M:%S}"}

    def remember(self, terms: Plain) -> None:
        """Play the history under these terms."""
        spent = [deed["spend"] for deed in self.given["history"] if "spend" in deed]
        rewards = [
            {
                "id": f"spend-{price}",
                "name": "Spend",
                "price": price,
                "gives": [{"type": "amount_off", "value": 1}],
            }
            for price in spent
        ]
        self.play = program([ONE_FOR_ONE], {}, tiers=self.tiers(**terms), rewards=rewards)
        for number, deed in enumerate(self.given["history"]):
            known(deed, "at", "earn", "spend")
            if "earn" in deed:
                self.play.pay("member", f"h{number}", instant(deed["at"]), bare_order(deed["earn"]))
            else:
                self.play.claim("member", instant(deed["at"]), f"spend-{deed['spend']}")

    def do_tier_period(self, step: Plain) -> Plain:
        """From when to when a tier lasts that is reached by points collected in a calendar month.

        The example counts periods from the one in which the points were collected; ours count from
        the one in which the tier begins.
        """
        known(step, "op", "start", "end", "extend_days")
        assert self.given["qualification"] == "calendar_month"
        start, lasts = {
            ("immediate", "period_end"): ("at_once", "period"),
            ("immediate", "period_end_next"): ("at_once", "next_period"),
            ("next_period", "period_end_next"): ("next_period", "period"),
        }[step["start"], step["end"]]
        tiers: Plain = {
            "metrics": [{"id": "m", "measure": "points.earned", "window": {"calendar": "month"}}],
            "levels": [{"id": "gold", "name": "Gold", "reach": {"m": 100}}],
            "start": start,
            "lasts": lasts,
        }
        if "extend_days" in step:
            tiers["extend"] = {"days": step["extend_days"]}
        self.play = program([ONE_FOR_ONE], {}, tiers=tiers)
        self.play.pay("member", "o1", instant(self.given["reached_at"]), bare_order(100))
        if step["start"] == "next_period":
            self.play.run_timers("member", instant("2026-04-01"))
        membership = self.play.membership("member")
        assert membership is not None
        assert membership.tier_since is not None
        assert membership.tier_until is not None
        last = self.moment(membership.tier_until) - timedelta(microseconds=1)
        return {"from": f"{self.moment(membership.tier_since):%Y-%m-%d}", "to": f"{last:%Y-%m-%d}"}

    def moment(self, at: Instant) -> datetime:
        """An instant in local time."""
        return local_datetime(at, self.play.versions[-1].zone)


def bare_order(amount: int) -> Order:
    """An order of one line, for points that the example earns without naming what was bought."""
    return Order(status=OrderStatus.PAID, lines=(Line(sku="bare", amount=amount),))
