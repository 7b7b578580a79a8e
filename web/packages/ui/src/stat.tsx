import { Tooltip } from "@mantine/core";
import type { ReactNode } from "react";

import { IconInfoCircle } from "./icons";
import classes from "./stat.module.css";

export interface StatProps {
  label: string;
  value: ReactNode;
  /** One line that puts the figure in its place. */
  note?: ReactNode;
  /** How the figure is computed, shown on hover and focus. */
  formula?: string;
}

/** One figure that somebody decides by. */
export function Stat({ label, value, note, formula }: StatProps) {
  return (
    <div className={classes.stat}>
      <div className={classes.label}>
        {label}
        {formula !== undefined && (
          <Tooltip label={formula} multiline maw={280} events={{ hover: true, focus: true, touch: true }}>
            <button type="button" className={classes.formula} aria-label={`${label}: ${formula}`}>
              <IconInfoCircle size={15} aria-hidden />
            </button>
          </Tooltip>
        )}
      </div>
      <div className={classes.value}>{value}</div>
      {note !== undefined && <div className={classes.note}>{note}</div>}
    </div>
  );
}

/** Figures side by side, as many as fit. */
export function StatRow({ children }: { children: ReactNode }) {
  return <div className={classes.row}>{children}</div>;
}
