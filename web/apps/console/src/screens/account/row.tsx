import { Button, Group, Text } from "@perennial/ui";
import type { ReactNode } from "react";

export interface RowProps {
  name: ReactNode;
  note: ReactNode;
  /** The word on the button, and the whole of what it does for those who hear it. */
  action?: string;
  label?: string;
  /** It is on its way. */
  pending?: boolean;
  onAction?: () => void;
}

/** One thing of the account with what may be done to it. */
export function Row({ name, note, action, label, pending = false, onAction }: RowProps) {
  return (
    <Group justify="space-between" wrap="nowrap" gap="sm">
      <div>
        <Text size="sm" fw={600} component="div">
          {name}
        </Text>
        <Text size="xs" c="dimmed">
          {note}
        </Text>
      </div>
      {action !== undefined && (
        <Button size="xs" variant="default" aria-label={label} loading={pending} onClick={onAction}>
          {action}
        </Button>
      )}
    </Group>
  );
}
