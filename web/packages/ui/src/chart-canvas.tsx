import { useComputedColorScheme, useDirection } from "@mantine/core";
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { type EChartsType, init, use as register } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { useEffect, useRef, useState } from "react";

import type { ChartProps } from "./chart";
import classes from "./chart.module.css";
import { optionOf } from "./chart-option";

register([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

/** The drawing itself, with the library that draws; loaded when a chart is first shown. */
export default function ChartCanvas({ height, ...props }: ChartProps & { height: number }) {
  const shown = useSteady(props);
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(null);
  const drawn = useRef(false);
  const scheme = useComputedColorScheme();
  const { dir } = useDirection();
  useEffect(() => {
    const watcher = new ResizeObserver(() => {
      chart.current?.resize();
    });
    // Measuring its place makes the browser lay out the page: not while the rest of the screen is being put there.
    const beginning = setTimeout(() => {
      if (place.current === null) return;
      chart.current = init(place.current, undefined, { renderer: "svg" });
      watcher.observe(place.current);
    });
    return () => {
      clearTimeout(beginning);
      watcher.disconnect();
      chart.current?.dispose();
      chart.current = null;
    };
  }, []);
  useEffect(() => {
    const style = getComputedStyle(document.documentElement);
    const look = { color: (token: string) => style.getPropertyValue(token).trim(), rtl: dir === "rtl" };
    const whole = optionOf(shown, look);
    // In a task of its own: a screen of many charts stays ready for its reader between two of them. The first drawing
    // takes longest, and is two tasks: what the values are measured by, then the values.
    let drawing = setTimeout(() => {
      if (drawn.current) {
        chart.current?.setOption(whole, { notMerge: true });
        return;
      }
      chart.current?.setOption({ ...whole, series: [] });
      drawing = setTimeout(() => {
        chart.current?.setOption(whole, { notMerge: true });
        drawn.current = true;
      });
    });
    return () => {
      clearTimeout(drawing);
    };
    // The colors of the tokens change with the scheme.
  }, [shown, scheme, dir]);
  // The library counts from the left; it is told what to mirror, and words keep their own direction.
  return <div ref={place} className={classes.canvas} style={{ height }} dir="ltr" role="img" aria-label={shown.label} />;
}

/** What is shown, as the same thing until a part of it is another one: nothing is drawn anew for the rest of a screen. */
function useSteady(props: ChartProps): ChartProps {
  const said = JSON.stringify([props, props.series.map(({ values }) => values.map((value) => value !== null && props.format(value)))]);
  const [kept, setKept] = useState({ said, props });
  if (kept.said === said) return kept.props;
  setKept({ said, props });
  return props;
}
