import { Trans, useLingui } from "@lingui/react/macro";
import type { SwitchObject } from "@perennial/api-admin";
import { ReasonDialog } from "@perennial/forms";
import { Button, useDisclosure } from "@perennial/ui";

import { useSwitch } from "./use-switch";

export interface TurnButtonProps {
  object: SwitchObject;
  /** What it is called in a sentence. */
  name: string;
  off: boolean;
  size?: "xs" | "md";
}

/** Stop or go on: the first click asks why, the second does it. */
export function TurnButton({ object, name, off, size = "xs" }: TurnButtonProps) {
  const { t } = useLingui();
  const [asking, { open, close }] = useDisclosure(false);
  const { turn, busy } = useSwitch();
  const goesOn = t`Go on with ${name}`;
  const stops = t`Stop ${name}`;
  return (
    <>
      <Button
        size={size}
        variant={off || size === "md" ? "filled" : "default"}
        color={off ? "pine" : "red.8"}
        onClick={open}
        aria-label={off ? goesOn : stops}
      >
        {off ? <Trans>Go on</Trans> : <Trans>Stop</Trans>}
      </Button>
      <ReasonDialog
        opened={asking}
        title={off ? goesOn : stops}
        action={off ? t`Go on` : t`Stop now`}
        danger={!off}
        busy={busy}
        onClose={close}
        onConfirm={(reason) => {
          turn({ object, off: !off, reason }, close);
        }}
      >
        {off ? (
          <Trans>It gives again from the very next order on. What was missed meanwhile is not made up for.</Trans>
        ) : (
          <Trans>It gives nothing from the very next order on, on every server, until you switch it on again.</Trans>
        )}
      </ReasonDialog>
    </>
  );
}
