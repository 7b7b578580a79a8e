import { Plural, Trans, useLingui } from "@lingui/react/macro";
import type { DraftView } from "@perennial/api-admin";
import { Alert, Button, Code } from "@perennial/ui";
import { IconAlertTriangle, IconCheck } from "@perennial/ui/icons";

import classes from "./program.module.css";

export interface ProblemsProps {
  problems: DraftView["problems"];
  stale: boolean;
  onJump: (path: string) => void;
}

/** What is wrong with the saved draft, each with its place and a way there. */
export function Problems({ problems, stale, onJump }: ProblemsProps) {
  const { t } = useLingui();
  if (problems.length === 0) {
    return (
      <p className={classes.sound}>
        <IconCheck size={17} aria-hidden />
        {stale ? <Trans>Not saved yet. Saving checks it.</Trans> : <Trans>The saved draft has no problems.</Trans>}
      </p>
    );
  }
  return (
    <Alert
      color="red"
      variant="default"
      icon={<IconAlertTriangle size={18} aria-hidden />}
      title={<Plural value={problems.length} one="# problem to solve before publishing" other="# problems to solve before publishing" />}
    >
      <ul className={classes.problems}>
        {problems.map((problem) => (
          <li key={`${problem.path}/${problem.code}`}>
            {problem.path !== "" && <Code dir="ltr">{problem.path}</Code>} <bdi>{problem.words}</bdi>{" "}
            {problem.path !== "" && (
              <Button size="compact-xs" variant="subtle" aria-label={t`Go there: ${problem.path}`} onClick={() => { onJump(problem.path); }}>
                <Trans>Go there</Trans>
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Alert>
  );
}
