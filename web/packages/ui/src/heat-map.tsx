import type { CSSProperties } from "react";

import classes from "./heat-map.module.css";

export interface HeatMapProps {
  /** What the map shows, for those who hear it. */
  label: string;
  /** What the rows and the columns are. */
  corner: string;
  rows: readonly { name: string; note?: string }[];
  columns: readonly string[];
  /** The value of each row in each column; null where there is none. */
  values: readonly (readonly (number | null)[])[];
  format: (value: number) => string;
}

/** A table whose cells are the warmer the larger their value is: its numbers can be read by everybody. */
export function HeatMap({ label, corner, rows, columns, values, format }: HeatMapProps) {
  const most = Math.max(...values.flat().map((value) => value ?? 0), Number.EPSILON);
  return (
    // A box that scrolls must be within reach of the keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={classes.box} role="region" aria-label={label} tabIndex={0}>
      <table className={classes.map}>
        <thead>
          <tr>
            <th scope="col">{corner}</th>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, note }, row) => (
            <tr key={name}>
              <th scope="row">
                {name}
                {note !== undefined && <span className={classes.note}>{note}</span>}
              </th>
              {columns.map((column, place) => {
                const value = values[row]?.[place] ?? null;
                return (
                  <td key={column} style={warmth(value, most)}>
                    {value === null ? "" : format(value)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function warmth(value: number | null, most: number): CSSProperties {
  const share = value === null ? 0 : Math.round((value / most) * 100);
  return { "--heat": `${String(share)}%` } as CSSProperties;
}
