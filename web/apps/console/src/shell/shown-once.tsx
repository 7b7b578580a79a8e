import { Trans } from "@lingui/react/macro";
import { Alert, Button, Code, CopyButton, Group, Stack } from "@perennial/ui";
import type { ReactNode } from "react";

export interface ShownOnceProps {
  title?: string;
  /** What to do with it. */
  children: ReactNode;
  secret: string;
  /** What it is, for those who hear it. */
  label: string;
  copy: string;
  done: string;
  onDone: () => void;
}

/** A secret that the server does not have any more. */
export function ShownOnce({ title, children, secret, label, copy: copyWords, done, onDone }: ShownOnceProps) {
  return (
    <Stack gap="md">
      <Alert color="pine" variant="default" title={title}>
        {children}
      </Alert>
      <Code block dir="ltr" aria-label={label}>
        {secret}
      </Code>
      <Group justify="flex-end" gap="xs">
        <CopyButton value={secret}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy}>
              {copied ? <Trans>Copied</Trans> : copyWords}
            </Button>
          )}
        </CopyButton>
        <Button onClick={onDone}>{done}</Button>
      </Group>
    </Stack>
  );
}
