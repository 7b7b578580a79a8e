import { Trans } from "@lingui/react/macro";
import { Button, Code, Text } from "@mantine/core";

import classes from "./empty-state.module.css";
import { IconAlertTriangle } from "./icons";

export interface ProblemStateProps {
  title: string;
  detail: string;
  /** The id by which the log of the server tells the rest. */
  requestId?: string | undefined;
  onRetry?: (() => void) | undefined;
}

/** Something went wrong: what, the id to ask about it with, and another try. */
export function ProblemState({ title, detail, requestId, onRetry }: ProblemStateProps) {
  return (
    <div className={classes.empty} role="alert">
      <div className={classes.icon} data-tone="bad" aria-hidden>
        <IconAlertTriangle size={26} />
      </div>
      <Text fw={600} ta="center">
        {title}
      </Text>
      <Text ta="center" maw="60ch" size="sm">
        {detail}
      </Text>
      {requestId !== undefined && (
        <Text c="dimmed" size="xs">
          <Trans>
            Request <Code dir="ltr">{requestId}</Code>
          </Trans>
        </Text>
      )}
      {onRetry !== undefined && (
        <Button variant="default" mt="xs" onClick={onRetry}>
          <Trans>Try again</Trans>
        </Button>
      )}
    </div>
  );
}
