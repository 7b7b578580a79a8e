import { Trans, useLingui } from "@lingui/react/macro";
import { signinAsk, signinPasskey } from "@perennial/api-admin";
import { signinPostMutation } from "@perennial/api-admin/queries";
import { Button, Stack, TextInput, Title } from "@perennial/ui";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { passkeysWork, showPasskey } from "../../session/passkeys";
import { PasswordField } from "../../shell/password-field";
import { Wrong } from "../../shell/wrong";

export interface PasswordFormProps {
  /** A second step is wanted, which shows this ticket. */
  onTicket: (ticket: string) => void;
  onDone: () => void;
}

/** The first step: who, and the password. */
export function PasswordForm({ onTicket, onDone }: PasswordFormProps) {
  const { t } = useLingui();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const signIn = useMutation({
    ...signinPostMutation(),
    onSuccess: ({ signed_in, ticket }) => {
      if (signed_in) onDone();
      else if (ticket != null) onTicket(ticket);
    },
  });
  const byPasskey = useMutation({
    mutationFn: async () => {
      const { data } = await signinAsk({ throwOnError: true });
      const credential = await showPasskey(data.options);
      await signinPasskey({ body: { ticket: data.ticket, credential }, throwOnError: true });
    },
    onSuccess: onDone,
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        byPasskey.reset();
        signIn.mutate({ body: { email: email.trim(), password } });
      }}
    >
      <Stack gap="md">
        <Title order={1} size="h2">
          <Trans>Sign in</Trans>
        </Title>
        <Wrong error={byPasskey.error ?? signIn.error} />
        <TextInput
          label={t`E-mail address`}
          type="email"
          autoComplete="username"
          required
          withAsterisk={false}
          dir="ltr"
          value={email}
          onChange={(event) => {
            setEmail(event.currentTarget.value);
          }}
        />
        <PasswordField
          label={t`Password`}
          value={password}
          onChange={(event) => {
            setPassword(event.currentTarget.value);
          }}
        />
        <Button type="submit" size="md" loading={signIn.isPending}>
          <Trans>Sign in</Trans>
        </Button>
        {passkeysWork() && (
          <Button
            variant="default"
            size="md"
            loading={byPasskey.isPending}
            onClick={() => {
              signIn.reset();
              byPasskey.mutate();
            }}
          >
            <Trans>Use a passkey</Trans>
          </Button>
        )}
      </Stack>
    </form>
  );
}
