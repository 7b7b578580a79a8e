import { Trans } from "@lingui/react/macro";
import { Button, Dialog, Group, Stack, Text } from "@perennial/ui";
import type { ReactNode } from "react";

export interface DialogFormProps {
  children: ReactNode;
  /** The word on the button that does it. */
  action: string;
  danger?: boolean;
  busy: boolean;
  disabled?: boolean;
  /** Whether the form says itself what is missing, in place of the browser. */
  ownWords?: boolean;
  onClose: () => void;
  onSubmit: (form: FormData) => void;
}

/** What is asked for in a dialog, and below it the two ways out. */
export function DialogForm({ children, action, danger = false, busy, disabled = false, ownWords = false, onClose, onSubmit }: DialogFormProps) {
  return (
    <form
      noValidate={ownWords}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit(new FormData(event.currentTarget));
      }}
    >
      <Stack gap="md">
        {children}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button type="submit" color={danger ? "red.8" : "pine"} loading={busy} disabled={disabled}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

export interface ConfirmDialogProps {
  opened: boolean;
  title: string;
  /** What will happen, in a sentence. */
  children: ReactNode;
  action: string;
  busy: boolean;
  onClose: () => void;
  onConfirm: () => void;
}

/** The second click before something is taken away. */
export function ConfirmDialog({ opened, title, children, action, busy, onClose, onConfirm }: ConfirmDialogProps) {
  return (
    <Dialog opened={opened} onClose={onClose} title={title}>
      <DialogForm
        action={action}
        danger
        busy={busy}
        onClose={onClose}
        onSubmit={() => {
          onConfirm();
        }}
      >
        <Text size="sm">{children}</Text>
      </DialogForm>
    </Dialog>
  );
}
