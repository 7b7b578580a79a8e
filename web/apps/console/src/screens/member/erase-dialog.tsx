import { Trans, useLingui } from "@lingui/react/macro";
import { DialogForm } from "@perennial/forms";
import { Dialog, Text, Textarea, TextInput } from "@perennial/ui";
import { useState } from "react";

export interface EraseDialogProps {
  customer: string;
  busy: boolean;
  onClose: () => void;
  onConfirm: (reason: string) => void;
}

const LONGEST = 500;

/** What cannot be undone wants a reason, and the id, written out. */
export default function EraseDialog({ customer, busy, onClose, onConfirm }: EraseDialogProps) {
  const { t } = useLingui();
  const [written, setWritten] = useState("");
  const [reason, setReason] = useState("");
  const ready = written === customer && reason.trim() !== "";
  return (
    <Dialog opened onClose={onClose} title={t`Erase ${customer}`}>
      <DialogForm
        action={t`Erase for good`}
        danger
        busy={busy}
        disabled={!ready}
        onClose={onClose}
        onSubmit={() => {
          onConfirm(reason.trim());
        }}
      >
        <Text size="sm">
          <Trans>
            Name, addresses, orders and history of this person go for good; the books stay balanced without them. What is left in the
            wallets is gone too. This cannot be undone.
          </Trans>
        </Text>
        <Textarea
          label={t`Reason`}
          description={t`It stays in the audit log when the person is gone: name nobody.`}
          data-autofocus
          autosize
          minRows={2}
          maxLength={LONGEST}
          value={reason}
          onChange={(event) => {
            setReason(event.currentTarget.value);
          }}
        />
        <TextInput
          label={t`Write the id to go on: ${customer}`}
          dir="ltr"
          autoComplete="off"
          value={written}
          onChange={(event) => {
            setWritten(event.currentTarget.value);
          }}
        />
      </DialogForm>
    </Dialog>
  );
}
