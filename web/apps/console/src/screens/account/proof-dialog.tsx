import { Trans, useLingui } from "@lingui/react/macro";
import { Alert, Button, Dialog, Group, PasswordInput, Stack, Text } from "@perennial/ui";
import type { FormEvent, ReactNode } from "react";

export interface ProofDialogProps {
  opened: boolean;
  title: string;
  action: string;
  children?: ReactNode;
  problem: string | undefined;
  busy: boolean;
  danger?: boolean;
  onClose: () => void;
  onProof: (password: string) => void;
}

/** The own password once more, before anything changes about how one signs in. */
export function ProofDialog({ opened, title, action, children, problem, busy, danger = false, onClose, onProof }: ProofDialogProps) {
  const { t } = useLingui();
  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    onProof(String(new FormData(event.currentTarget).get("password") ?? ""));
  }
  return (
    <Dialog opened={opened} onClose={onClose} title={title}>
      <form onSubmit={send}>
        <Stack gap="md">
          {children !== undefined && <Text size="sm">{children}</Text>}
          {problem !== undefined && (
            <Alert color="red" variant="default" role="alert">
              {problem}
            </Alert>
          )}
          <PasswordInput
            name="password"
            label={t`Your password, once more`}
            autoComplete="current-password"
            required
            withAsterisk={false}
            data-autofocus
            visibilityToggleButtonProps={{ "aria-label": t`Show the password` }}
          />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              <Trans>Cancel</Trans>
            </Button>
            <Button type="submit" color={danger ? "red.8" : "pine"} loading={busy}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
