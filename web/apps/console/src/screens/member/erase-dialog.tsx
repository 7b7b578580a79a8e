import { Trans, useLingui } from "@lingui/react/macro";
import { DialogForm } from "@perennial/forms";
import { Dialog, Text, TextInput } from "@perennial/ui";
import { useState } from "react";

export interface EraseDialogProps {
  customer: string;
  busy: boolean;
  onClose: () => void;
  onConfirm: () => void;
}

/** What cannot be undone wants the id, written out. */
export default function EraseDialog({ customer, busy, onClose, onConfirm }: EraseDialogProps) {
  const { t } = useLingui();
  const [written, setWritten] = useState("");
  return (
    <Dialog opened onClose={onClose} title={t`Erase ${customer}`}>
      <DialogForm action={t`Erase for good`} danger busy={busy} disabled={written !== customer} onClose={onClose} onSubmit={onConfirm}>
        <Text size="sm">
          <Trans>
            Name, addresses, orders and history of this person go for good; the books stay balanced without them. What is left in the
            wallets is gone too. This cannot be undone.
          </Trans>
        </Text>
        <TextInput
          label={t`Write the id to go on: ${customer}`}
          dir="ltr"
          autoComplete="off"
          data-autofocus
          value={written}
          onChange={(event) => {
            setWritten(event.currentTarget.value);
          }}
        />
      </DialogForm>
    </Dialog>
  );
}
