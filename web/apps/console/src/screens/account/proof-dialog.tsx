import { useLingui } from "@lingui/react/macro";
import { DialogForm } from "@perennial/forms";
import { Dialog, Text } from "@perennial/ui";
import type { ReactNode } from "react";

import { PasswordField } from "../../shell/password-field";
import { Wrong } from "../../shell/wrong";

export interface ProofDialogProps {
  opened: boolean;
  title: string;
  action: string;
  children?: ReactNode;
  error: unknown;
  busy: boolean;
  danger?: boolean;
  onClose: () => void;
  onProof: (password: string) => void;
}

/** The own password once more, before anything changes about how one signs in. */
export function ProofDialog({ opened, title, action, children, error, busy, danger = false, onClose, onProof }: ProofDialogProps) {
  const { t } = useLingui();
  return (
    <Dialog opened={opened} onClose={onClose} title={title}>
      <DialogForm
        action={action}
        danger={danger}
        busy={busy}
        onClose={onClose}
        onSubmit={(form) => {
          onProof(String(form.get("password") ?? ""));
        }}
      >
        {children !== undefined && <Text size="sm">{children}</Text>}
        <Wrong error={error} />
        <PasswordField name="password" label={t`Your password, once more`} data-autofocus />
      </DialogForm>
    </Dialog>
  );
}
