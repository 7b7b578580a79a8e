"""What must be right about tiers beyond types: metrics, thresholds, and options that fit together."""

from __future__ import annotations

from perennial.core.conditions.check import check_figure
from perennial.core.dates.periods import Period
from perennial.core.document.program import Tier, TierLasts, TierMetric, TierStart, TierSystem
from perennial.core.findings import Findings

MAX_TIERS = 50
MAX_METRICS = 10


def check_tiers(findings: Findings) -> None:
    """Check the tier system of the program, if it has one."""
    system = findings.program.tiers
    if system is None:
        return
    if not 1 <= len(system.metrics) <= MAX_METRICS:
        findings.add("tiers.metrics", "count", f"tiers need 1 to {MAX_METRICS} metrics")
    if not 1 <= len(system.levels) <= MAX_TIERS:
        findings.add("tiers.levels", "count", f"a tier system has 1 to {MAX_TIERS} tiers")
    metrics = [(f"tiers.metrics[{i}]", metric) for i, metric in enumerate(system.metrics)]
    findings.unique([(path, metric.id) for path, metric in metrics], "metric")
    for path, metric in metrics:
        _check_metric(findings, path, metric)
    levels = [(f"tiers.levels[{i}]", tier) for i, tier in enumerate(system.levels)]
    findings.unique([(path, tier.id) for path, tier in levels], "tier")
    for path, tier in levels:
        _check_tier(findings, path, tier, [metric.id for metric in system.metrics])
    _check_ascending(findings, system)
    _check_duration(findings, system)


def _check_metric(findings: Findings, path: str, metric: TierMetric) -> None:
    if (metric.balance is None) == (metric.measure is None):
        findings.add(path, "balance_or_measure", "a metric has either a measure or the balance of a wallet")
        return
    if metric.balance is not None:
        findings.known(f"{path}.balance", "wallet", metric.balance, findings.wallets)
        for name in ("where", "event", "attribute", "wallet"):
            if getattr(metric, name) is not None:
                findings.add(f"{path}.{name}", "not_used", "the balance of a wallet does not look at this")
        return
    if metric.measure is not None:
        findings.problems += check_figure(
            metric.measure,
            metric.where,
            metric.event,
            metric.attribute,
            metric.wallet,
            metric.window,
            findings.facts,
            path,
        )
    window = metric.window
    given = (window.ever, window.since_joining, window.calendar is not None, window.last is not None)
    if sum(given) != 1:
        words = "a window is one of ever: true, since_joining: true, calendar: year and last: {months: 12}"
        findings.add(f"{path}.window", "bad_window", words)


def _check_tier(findings: Findings, path: str, tier: Tier, metrics: list[str]) -> None:
    if not tier.reach:
        findings.add(
            f"{path}.reach", "missing", "say what is needed to reach this tier, such as {metric: 500}"
        )
    for name in tier.reach:
        findings.known(f"{path}.reach.{name}", "metric", name, metrics)
    for name, needed in (tier.keep or {}).items():
        if findings.known(f"{path}.keep.{name}", "metric", name, metrics) and needed > tier.reach.get(
            name, needed
        ):
            words = (
                f"keeping the tier needs {needed:,}, which is more than reaching it ({tier.reach[name]:,})"
            )
            findings.add(f"{path}.keep.{name}", "keep_above_reach", words)
    findings.multiplier(f"{path}.multiplier", tier.multiplier)


def _check_ascending(findings: Findings, system: TierSystem) -> None:
    """Every tier needs more of a metric than all tiers below it that look at that metric."""
    highest: dict[str, tuple[int, str]] = {}
    for index, tier in enumerate(system.levels):
        for name, needed in tier.reach.items():
            if name in highest and needed <= highest[name][0]:
                below, lower = highest[name]
                words = f"{needed:,} is not more than the {below:,} of {lower}: tiers are listed lowest first"
                findings.add(f"tiers.levels[{index}].reach.{name}", "not_ascending", words)
            highest[name] = max(highest.get(name, (-1, "")), (needed, tier.id))


def _check_duration(findings: Findings, system: TierSystem) -> None:
    """Check that start, lasts, span, extend and grace fit together and to the metrics."""
    if system.lasts in (TierLasts.PERIOD, TierLasts.NEXT_PERIOD):
        _check_calendar(findings, system, f"lasts: {system.lasts}", "tiers.lasts")
    if system.start is TierStart.NEXT_PERIOD:
        _check_calendar(findings, system, "start: next_period", "tiers.start")
    if system.lasts is TierLasts.SPAN and system.span is None:
        findings.add("tiers.span", "missing", "lasts: span needs a span, such as {months: 12}")
    if system.lasts is not TierLasts.SPAN and system.span is not None:
        findings.add("tiers.span", "not_used", f"a span is only used with lasts: span, not {system.lasts}")
    if system.extend is not None and system.lasts in (TierLasts.LIFE, TierLasts.WHILE_REACHED):
        findings.add("tiers.extend", "not_used", f"lasts: {system.lasts} has no end that could be extended")
    if system.grace is not None and system.lasts is TierLasts.LIFE:
        findings.add("tiers.grace", "not_used", "a tier for life is never lost, so it needs no grace")
    if system.grace_round_up is not None and system.grace is None:
        findings.add("tiers.grace_round_up", "not_used", "there is no grace that could be rounded up")
    for name in ("span", "extend", "grace"):
        findings.span(f"tiers.{name}", getattr(system, name))


def _check_calendar(findings: Findings, system: TierSystem, option: str, path: str) -> None:
    """An option that speaks of periods needs one calendar period that all metrics share."""
    units = {metric.window.calendar if metric.balance is None else None for metric in system.metrics}
    if units & {None, Period.EVER, Period.HOUR}:
        words = (
            f"{option} needs metrics that count in a calendar window, such as window: {{calendar: year}}; "
            "otherwise use lasts: life, span or while_reached"
        )
        findings.add(path, "no_calendar", words)
    elif len(units) > 1:
        findings.add(path, "several_calendars", f"{option} needs the same calendar window in every metric")
