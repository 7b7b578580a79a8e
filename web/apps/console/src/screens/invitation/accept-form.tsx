import { Trans, useLingui } from "@lingui/react/macro";
import type { InvitedView } from "@perennial/api-admin";
import { invitationAcceptMutation } from "@perennial/api-admin/queries";
import { Alert, Button, PasswordInput, Stack, Text, TextInput, Title } from "@perennial/ui";
import { useMutation } from "@tanstack/react-query";
import type { FormEvent } from "react";

import { toldBy } from "../../shell/problem";

const LEAST = 12;

/** A name and a password; whoever has an account gives the one that it has. */
export function AcceptForm({ invited, token, onDone }: { invited: InvitedView; token: string; onDone: () => void }) {
  const { t } = useLingui();
  const accept = useMutation({ ...invitationAcceptMutation(), onSuccess: onDone });
  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const word = (name: string) => String(fields.get(name) ?? "");
    accept.mutate({ body: { token, name: word("name").trim(), password: word("password") } });
  }
  const wrong = accept.isError ? toldBy(accept.error) : undefined;
  return (
    <form onSubmit={send}>
      <Stack gap="md">
        <div>
          <Title order={1} size="h2">
            <Trans>You are invited</Trans>
          </Title>
          <Text size="sm" c="dimmed">
            <Trans>
              To the workspace {invited.workspace}, as {invited.role}.
            </Trans>
          </Text>
        </div>
        {wrong !== undefined && (
          <Alert color="red" variant="default" role="alert">
            {wrong.errors[0]?.message ?? wrong.detail}
          </Alert>
        )}
        <TextInput label={t`E-mail address`} value={invited.email} readOnly dir="ltr" autoComplete="username" />
        <TextInput name="name" label={t`Your name`} autoComplete="name" required withAsterisk={false} />
        <PasswordInput
          name="password"
          label={t`Password`}
          description={invited.known ? t`That of the account that you have.` : t`At least 12 characters; a sentence does well.`}
          autoComplete={invited.known ? "current-password" : "new-password"}
          minLength={LEAST}
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ "aria-label": t`Show the password` }}
        />
        <Button type="submit" size="md" loading={accept.isPending}>
          <Trans>Come in</Trans>
        </Button>
      </Stack>
    </form>
  );
}
