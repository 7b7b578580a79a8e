import type { CSSProperties } from "react";

import classes from "./intervals.module.css";

export interface Interval {
  name: string;
  /** What stands beside the name: the average. */
  note: string;
  /** The difference, and between what it lies; null: nothing is known of that yet. */
  value: number;
  low: number | null;
  high: number | null;
  tone: "good" | "bad" | "plain";
}

export interface IntervalsProps {
  /** What is drawn, for those who hear it. */
  label: string;
  head: string;
  rows: readonly Interval[];
  /** With what the rows are compared: the line at zero. */
  zero: string;
  zeroNote: string;
  heads: { average: string; effect: string; range: string };
  format: (value: number) => string;
  /** What is said in place of an interval that is not known. */
  unknown: string;
}

const MARGIN = 0.08;

/** Differences with the intervals in which they lie, drawn beside the line where there is none. */
export function Intervals({ label, head, rows, zero, zeroNote, heads, format, unknown }: IntervalsProps) {
  const place = placesOf(rows);
  return (
    <table className={classes.intervals} aria-label={label}>
      <thead>
        <tr>
          <th scope="col">{head}</th>
          <th scope="col" data-numeric>
            {heads.average}
          </th>
          <th scope="col" data-numeric>
            {heads.effect}
          </th>
          <th scope="col">{heads.range}</th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">
            <bdi>{zero}</bdi>
          </th>
          <td data-numeric>{zeroNote}</td>
          <td data-numeric>–</td>
          <td />
        </tr>
        {rows.map(({ name, note, value, low, high, tone }) => (
          <tr key={name}>
            <th scope="row">
              <bdi>{name}</bdi>
            </th>
            <td data-numeric>{note}</td>
            <td data-numeric>{format(value)}</td>
            <td>
              {low === null || high === null ? (
                <span className={classes.words}>{unknown}</span>
              ) : (
                <>
                  <span className={classes.words}>
                    {format(low)} … {format(high)}
                  </span>
                  <span className={classes.track} aria-hidden style={{ "--zero": place(0) } as CSSProperties}>
                    <span
                      className={classes.range}
                      data-tone={tone}
                      style={{ "--from": place(low), "--to": place(high), "--at": place(value) } as CSSProperties}
                    />
                  </span>
                </>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Where values stand on a line that has room for all of them and for zero, in percent from its beginning. */
function placesOf(rows: readonly Interval[]): (value: number) => string {
  const ends = rows.flatMap(({ low, high, value }) => [low ?? value, high ?? value, 0]);
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  const room = Math.max(most - least, Number.EPSILON);
  return (value) => `${String(100 * (MARGIN + (1 - 2 * MARGIN) * ((value - least) / room)))}%`;
}
