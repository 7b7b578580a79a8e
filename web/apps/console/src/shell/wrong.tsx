import { useLingui } from "@lingui/react/macro";
import { Alert } from "@perennial/ui";

import { saidByBrowser, toldBy } from "./problem";

export interface WrongProps {
  /** What was thrown; nothing is drawn without. */
  error: unknown;
  title?: string;
}

/** Why something was not done, above what was filled in. */
export function Wrong({ error, title }: WrongProps) {
  const { t } = useLingui();
  if (error === null || error === undefined) return null;
  const own = saidByBrowser(error);
  const words = { declined: t`No passkey was given. Try again when you are ready.`, known: t`This device has a passkey already.`, unreachable: t`The server does not answer` };
  return (
    <Alert color="red" variant="default" role="alert" title={title}>
      {own === undefined ? toldBy(error).words : words[own]}
    </Alert>
  );
}
