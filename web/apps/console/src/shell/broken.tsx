import { Trans, useLingui } from "@lingui/react/macro";
import { Button, ProblemState } from "@perennial/ui";
import type { ErrorComponentProps } from "@tanstack/react-router";

import { toldBy } from "./problem";

/** A screen that broke: the others go on, and this one can be tried again. */
export function Broken({ error, reset }: ErrorComponentProps) {
  const { t } = useLingui();
  const told = toldBy(error);
  return (
    <>
      <ProblemState
        title={t`This screen ran into a problem`}
        detail={told.detail}
        requestId={told.requestId}
        onRetry={reset}
      />
      <Button
        variant="subtle"
        mx="auto"
        display="block"
        onClick={() => {
          window.location.reload();
        }}
      >
        <Trans>Reload the console</Trans>
      </Button>
    </>
  );
}
