"""A reference model of earning, the ledger and tiers, as naive as it can be.

Written from the design and from the docstrings of the program document alone: no code of the product
is imported, and only the standard library. Everything is a list that is walked from its start, with
no counters, no caches and nothing compiled. It is slow, and it is there to be believed.

It takes program documents as plain dicts, of this subset: several wallets with pending ``none``,
``period`` or ``fulfillment``, expiry ``none``, ``rolling`` or ``fixed_dates``, the three refund
policies, caps and rounding; earning rules ``per_amount``, ``per_item`` and ``fixed`` on
``order.paid``, ``member.joined`` and custom events, with conditions of comparisons; limits of rules,
shared limits; tiers by one metric over ``ever`` or a calendar window that start at once. Money is in
minor units, instants are microseconds since 1970 in UTC, and nobody travels back in time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction

from tests.laws.reference_lots import Key, Lot, Refused, Wallet, active
from tests.laws.reference_time import Calendar, Document, rounded, share_out


@dataclass
class Award:
    """What one rule gave for one order."""

    rule: str
    wallet: str
    points: int
    lines: list[int]
    lot: Lot
    uses: list[Key] = field(default_factory=list)


@dataclass
class Purchase:
    """A paid order, and how many units of each line came back."""

    order_id: str
    customer: str
    at: int
    lines: list[Document]
    nets: list[int]
    returned: list[int]
    awards: list[Award] = field(default_factory=list)
    canceled: bool = False

    def bought(self) -> list[int]:
        """The units of every line."""
        return [line.get("quantity", 1) for line in self.lines]

    def complete(self) -> bool:
        """Whether everything came back; a line without units comes back with the others."""
        return self.canceled or (any(self.returned) and self.returned == self.bought())


@dataclass
class Customer:
    """A member; the history is (measure, wallet or event, when, how much)."""

    wallets: dict[str, Wallet]
    tier: str | None = None
    until: int | None = None
    clock: int = 0
    history: list[tuple[str, str | None, int, int]] = field(default_factory=list)


class Model:
    """All customers of one program."""

    def __init__(self, program: Document) -> None:
        self.program = program
        self.calendar = Calendar(program.get("time_zone", "UTC"))
        self.specs: dict[str, Document] = {spec["id"]: spec for spec in program["wallets"]}
        self.tiers: Document | None = program.get("tiers")
        self.customers: dict[str, Customer] = {}
        self.purchases: dict[str, Purchase] = {}
        self.used: list[tuple[Key, int]] = []

    def order(self, customer: str, order_id: str, at: int, order: Document) -> None:
        """A paid order: earn with the tier from before it, count it, then look at the tier."""
        who = self.enter(customer, at, joins=True)
        lines = order["lines"]
        nets = [line["amount"] - line.get("discount", 0) for line in lines]
        off = order.get("discount", 0)
        if off:
            weights = [max(net, 0) for net in nets]
            nets = [
                net - part for net, part in zip(nets, share_out(min(off, sum(weights)), weights), strict=True)
            ]
        facts = {"order.total": sum(nets), "member.tier": who.tier}
        purchase = Purchase(order_id, customer, at, lines, nets, [0 for _ in lines])
        purchase.awards = self.earn(customer, at, "order.paid", facts, purchase)
        self.purchases[order_id] = purchase
        who.history.append(("orders.net", None, at, sum(nets)))
        who.history.append(("orders.count", None, at, 1))
        self.look_at_tier(who, at)

    def fulfill(self, order_id: str, at: int) -> None:
        """Points that wait for the order get their dates from now."""
        purchase = self.purchases[order_id]
        who = self.enter(purchase.customer, at)
        for name, wallet in who.wallets.items():
            for lot in [lot for lot in wallet.lots if lot.waits_for == order_id]:
                lot.available, lot.waits_for = self.calendar.today(at), None
                lot.expires = self.expiry(self.terms(name, who), lot.available)
        self.look_at_tier(who, at)

    def give_back(self, order_id: str, at: int, lines: dict[int, int], canceled: bool = False) -> None:
        """Units of lines came back (position -> units), or with ``canceled`` all that is left."""
        purchase = self.purchases[order_id]
        who = self.enter(purchase.customer, at)
        if purchase.canceled:
            raise Refused("canceled")
        before = self.reversed(purchase)
        net_before = self.returned_net(purchase)
        for position, units in lines.items():
            purchase.returned[position] += units
        purchase.canceled = canceled
        if canceled:
            purchase.returned = purchase.bought()
        after = self.reversed(purchase)
        who.history.append(("orders.net", None, purchase.at, net_before - self.returned_net(purchase)))
        if canceled:
            who.history.append(("orders.count", None, purchase.at, -1))
        if purchase.complete():
            for award in purchase.awards:
                self.used = [(key, amount) for key, amount in self.used if key not in award.uses]
        for name in self.specs:
            mine = [number for number, award in enumerate(purchase.awards) if award.wallet == name]
            amount = sum(after[number] - before[number] for number in mine)
            if amount:
                who.history.append(("points.earned", name, purchase.at, -amount))
                policy = self.specs[name].get("refunds", "within_balance")
                who.wallets[name].take_back(amount, at, purchase.awards[mine[0]].lot, policy)
        self.look_at_tier(who, at)

    def event(self, customer: str, at: int, name: str, attributes: Document) -> None:
        """A custom event."""
        who = self.enter(customer, at, joins=True)
        facts = {f"event.{key}": value for key, value in attributes.items()} | {"member.tier": who.tier}
        self.earn(customer, at, name, facts, None)
        who.history.append(("events.count", name, at, 1))
        self.look_at_tier(who, at)

    def claim(self, customer: str, at: int, reward: str) -> None:
        """Points for a reward."""
        who = self.enter(customer, at)
        spec = next(spec for spec in self.program["rewards"] if spec["id"] == reward)
        wallet = who.wallets[spec.get("wallet", next(iter(self.specs)))]
        wallet.spend(spec["price"], at)
        self.look_at_tier(who, at)

    def adjust(self, customer: str, at: int, name: str, points: int, dates: Document) -> None:
        """A correction by staff; a positive one may bring its own dates."""
        who = self.enter(customer, at)
        if points < 0:
            who.wallets[name].spend(-points, at, owing=self.specs[name].get("refunds") == "unlimited")
        else:
            available = dates.get("available_at", self.calendar.today(at))
            expires = dates.get("expires_at", self.expiry(self.terms(name, who), available))
            who.wallets[name].put(Lot(available, expires, points, "adjusted"), award=False)
        self.look_at_tier(who, at)

    def transfer(self, sender: str, receiver: str, at: int, name: str, points: int) -> None:
        """Lots move with their dates."""
        if sender == receiver:
            raise Refused("same_wallet")
        giving, getting = self.enter(sender, at), self.enter(receiver, at)
        for lot, part in giving.wallets[name].spend(points, at):
            getting.wallets[name].put(Lot(lot.available, lot.expires, part, "received"), award=False)
        self.look_at_tier(giving, at)
        self.look_at_tier(getting, at)

    def advance(self, at: int) -> None:
        """Time alone, for everybody."""
        for who in self.customers.values():
            self.run_timers(who, at)

    def enter(self, customer: str, at: int, joins: bool = False) -> Customer:
        """The customer after all timers due by now; orders and events make a member of anybody."""
        if customer not in self.customers:
            if not joins:
                raise Refused("not_a_member")
            who = self.customers[customer] = Customer({name: Wallet() for name in self.specs}, clock=at)
            self.earn(customer, at, "member.joined", {"member.tier": None}, None)
            self.look_at_tier(who, at)
        who = self.customers[customer]
        self.run_timers(who, at)
        return who

    def run_timers(self, who: Customer, at: int) -> None:
        """Instant by instant: activate (by date alone), review the tier, expire."""
        while True:
            instants = [lot.expires for wallet in who.wallets.values() for lot in wallet.lots if lot.left]
            instants += [lot.available for wallet in who.wallets.values() for lot in wallet.lots if lot.left]
            due = [when for when in [*instants, who.until] if when is not None and who.clock < when <= at]
            if not due:
                break
            now = who.clock = min(due)
            self.review_tier(who, now)
            for wallet in who.wallets.values():
                for lot in wallet.lots:
                    if lot.expires is not None and lot.expires <= now:
                        lot.left = 0
            self.look_at_tier(who, now)
        who.clock = max(who.clock, at)

    def expiry(self, spec: Document, start: int) -> int | None:
        """When points of a wallet expire that may be spent from ``start``."""
        rule = spec.get("expiry", {"type": "none"})
        day = self.calendar.local(start).date()
        if rule["type"] == "rolling":
            last = self.calendar.later(self.calendar.local(start), rule["after"]).date()
            return self.calendar.midnight(self.calendar.day_after(last, rule.get("round_up", "day")))
        if rule["type"] == "fixed_dates":
            while f"{day:%m-%d}" not in rule["dates"]:
                day += timedelta(days=1)
            return self.calendar.midnight(day + timedelta(days=1))
        return None

    def terms(self, name: str, who: Customer) -> Document:
        """A wallet as it is for members of the customer's tier."""
        of_tier: Document = self.specs[name].get("tiers", {}).get(who.tier, {})
        return self.specs[name] | of_tier

    def new_lot(self, spec: Document, at: int, order_id: str | None) -> Lot:
        """An empty lot for what is earned now."""
        pending = spec.get("pending", {"type": "none"})
        if pending["type"] == "fulfillment" and order_id is not None:
            return Lot(None, None, 0, "earned", order_id)
        start = self.calendar.today(at)
        if pending["type"] == "period":
            day = self.calendar.later(self.calendar.local(at), pending["after"]).date()
            start = self.calendar.midnight(day + timedelta(days=1))
        return Lot(start, self.expiry(spec, start), 0, "earned")

    def earn(
        self, customer: str, at: int, trigger: str, facts: Document, order: Purchase | None
    ) -> list[Award]:
        """Every rule of the trigger: base points, then multipliers on their sum, then limits."""
        who = self.customers[customer]
        lines, nets, order_id = (order.lines, order.nets, order.order_id) if order else ([], [], None)
        fired: list[tuple[Document, int, list[int]]] = []
        for rule in self.program.get("earning_rules", []):
            if rule.get("trigger", "order.paid") == trigger and holds(rule.get("when"), facts):
                base, weights = self.base(rule, lines, nets)
                if base > 0:
                    fired.append((rule, base, weights))
        points = self.multiply(who, fired)
        awards: list[Award] = []
        fresh = {name: self.new_lot(self.terms(name, who), at, order_id) for name in self.specs}
        for (rule, _, weights), wanted in zip(fired, points, strict=True):
            name = self.wallet_of(rule)
            uses = self.limits(rule, name, customer, at)
            given = wanted
            for key, limit in uses:
                given = self.within(key, limit, given)
            if given > 0:
                # Every use is told apart by its award, so that a cancellation takes back its own.
                mine = [(*key, len(self.used), order_id) for key, _ in uses]
                for use, (_, limit) in zip(mine, uses, strict=True):
                    self.used.append((use, 1 if "times" in limit else given))
                lines_given = share_out(given, weights) if any(weights) else []
                awards.append(Award(rule["id"], name, given, lines_given, fresh[name], mine))
                who.history.append(("points.earned", name, at, given))
        for name, lot in fresh.items():
            lot.left = sum(award.points for award in awards if award.wallet == name)
            if lot.left:
                merged = who.wallets[name].put(lot, award=True)
                for award in awards:
                    award.lot = merged if award.wallet == name else award.lot
        return awards

    def wallet_of(self, rule: Document) -> str:
        """The wallet that a rule pays into."""
        return str(rule.get("wallet", next(iter(self.specs))))

    def base(self, rule: Document, lines: list[Document], nets: list[int]) -> tuple[int, list[int]]:
        """The points of the rule alone, and what each line weighs in them."""
        chosen = [holds(rule.get("lines"), line_facts(line)) for line in lines]
        if rule.get("lines") is not None and not any(chosen):
            return 0, []
        if rule["type"] == "per_amount":
            total = sum(net for net, yes in zip(nets, chosen, strict=True) if yes)
            value = Fraction(max(total, 0) * rule["points"], rule["per"])
            return rounded(value, rule.get("rounding", "down")), [
                max(net, 0) if yes else 0 for net, yes in zip(nets, chosen, strict=True)
            ]
        if rule["type"] == "per_item":
            units = [line.get("quantity", 1) if yes else 0 for line, yes in zip(lines, chosen, strict=True)]
            return rule["points"] * (min(sum(units), 1) if rule.get("once") else sum(units)), units
        weights = [max(net, 0) if yes else 0 for net, yes in zip(nets, chosen, strict=True)]
        return rule["points"], weights if rule.get("lines") is not None else []

    def multiply(self, who: Customer, fired: list[tuple[Document, int, list[int]]]) -> list[int]:
        """The tier's factor on the sum of the whole base points of a wallet's multiplied rules."""
        result = [base for _, base, _ in fired]
        level = next((level for level in self.levels() if level["id"] == who.tier), {})
        spec = level.get("multiplier")
        for name in self.specs if spec else []:
            assert spec is not None
            group = [
                position
                for position, (rule, _, _) in enumerate(fired)
                if self.wallet_of(rule) == name
                and rule.get("multiplied", True)
                and rule["id"] in (spec.get("rules") or [rule["id"]])
            ]
            bases = [result[position] for position in group]
            total = rounded(sum(bases) * Fraction(spec["by"]), self.specs[name].get("rounding", "down"))
            for position, part in zip(group, share_out(total, bases), strict=True):
                result[position] = part
        return result

    def limits(self, rule: Document, wallet: str, customer: str, at: int) -> list[tuple[Key, Document]]:
        """The limits that an award of the rule meets, in the order of the document."""
        found: list[tuple[str, Document]] = []
        found += [(f"rule {rule['id']} {n}", limit) for n, limit in enumerate(rule.get("limits", []))]
        shared = [
            limit for limit in self.program.get("limits", []) if limit["id"] in rule.get("shared_limits", [])
        ]
        found += [(f"shared {limit['id']}", limit) for limit in shared]
        found += [
            (f"wallet {wallet} {n}", limit) for n, limit in enumerate(self.specs[wallet].get("caps", []))
        ]
        result: list[tuple[Key, Document]] = []
        for name, limit in found:
            holder = customer if limit.get("per", "member") == "member" else None
            result.append(((name, holder, self.calendar.period(at, limit.get("every", "ever"))), limit))
        return result

    def within(self, key: Key, limit: Document, wanted: int) -> int:
        """How much of an award fits below a limit."""
        used = sum(amount for use, amount in self.used if use[: len(key)] == key)
        if "times" in limit:
            return wanted if used < limit["times"] else 0
        room = limit["points"] - used
        if wanted <= room:
            return wanted
        return room if limit.get("at_cap", "cut") == "cut" else 0

    def reversed(self, purchase: Purchase) -> list[int]:
        """What the returned units have reversed of each award, counted from the beginning."""
        result = []
        for award in purchase.awards:
            if purchase.complete():
                result.append(award.points)
            elif award.lines:
                result.append(sum(self.part(purchase, n, points) for n, points in enumerate(award.lines)))
            else:
                worth = [max(net, 0) for net in purchase.nets]
                back = sum(self.part(purchase, position, net) for position, net in enumerate(worth))
                result.append(award.points * back // sum(worth) if sum(worth) else 0)
        return result

    def part(self, purchase: Purchase, position: int, whole: int) -> int:
        """The part of a line's figure that belongs to its returned units."""
        units = purchase.lines[position].get("quantity", 1)
        return whole * purchase.returned[position] // units if units else 0

    def returned_net(self, purchase: Purchase) -> int:
        """What the returned units cost."""
        if purchase.complete():
            return sum(purchase.nets)
        return sum(self.part(purchase, position, net) for position, net in enumerate(purchase.nets))

    def levels(self) -> list[Document]:
        """The tiers, lowest first."""
        return list(self.tiers["levels"]) if self.tiers else []

    def rank(self, tier: str | None) -> int:
        """0 for no tier, 1 for the lowest."""
        return 1 + [level["id"] for level in self.levels()].index(tier) if tier is not None else 0

    def figure(self, who: Customer, at: int) -> int:
        """What the metric says as of an instant (of its calendar period)."""
        assert self.tiers is not None
        metric = self.tiers["metrics"][0]
        if "balance" in metric:
            wallet = who.wallets[metric["balance"]]
            return max(sum(lot.left for lot in wallet.lots if active(lot, at)) - wallet.debt, 0)
        unit = metric.get("window", {}).get("calendar", "ever")
        return sum(
            amount
            for measure, name, when, amount in who.history
            if measure == metric["measure"]
            and name in (metric.get("event"), metric.get("wallet") or name)
            and self.calendar.period(when, unit) == self.calendar.period(at, unit)
        )

    def reached(self, who: Customer, at: int) -> str | None:
        """The highest tier whose threshold the figure reaches."""
        assert self.tiers is not None
        metric = self.tiers["metrics"][0].get("id", "metric")
        figure = self.figure(who, at)
        found = [level["id"] for level in self.levels() if figure >= level["reach"][metric]]
        return found[-1] if found else None

    def status_end(self, at: int) -> int | None:
        """Until when a tier lasts that was reached at an instant: the end of its period or the next."""
        assert self.tiers is not None
        lasts = self.tiers.get("lasts", "next_period")
        if lasts in ("life", "while_reached"):
            return None
        day = self.calendar.local(at).date()
        for _ in range(2 if lasts == "next_period" else 1):
            day = self.calendar.day_after(day, self.tiers["metrics"][0]["window"]["calendar"])
        return self.calendar.midnight(day)

    def look_at_tier(self, who: Customer, at: int) -> None:
        """Up at once; reaching the same tier again prolongs it; down only where the tier follows."""
        if not self.tiers:
            return
        tier = self.reached(who, at)
        if self.tiers.get("lasts") == "while_reached":
            who.tier = tier
        elif tier is not None and self.rank(tier) >= self.rank(who.tier):
            who.tier, who.until = tier, self.status_end(at)

    def review_tier(self, who: Customer, at: int) -> None:
        """The status has run out: what the periods give that are still valid now."""
        if not self.tiers or who.until is None or who.until > at:
            return
        before, who.until = who.tier, None
        candidates: list[tuple[int, str | None, int | None]] = []
        for when in (at, at - 1) if self.tiers.get("lasts", "next_period") == "next_period" else (at,):
            tier = self.reached(who, when)
            candidates.append((self.rank(tier), tier, self.status_end(when)))
        best = max(candidates, key=lambda candidate: (candidate[0], candidate[2] or 0))
        if self.tiers.get("downgrade") == "never" and best[0] < self.rank(before):
            best = (self.rank(before), before, self.status_end(at))
        who.tier, who.until = best[1], best[2] if best[1] is not None else None

    def view(self, customer: str, name: str) -> tuple[int, int, int, int]:
        """Balance (pending included), pending, debt and shortfall of a wallet."""
        who = self.customers[customer]
        lots = who.wallets[name].lots
        pending = sum(lot.left for lot in lots if lot.available is None or lot.available > who.clock)
        return sum(lot.left for lot in lots), pending, who.wallets[name].debt, who.wallets[name].shortfall

    def lots(self, customer: str, name: str) -> list[tuple[int, int, int]]:
        """What is left by date (available, expires; -1 for none), equal dates added up."""
        found: dict[tuple[int, int], int] = {}
        for lot in self.customers[customer].wallets[name].lots:
            dates = (
                -1 if lot.available is None else lot.available,
                -1 if lot.expires is None else lot.expires,
            )
            found[dates] = found.get(dates, 0) + lot.left
        return sorted((*dates, left) for dates, left in found.items() if left)


def line_facts(line: Document) -> Document:
    """What a condition may ask about a line."""
    return {
        "line.sku": line["sku"],
        "line.categories": line.get("categories", []),
        "line.brand": line.get("brand"),
        "line.quantity": line.get("quantity", 1),
    }


def holds(condition: Document | None, facts: Document) -> bool:
    """Whether a condition holds; no condition always does, a missing value never."""
    if condition is None:
        return True
    if "all" in condition:
        return all(holds(part, facts) for part in condition["all"])
    if "any" in condition:
        return any(holds(part, facts) for part in condition["any"])
    if "not" in condition:
        return not holds(condition["not"], facts)
    value = facts.get(condition["fact"])
    if value is None:
        return False
    if "at_least" in condition:
        return bool(value >= condition["at_least"])
    if "contains" in condition:
        return condition["contains"] in value
    if "in" in condition:
        return value in condition["in"]
    return bool(value == condition["is"])
