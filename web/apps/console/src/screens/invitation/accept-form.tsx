import { Trans, useLingui } from "@lingui/react/macro";
import type { InvitedView } from "@perennial/api-admin";
import { invitationAcceptMutation } from "@perennial/api-admin/queries";
import { Button, Stack, Text, TextInput, Title } from "@perennial/ui";
import { useMutation } from "@tanstack/react-query";
import type { FormEvent } from "react";

import { useRoleName } from "../../program/roles";
import { NewPassword, PasswordField } from "../../shell/password-field";
import { Wrong } from "../../shell/wrong";

/** A name and a password; whoever has an account gives the one that it has. */
export function AcceptForm({ invited, token, onDone }: { invited: InvitedView; token: string; onDone: () => void }) {
  const { t } = useLingui();
  const role = useRoleName()(invited.role);
  const accept = useMutation({ ...invitationAcceptMutation(), onSuccess: onDone });
  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const word = (name: string) => String(fields.get(name) ?? "");
    accept.mutate({ body: { token, name: word("name").trim(), password: word("password") } });
  }
  return (
    <form onSubmit={send}>
      <Stack gap="md">
        <div>
          <Title order={1} size="h2">
            <Trans>You are invited</Trans>
          </Title>
          <Text size="sm" c="dimmed">
            <Trans>
              To the workspace {invited.workspace}, as {role}.
            </Trans>
          </Text>
        </div>
        <Wrong error={accept.error} />
        <TextInput label={t`E-mail address`} value={invited.email} readOnly dir="ltr" autoComplete="username" />
        <TextInput name="name" label={t`Your name`} autoComplete="name" required withAsterisk={false} />
        {invited.known ? (
          <PasswordField name="password" label={t`Password`} description={t`That of the account that you have.`} />
        ) : (
          <NewPassword name="password" label={t`Password`} />
        )}
        <Button type="submit" size="md" loading={accept.isPending}>
          <Trans>Come in</Trans>
        </Button>
      </Stack>
    </form>
  );
}
