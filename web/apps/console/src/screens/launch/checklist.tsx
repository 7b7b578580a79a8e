import { Trans } from "@lingui/react/macro";
import { VisuallyHidden } from "@perennial/ui";
import { IconCheck } from "@perennial/ui/icons";

import classes from "./launch.module.css";
import type { LaunchStep } from "./use-steps";

/** The steps, those that are done with a check. */
export function Checklist({ steps }: { steps: readonly LaunchStep[] }) {
  return (
    <ol className={classes.steps}>
      {steps.map(({ id, title, done, hint, action }) => (
        <li key={id} className={classes.step} data-done={done || undefined}>
          <span className={classes.mark} aria-hidden>
            {done && <IconCheck size={16} />}
          </span>
          <div>
            <span className={classes.title}>{title}</span>
            <VisuallyHidden>{done ? <Trans>Done</Trans> : <Trans>Still to do</Trans>}</VisuallyHidden>
            <div className={classes.hint}>{hint}</div>
            {!done && action}
          </div>
        </li>
      ))}
    </ol>
  );
}
