"""The figures of the past that a version reads: each gets its metric and its place in the lists."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from perennial.core.dates.periods import Period
from perennial.core.document.program import Pool, Program, TierMetric
from perennial.core.terms.condition_document import encode_condition
from perennial.core.terms.conditions import Condition, History, HistoryWindow, Measure
from perennial.core.terms.figures import ALL_DAYS, Figure, Take
from perennial.core.today import granularity
from perennial.core.version import Metric, Need
from perennial.units import stable_hash


class NeedBook:
    """Collects what the conditions and the tiers of a program want to know of a member's past."""

    def __init__(self, program: Program, units: dict[str, int]) -> None:
        self._program = program
        self._units = units
        self._needs: dict[tuple[int, HistoryWindow, Take, bool], int] = {}
        self.needs: list[Need] = []
        self.histories: dict[History | Figure, int] = {}

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Every metric that some need reads."""
        return tuple({need.metric.number: need.metric for need in self.needs}.values())

    @property
    def taken(self) -> tuple[int, ...]:
        """The places of the needs that are no sums."""
        return tuple(place for place, need in enumerate(self.needs) if need.take is not Take.SUM)

    def of_history(self, history: History | Figure) -> int:
        """Return the place among the needs of what a condition compares."""
        if isinstance(history, Figure):
            place = self._add(history.measure, None, None, None, None, history.window, history.take)
            self.histories[history] = place
            return place
        place = self._add(
            history.measure,
            history.where,
            history.event,
            history.attribute,
            history.wallet,
            history.window,
        )
        self.histories[history] = place
        return place

    def of_tier_metric(self, metric: TierMetric) -> int | None:
        """Return the place among the needs of a tier metric; None if it looks at a balance."""
        if metric.measure is None:
            return None
        return self._add(
            metric.measure,
            metric.where,
            metric.event,
            metric.attribute,
            metric.wallet,
            metric.window,
            pooled=self._program.pool is Pool.ALL,
        )

    def _add(
        self,
        measure: Measure,
        where: Condition | None,
        event: str | None,
        attribute: str | None,
        wallet: str | None,
        window: HistoryWindow,
        take: Take = Take.SUM,
        *,
        pooled: bool = False,
    ) -> int:
        unit = None
        if measure is Measure.POINTS_EARNED:
            unit = self._units[wallet or self._program.wallets[0].id]
        metric = self._kept_by(
            granularity(window), Metric(0, measure, where, event, attribute, unit, Period.EVER)
        )
        place = self._needs.setdefault((metric.number, window, take, pooled), len(self.needs))
        if place == len(self.needs):
            self.needs.append(Need(metric, window, take, pooled))
        return place

    def _kept_by(self, period: Period, metric: Metric) -> Metric:
        """Return what counts the same as ``metric``, kept by ``period``."""
        where = metric.where
        text = "" if where is None else msgspec.json.encode(encode_condition(where)).decode()
        number = stable_hash(
            "metric",
            metric.measure,
            text,
            metric.event,
            metric.attribute,
            metric.unit,
            period,
            self._program.time_zone,
            self._program.currency,
        )
        return msgspec.structs.replace(metric, number=number, period=period)

    def keep_once(self, counted: Collection[int]) -> None:
        """Take what is asked of the whole past from days or months that are kept anyway, not beside them.

        Days serve where all of them are read already. Months serve wherever they are kept, here or as one of
        the metrics that others have ``counted``: there are twelve of them in a year.
        """
        kept = {*counted, *(need.metric.number for need in self.needs)}
        read = {need.metric.number for need in self.needs if _reads_all_days(need)}
        for place, need in enumerate(self.needs):
            if need.metric.period is not Period.EVER:
                continue
            days, months = (self._kept_by(period, need.metric) for period in (Period.DAY, Period.MONTH))
            if days.number in read:
                self.needs[place] = Need(days, need.window, pooled=need.pooled)
            elif months.number in kept:
                self.needs[place] = Need(months, need.window, pooled=need.pooled)

    def readers(self) -> dict[int, tuple[int, ...]]:
        """Return, for the number of each metric, the places of the needs that are sums of it."""
        readers: dict[int, tuple[int, ...]] = {}
        for place, need in enumerate(self.needs):
            if need.take is not Take.SUM:
                continue
            number = need.metric.number
            readers[number] = (*readers.get(number, ()), place)
        return readers


def _reads_all_days(need: Need) -> bool:
    return need.metric.period is Period.DAY and (need.window == ALL_DAYS or need.window.since_joining)
