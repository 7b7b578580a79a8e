import { useLingui } from "@lingui/react/macro";
import { Dialog, Text, Textarea } from "@perennial/ui";
import { type ReactNode, useState } from "react";

import { DialogForm } from "./dialog-form";

const LONGEST = 500;

export interface ReasonDialogProps {
  opened: boolean;
  title: string;
  /** What will happen, in a sentence. */
  children: ReactNode;
  /** The word on the button that does it. */
  action: string;
  label?: string;
  /** Whether the words may be left out. */
  optional?: boolean;
  danger?: boolean;
  busy: boolean;
  onClose: () => void;
  onConfirm: (reason: string) => void;
}

/** The second click of two: says what will happen and asks why; the reason goes to the audit log. */
export function ReasonDialog(props: ReasonDialogProps) {
  return (
    <Dialog opened={props.opened} onClose={props.onClose} title={props.title}>
      <ReasonForm {...props} />
    </Dialog>
  );
}

function ReasonForm({ children, action, label, optional = false, danger = false, busy, onClose, onConfirm }: ReasonDialogProps) {
  const { t } = useLingui();
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  return (
    <DialogForm
      action={action}
      danger={danger}
      busy={busy}
      ownWords
      onClose={onClose}
      onSubmit={() => {
        const words = reason.trim();
        if (words === "" && !optional) setMissing(true);
        else onConfirm(words);
      }}
    >
      <Text size="sm" component="div">
        {children}
      </Text>
      <Textarea
        label={label ?? t`Reason`}
        required={!optional}
        withAsterisk={false}
        data-autofocus
        autosize
        minRows={2}
        maxLength={LONGEST}
        value={reason}
        error={missing && reason.trim() === "" ? t`Say why, for those who read the log later.` : undefined}
        onChange={(event) => {
          setReason(event.currentTarget.value);
        }}
      />
    </DialogForm>
  );
}
