import type { EChartsCoreOption } from "echarts/core";

import type { ChartProps, ChartSeries } from "./chart";

export interface Look {
  color: (token: string) => string;
  rtl: boolean;
}

const COLORS = 8;
const DASHES = ["solid", "dashed", "dotted"] as const;
const FEW_POINTS = 40;

/** What the library draws for a chart, in our colors and in the direction of reading. */
export function optionOf(chart: Omit<ChartProps, "height">, look: Look): EChartsCoreOption {
  const ink = look.color("--mantine-color-text");
  const dimmed = look.color("--mantine-color-dimmed");
  const line = look.color("--p-line");
  const fontFamily = look.color("--mantine-font-family");
  const axis = chart.formatAxis ?? chart.format;
  return {
    // What moves cannot be read yet, and each frame of it is drawn anew.
    animation: false,
    textStyle: { fontFamily, color: ink },
    grid: { left: 4, right: 12, top: chart.series.length > 1 ? 40 : 14, bottom: 4, outerBoundsMode: "same" },
    legend: {
      show: chart.series.length > 1,
      type: "plain",
      top: 0,
      [look.rtl ? "right" : "left"]: 0,
      align: look.rtl ? "right" : "left",
      icon: "roundRect",
      itemWidth: 14,
      itemHeight: 8,
      textStyle: { color: ink, fontFamily },
      inactiveColor: dimmed,
    },
    tooltip: {
      trigger: "axis",
      confine: true,
      axisPointer: { type: chart.kind === "line" ? "line" : "shadow" },
      backgroundColor: look.color("--p-panel"),
      borderColor: line,
      textStyle: { color: ink, fontFamily, fontSize: 13 },
      extraCssText: `direction: ${look.rtl ? "rtl" : "ltr"}`,
      valueFormatter: (value: unknown) => (typeof value === "number" ? chart.format(value) : "–"),
    },
    xAxis: {
      type: "category",
      data: chart.categories,
      inverse: look.rtl,
      boundaryGap: chart.kind !== "line",
      axisLine: { lineStyle: { color: line } },
      axisTick: { show: false },
      axisLabel: { color: dimmed, hideOverlap: true },
    },
    yAxis: {
      type: "value",
      position: look.rtl ? "right" : "left",
      splitNumber: 4,
      minInterval: (chart.whole ?? false) ? 1 : 0,
      splitLine: { lineStyle: { color: line } },
      axisLabel: { color: dimmed, formatter: (value: number) => axis(value) },
    },
    series: chart.series.map((series, place) => drawn(series, place, chart, look)),
  };
}

function drawn(series: ChartSeries, place: number, chart: Omit<ChartProps, "height">, look: Look) {
  const muted = series.muted ?? false;
  const color = look.color(muted ? "--p-chart-8" : `--p-chart-${String((place % COLORS) + 1)}`);
  const dash = muted ? "dashed" : (DASHES[Math.floor(place / COLORS) % DASHES.length] ?? "solid");
  const shared = { name: series.name, data: series.values, itemStyle: { color }, z: muted ? 1 : 2 };
  if (chart.kind !== "line") {
    return { ...shared, type: "bar", barMaxWidth: 44, barMinWidth: 2, ...(chart.kind === "stack" && { stack: "all" }) };
  }
  return {
    ...shared,
    type: "line",
    lineStyle: { color, width: muted ? 1.5 : 2.25, type: dash },
    symbol: "circle",
    symbolSize: 5,
    showSymbol: chart.categories.length <= FEW_POINTS,
    ...(chart.series.length === 1 && { areaStyle: { color, opacity: 0.08 } }),
  };
}
