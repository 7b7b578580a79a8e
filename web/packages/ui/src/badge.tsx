import type { ReactNode } from "react";

import classes from "./badge.module.css";

export type Tone = "good" | "warn" | "bad" | "info" | "plain";

/** A state in a word. The word says it; the color only helps. */
export function Badge({ tone = "plain", icon, children }: { tone?: Tone; icon?: ReactNode; children: ReactNode }) {
  return (
    <span className={classes.badge} data-tone={tone}>
      {icon}
      {children}
    </span>
  );
}
