import { Trans } from "@lingui/react/macro";
import { Button, Dialog, Group, Stack, Text } from "@perennial/ui";
import type { ReactNode } from "react";

export interface RemoveDialogProps {
  opened: boolean;
  title: string;
  action: string;
  children: ReactNode;
  busy: boolean;
  onClose: () => void;
  onConfirm: () => void;
}

/** The second click before something is taken away. */
export function RemoveDialog({ opened, title, action, children, busy, onClose, onConfirm }: RemoveDialogProps) {
  return (
    <Dialog opened={opened} onClose={onClose} title={title}>
      <Stack gap="md">
        <Text size="sm">{children}</Text>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button color="red.8" loading={busy} onClick={onConfirm}>
            {action}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
