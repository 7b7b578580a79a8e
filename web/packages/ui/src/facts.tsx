import type { ReactNode } from "react";

import classes from "./facts.module.css";

export interface Fact {
  label: string;
  value: ReactNode;
}

/** What is known of one thing, as words and their meaning. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className={classes.facts}>
      {facts.map((fact) => (
        <div key={fact.label} className={classes.fact}>
          <dt>{fact.label}</dt>
          <dd>{fact.value}</dd>
        </div>
      ))}
    </dl>
  );
}
