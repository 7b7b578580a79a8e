"""Ready-made segments: conditions that most shops want, written for a program.

A template gives a condition like any other; what it was made of is not kept. Amounts are in minor units.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from perennial.core.document.program import Program, TierMetric
from perennial.core.terms.conditions import (
    All,
    AnyOf,
    Compare,
    Condition,
    History,
    HistoryWindow,
    Measure,
    Not,
    Operator,
)

Sku = Annotated[str, Meta(min_length=1, max_length=255)]


class TemplateSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What templates can be set to: a product, days, an amount, a wallet, how near a tier is in percent."""

    sku: Sku | None = None
    days: Annotated[int, Meta(ge=1, le=3_650)] | None = None
    amount: Annotated[int, Meta(ge=1, le=10**12)] | None = None
    wallet: Annotated[str, Meta(min_length=1, max_length=63)] | None = None
    percent: Annotated[int, Meta(ge=1, le=99)] = 80


class Template(msgspec.Struct, frozen=True):
    """A ready-made segment: its id, name, words for a person, and the settings that it reads.

    Those that it ``needs`` have to be set; without the others it has a value of its own.
    """

    id: str
    name: str
    words: str
    reads: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


class TemplateError(ValueError):
    """A template that cannot be written: ``field`` is the setting that is missing or does not fit."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


_Writer: TypeAlias = Callable[[Program, TemplateSettings], Condition]
_TEXT = "member.lifecycle"


def written(template: str, program: Program, settings: TemplateSettings) -> Condition:
    """Return the condition of a template for a program.

    Raises ``KeyError`` for an unknown template, :class:`TemplateError` where a setting is missing.
    """
    return _WRITERS[template][1](program, settings)


def _stage(stage: str) -> _Writer:
    return lambda _program, _settings: Compare(_TEXT, Operator.IS, stage)


def _dormant(_program: Program, settings: TemplateSettings) -> Condition:
    return Compare("member.days_since_last_order", Operator.AT_LEAST, settings.days or 90)


def _birthday(program: Program, _settings: TemplateSettings) -> Condition:
    if "birthday" not in program.declarations.member:
        raise TemplateError("program", "the program declares no attribute birthday")
    months = [
        All(
            (
                Compare("member.birthday_month", Operator.IS, month),
                Compare("now.month", Operator.IS, month),
            )
        )
        for month in range(1, 13)
    ]
    return AnyOf(tuple(months))


def _anniversary(_program: Program, _settings: TemplateSettings) -> Condition:
    return Compare("member.is_anniversary", Operator.IS, True)


def _bought(_program: Program, settings: TemplateSettings) -> Condition:
    if settings.sku is None:
        raise TemplateError("sku", "name the product")
    window = HistoryWindow(ever=True)
    where = Compare("line.sku", Operator.IS, settings.sku)
    return History(Measure.LINES_QUANTITY, where, None, None, None, window, Operator.AT_LEAST, 1)


def _high_value(_program: Program, settings: TemplateSettings) -> Condition:
    if settings.amount is None:
        raise TemplateError("amount", "say how much was spent in the last 365 days")
    return Compare("member.spent_365_days", Operator.AT_LEAST, settings.amount)


def _near_next_tier(program: Program, settings: TemplateSettings) -> Condition:
    if program.tiers is None or not program.tiers.levels:
        raise TemplateError("program", "the program has no tiers")
    ways = []
    for place, level in enumerate(program.tiers.levels):
        figures = [
            _reaches(metric, program, -(-level.reach[metric.id] * settings.percent // 100))
            for metric in program.tiers.metrics
            if level.reach.get(metric.id, 0) > 0
        ]
        if figures:
            below = Compare("member.tier_level", Operator.IS, place)
            ways.append(All((below, AnyOf(tuple(figures)))))
    if not ways:
        raise TemplateError("program", "no tier has to be reached")
    return AnyOf(tuple(ways))


def _reaches(metric: TierMetric, program: Program, figure: int) -> Condition:
    if metric.measure is None:
        wallet = metric.balance or program.wallets[0].id
        return Compare(f"wallet.{wallet}.available", Operator.AT_LEAST, figure)
    return History(
        metric.measure,
        metric.where,
        metric.event,
        metric.attribute,
        metric.wallet,
        metric.window,
        Operator.AT_LEAST,
        figure,
    )


def _expiring(program: Program, settings: TemplateSettings) -> Condition:
    days = settings.days or 30
    if days not in (7, 30, 90):
        raise TemplateError("days", "points are looked at 7, 30 or 90 days ahead")
    wallet = settings.wallet or program.wallets[0].id
    if wallet not in [each.id for each in program.wallets]:
        raise TemplateError("wallet", f"there is no wallet {wallet}")
    return Compare(f"wallet.{wallet}.expiring_{days}_days", Operator.AT_LEAST, 1)


def _never_ordered(_program: Program, _settings: TemplateSettings) -> Condition:
    joined = Compare("member.joined", Operator.IS, True)
    return All((joined, Not(Compare("member.orders", Operator.AT_LEAST, 1))))


_RFM_GRID = (
    ("rfm_champions", "RFM: champions", "bought lately and often", (4, 5), (4, 5)),
    ("rfm_potential", "RFM: potential", "bought lately, and now and then", (4, 5), (2, 3)),
    ("rfm_recent", "RFM: recent", "bought lately, and seldom", (4, 5), (1, 1)),
    ("rfm_loyal", "RFM: loyal", "buys often, not just now", (3, 3), (4, 5)),
    ("rfm_attention", "RFM: need attention", "buys now and then, not just now", (3, 3), (2, 3)),
    ("rfm_about_to_sleep", "RFM: about to sleep", "buys seldom, not just now", (3, 3), (1, 1)),
    ("rfm_do_not_lose", "RFM: do not lose them", "bought often, long ago", (1, 2), (4, 5)),
    ("rfm_at_risk", "RFM: at risk", "bought now and then, long ago", (1, 2), (2, 3)),
    ("rfm_lost", "RFM: lost", "bought seldom, long ago", (1, 2), (1, 1)),
)
"""The nine fields of the RFM grid by the scores for how recently and how often: everybody who ever ordered is
in exactly one."""


def _rfm(recency: tuple[int, int], frequency: tuple[int, int]) -> _Writer:
    def write(program: Program, _settings: TemplateSettings) -> Condition:
        if program.rfm is None:
            raise TemplateError("program", "the program declares no bounds for RFM scores")
        return All(
            (
                Compare("member.rfm_recency", Operator.BETWEEN, recency),
                Compare("member.rfm_frequency", Operator.BETWEEN, frequency),
            )
        )

    return write


_WRITERS: dict[str, tuple[Template, _Writer]] = {
    template.id: (template, writer)
    for template, writer in (
        (Template("new", "New", "first ordered in the last 30 days"), _stage("new")),
        (Template("active", "Active", "ordered in the last 60 days"), _stage("active")),
        (Template("at_risk", "At risk", "last ordered 61 to 90 days ago"), _stage("at_risk")),
        (
            Template("dormant", "Dormant", "no order for so many days (90 unless set)", ("days",)),
            _dormant,
        ),
        (Template("never_ordered", "Never ordered", "joined, but has not ordered yet"), _never_ordered),
        (
            Template("birthday_this_month", "Birthday this month", "has a birthday in this month"),
            _birthday,
        ),
        (
            Template("anniversary", "Anniversary", "joined on this day in an earlier year"),
            _anniversary,
        ),
        (Template("bought", "Bought a product", "has bought this product", ("sku",), ("sku",)), _bought),
        (
            Template(
                "high_value", "High value", "spent so much in the last 365 days", ("amount",), ("amount",)
            ),
            _high_value,
        ),
        (
            Template(
                "near_next_tier",
                "Near the next tier",
                "has reached so much of what the next tier asks (80 percent unless set)",
                ("percent",),
            ),
            _near_next_tier,
        ),
        (
            Template(
                "points_expiring",
                "Points expiring soon",
                "has points that expire within 7, 30 or 90 days (30 unless set)",
                ("days", "wallet"),
            ),
            _expiring,
        ),
        *(
            (Template(name, title, words), _rfm(recency, frequency))
            for name, title, words, recency, frequency in _RFM_GRID
        ),
    )
}
TEMPLATES = tuple(template for template, _ in _WRITERS.values())
"""Every ready-made segment."""
