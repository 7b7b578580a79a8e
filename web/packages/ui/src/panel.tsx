import { Title } from "@mantine/core";
import { type ReactNode, useId } from "react";

import classes from "./panel.module.css";

export interface PanelProps {
  title?: ReactNode;
  /** A sentence below the title. */
  hint?: ReactNode;
  actions?: ReactNode;
  /** Without inner space: for a table that fills the panel. */
  flush?: boolean;
  children: ReactNode;
}

/** One sheet of paper on the desk: things that belong together. */
export function Panel({ title, hint, actions, flush = false, children }: PanelProps) {
  const id = useId();
  const headed = title !== undefined;
  return (
    <section className={classes.panel} aria-labelledby={headed ? id : undefined}>
      {headed && (
        <div className={classes.head}>
          <div>
            <Title order={2} id={id}>
              {title}
            </Title>
            {hint !== undefined && <p className={classes.hint}>{hint}</p>}
          </div>
          {actions}
        </div>
      )}
      <div className={flush ? classes.flush : classes.body}>{children}</div>
    </section>
  );
}
