"""Promotions of public systems, in the words of the examples, as rewards of ours. It calculates nothing.

Each word has one translation; a word that is not known raises. What an example leaves open (an amount off
lines without a ``spread``) is taken as the kind's own default.
"""

from __future__ import annotations

from typing import Any

from tests.cases.worked_examples import Plain, UnknownWord, known, lines_of, listed

_SPREADS = ("each_line", "each_unit", "proportional_amount", "proportional_qty")
_ORDERS = {"unit_price_desc": "dearest", "unit_price_asc": "cheapest", "line": "line"}
_UNIT_WORDS = ("max_units_per_line", "max_units_total", "group_size")
_UNIT_LIMITS = (
    *("units_total", "units_per_customer"),
    *("units_total_per_product", "units_per_customer_per_product"),
)
_OF_UNITS = ("units", "cheapest_unit", "dearest_unit", "most_expensive_unit")


def selected(part: Plain) -> Plain | None:
    """Translate lines that are named beside other words: ``sku``, ``category`` or ``select``."""
    names = {name: part[name] for name in ("sku", "category") if name in part}
    return lines_of(part.get("select", {}) | names)


def given_only(**fields: Any) -> Plain:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}


# Conditions


def condition_of(given: Plain) -> Plain:
    """Translate a condition of a promotion."""
    match given["type"]:
        case "min_subtotal" | "max_subtotal":
            known(given, "type", "amount", "inclusive", "select")
            bound = {
                ("min_subtotal", True): "at_least",
                ("min_subtotal", False): "more_than",
                ("max_subtotal", True): "at_most",
                ("max_subtotal", False): "less_than",
            }[given["type"], given.get("inclusive", True)]
            where = lines_of(given.get("select"))
            counted = {"fact": "order.total"} if where is None else {"lines": "sum", "where": where}
            return counted | {bound: given["amount"]}
        case "min_quantity":
            known(given, "type", "qty", "select", "per_line")
            where = lines_of(given.get("select"))
            if given.get("per_line"):
                enough = {"fact": "line.quantity", "at_least": given["qty"]}
                return {"lines": "any", "where": enough if where is None else {"all": [where, enough]}}
            return given_only(lines="quantity", where=where, at_least=given["qty"])
        case "customer_group":
            known(given, "type", "group", "groups")
            return {"fact": "member.group", "in": listed(given.get("groups", given.get("group")))}
        case "nth_order":
            known(given, "type", "n")
            return {"history": "orders.count", "window": {"ever": True}, "is": given["n"] - 1}
        case "days_since_last_order":
            known(given, "type", "days")
            recent = {"history": "orders.count", "window": {"last": {"days": given["days"]}}, "at_least": 1}
            ever = {"history": "orders.count", "window": {"ever": True}, "at_least": 1}
            return {"all": [ever, {"not": recent}]}
        case "shipping_method":
            known(given, "type", "method", "methods")
            methods = listed(given.get("methods", given.get("method")))
            return {"fact": "order.attributes.shipping_method", "in": methods}
    raise UnknownWord(given["type"])


# Effects


def pick_of(effect: Plain) -> Plain | None:
    """Translate which units or lines are meant."""
    pick = given_only(
        most_per_line=effect.get("max_units_per_line"),
        most=effect.get("max_units_total"),
        groups_of=effect.get("group_size"),
    )
    if effect.get("target") in _OF_UNITS[1:]:
        pick |= {"by": "cheapest" if effect["target"] == "cheapest_unit" else "dearest", "most": 1}
    if "pick" in effect:
        known(effect["pick"], "order_by", "unit", "skip", "every")
        pick |= given_only(skip=effect["pick"].get("skip"), every=effect["pick"].get("every"))
        pick["by"] = _ORDERS[effect["pick"].get("order_by", "line")]
    return pick or None


def is_of_units(effect: Plain) -> bool:
    """Whether an effect looks at single units."""
    by_unit = effect.get("pick", {}).get("unit") == "unit"
    return effect.get("target") in _OF_UNITS or by_unit or any(word in effect for word in _UNIT_WORDS)


def share_of(effect: Plain) -> str | None:
    """Translate by what an amount is shared."""
    spread = effect.get("spread")
    if spread is not None and spread not in _SPREADS:
        raise UnknownWord(spread)
    return {"proportional_amount": "amount", "proportional_qty": "quantity"}.get(spread or "")


def amount_off(effect: Plain) -> Plain:
    """Translate money off."""
    target, spread = effect["target"], effect.get("spread")
    share_by = share_of(effect)
    if target in ("order", "shipping"):
        off = target
    elif spread in ("each_line", "each_unit"):
        off = spread
    elif share_by is not None:
        off = "units" if is_of_units(effect) else "lines"
    else:
        off = "each_unit" if is_of_units(effect) else "lines"
    return given_only(
        type="amount_off",
        value=effect["amount"],
        target=off,
        lines=lines_of(effect.get("select")),
        pick=pick_of(effect),
        share_by=share_by,
        most=effect.get("cap"),
    )


def percentage(effect: Plain) -> Plain:
    """Translate what every percentage has."""
    target = effect["target"]
    off = target if target in ("order", "shipping") else "units" if is_of_units(effect) else "lines"
    return given_only(
        target=off,
        lines=lines_of(effect.get("select")),
        pick=pick_of(effect),
        share_by=share_of(effect),
        most=effect.get("cap"),
    )


def bundle(effect: Plain) -> Plain:
    """Translate a discount for a set of products that is complete."""
    parts = [
        given_only(lines=selected({name: part[name] for name in part if name != "qty"}), quantity=part["qty"])
        for part in effect["bundle"]
    ]
    at_most = {"per_bundle": None, None: 1}[effect.get("scale")]
    off: Plain = {"amount": effect["amount"]} if "amount" in effect else {"percent": str(effect["percent"])}
    return given_only(type="bundle", parts=parts, at_most=at_most) | off


def buy_get(effect: Plain) -> Plain:
    """Translate units that are free for others that are bought."""
    buy, get = effect["buy"], effect["get"]
    known(buy, "sku", "category", "select", "qty")
    known(get, "sku", "category", "select", "qty", "mode", "unit_price", "percent", "order_by")
    fields = given_only(
        type="buy_x_get_y",
        buy=buy["qty"],
        get=get["qty"],
        lines=selected(buy),
        percent=str(get["percent"]) if "percent" in get else None,
        by=_ORDERS[get["order_by"]] if "order_by" in get else None,
        at_most=effect.get("max_times"),
    )
    if get.get("mode", "in_cart") == "extra":
        extra = given_only(sku=get.get("sku", buy.get("sku")), unit_price=get.get("unit_price"))
        return fields | extra | {"mode": "extra"}
    return fields | given_only(get_lines=selected(get))


def free_products(effect: Plain) -> list[Plain]:
    """Translate products that are added to the cart."""
    found = []
    for item in effect.get("items", [effect]):
        known(item, "type", "mode", "sku", "qty", "unit_price")
        mode = item.get("mode", effect.get("mode", "always_add"))
        fields = given_only(unit_price=item.get("unit_price"), quantity=item.get("qty"))
        found.append({"type": "free_product", "sku": item["sku"], "mode": mode} | fields)
    return found


def benefits_of(effect: Plain) -> list[Plain]:
    """Translate one effect of a promotion."""
    common = ("type", "target", "spread", "select", "cap", "pick", *_UNIT_WORDS)
    if "bundle" in effect:
        known(effect, *common, "bundle", "scale", "amount", "percent")
        return [bundle(effect)]
    match effect["type"]:
        case "amount_off":
            known(effect, *common, "amount")
            return [amount_off(effect)]
        case "percent_off":
            known(effect, *common, "percent")
            return [{"type": "percent_off", "percent": str(effect["percent"])} | percentage(effect)]
        case "percent_off_tiered":
            known(effect, *common, "base_percent", "tiers", "by")
            steps = [{"at_least": step["from"], "percent": str(step["percent"])} for step in effect["tiers"]]
            if "base_percent" in effect:
                steps = [{"at_least": 0, "percent": str(effect["base_percent"])}, *steps]
            total = {"amount": "amount", "quantity": "quantity"}[effect.get("by", "amount")]
            return [{"type": "percent_by_total", "steps": steps, "total": total} | percentage(effect)]
        case "set_unit_price":
            known(effect, *common, "price", "amount", "unit_price")
            price = next(effect[name] for name in ("price", "amount", "unit_price") if name in effect)
            lines, pick = lines_of(effect.get("select")), pick_of(effect)
            return [given_only(type="fixed_price", price=price, lines=lines, pick=pick)]
        case "free_shipping":
            known(effect, "type", "cap")
            return [given_only(type="free_shipping", most=effect.get("cap"))]
        case "add_free_item" | "add_free_items":
            return free_products(effect)
        case "buy_get_free":
            known(effect, "type", "buy", "get", "max_times")
            return [buy_get(effect)]
        case "replace_item":
            known(effect, "type", "taken", "given", "qty")
            given = effect["given"]
            known(given, "sku", "unit_price")
            pick = {"most": effect["qty"]} if "qty" in effect else None
            return [given_only(type="upgrade", lines=selected(effect["taken"]), pick=pick) | given]
    raise UnknownWord(effect["type"])


# Promotions


def limits_of(given: Plain) -> list[Plain]:
    """Translate how often a promotion may be used, and how much it may take off in all."""
    words = ("total_uses", "budget_uses", "budget_amount", "uses_per_customer", "return_use_on_cancel")
    known(given, *words, *_UNIT_LIMITS)
    back = {} if given.get("return_use_on_cancel", True) else {"comes_back": False}
    per = dict.fromkeys((word for word in given if "per_customer" in word), "member")
    counted = {"budget_amount": "discount", **dict.fromkeys(_UNIT_LIMITS, "units")}
    return [
        {"per": per.get(word, "total"), counted.get(word, "times"): most}
        | ({"by_product": True} if word.endswith("per_product") else {})
        | back
        for word, most in given.items()
        if word != "return_use_on_cancel"
    ]


def schedule_of(promotion: Plain) -> Plain | None:
    """Translate from when to when."""
    return given_only(starts=promotion.get("active_from"), ends=promotion.get("active_to")) or None


def reward_of(promotion: Plain, reward_id: str) -> Plain:
    """Translate a promotion."""
    known(
        promotion,
        *("id", "trigger", "code", "priority", "exclusive", "stacking", "group", "active_from", "active_to"),
        *("non_discounted_only", "owner", "conditions", "effect", "effects", "limits", "budget_used"),
        *("percent_base", "label"),
    )
    conditions = [condition_of(condition) for condition in promotion.get("conditions", [])]
    effects = promotion.get("effects", [promotion["effect"]] if "effect" in promotion else [])
    come_by: Plain = {"codes": {"shared": promotion["code"]}} if "code" in promotion else {"automatic": True}
    fields = given_only(
        priority=promotion.get("priority"),
        usable_when={"all": conditions} if conditions else None,
        schedule=schedule_of(promotion),
        full_price_only=promotion.get("non_discounted_only"),
        limits=limits_of(promotion.get("limits", {})) or None,
    )
    gives = [benefit for effect in effects for benefit in benefits_of(effect)]
    return {"id": reward_id, "name": promotion["id"], "gives": gives} | come_by | fields


def level_of(promotion: Plain) -> str:
    """Translate at which level a promotion competes."""
    effects = promotion.get("effects", [promotion.get("effect", {})])
    targets = {effect.get("target", "lines") for effect in effects}
    return "order" if targets == {"order"} else "shipping" if targets == {"shipping"} else "items"


def category_of(promotion: Plain, settings: Plain) -> Plain:
    """Translate how a promotion stacks: the category of all promotions that say the same."""
    word = "never" if promotion.get("exclusive") else promotion.get("stacking", "normal")
    combines = {"never": "exclusive", "normal": "common", "always": "joint"}[word]
    category: Plain = {} if combines == "common" else {"combines": combines}
    name = [combines]
    group, level = promotion.get("group"), level_of(promotion)
    if group is not None:
        name.append(f"group-{group.lower()}")
        category |= given_only(at_most=settings.get("category_limits", {}).get(group))
    elif settings.get("same_level") == "best":
        name.append(f"best-{level}")
        category["best_of"] = True
    elif "order_level_limit" in settings and level == "order":
        name.append("order")
        category["at_most"] = settings["order_level_limit"]
    if "percent_base" in promotion:
        name.append(promotion["percent_base"])
        category["percent_base"] = promotion["percent_base"]
    return {"id": "-".join(name)} | category


def program_of_promotions(promotions: list[Plain], names: dict[str, str], settings: Plain) -> Plain:
    """Translate promotions, and what an example sets for all of them, into a program document."""
    known(settings, "percent_base", "category_limits", "order_level_limit", "same_level", "application")
    categories = {}
    rewards = []
    for promotion in promotions:
        category = category_of(promotion, settings)
        categories[category["id"]] = category
        rewards.append(reward_of(promotion, names[promotion["id"]]) | {"category": category["id"]})
    stacking = given_only(mode=settings.get("application"), percent_base=settings.get("percent_base"))
    return {
        "program": "example",
        "name": "Example",
        "wallets": [{"id": "points", "name": "Points"}],
        "declarations": {
            "member": {"group": {"type": "text"}},
            "order": {"shipping_method": {"type": "text"}},
        },
        "stacking": stacking | {"categories": list(categories.values())},
        "rewards": rewards,
    }
