import { t } from "@lingui/core/macro";
import { Button, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";

import { IconAlertTriangle, IconCheck } from "./icons";

const SHORT_MS = 5_000;
const UNDO_MS = 12_000;

export interface Undo {
  label: string;
  run: () => void;
}

/** Tell that something is done; with `undo`, offer the way back for a while. */
export function tellDone(message: string, undo?: Undo): void {
  const id = crypto.randomUUID();
  const back = () => {
    notifications.hide(id);
    undo?.run();
  };
  notifications.show({
    id,
    color: "pine",
    icon: <IconCheck size={18} aria-hidden />,
    autoClose: undo === undefined ? SHORT_MS : UNDO_MS,
    closeButtonProps: { "aria-label": t`Close` },
    message: (
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <Text size="sm">{message}</Text>
        {undo !== undefined && (
          <Button size="compact-sm" variant="default" onClick={back}>
            {undo.label}
          </Button>
        )}
      </Group>
    ),
  });
}

/** Tell that something did not work, and leave it until somebody has read it. */
export function tellFailed(title: string, detail: string): void {
  notifications.show({
    color: "red",
    icon: <IconAlertTriangle size={18} aria-hidden />,
    title,
    message: detail,
    autoClose: false,
    closeButtonProps: { "aria-label": t`Close` },
  });
}
