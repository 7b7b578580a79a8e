import { Trans, useLingui } from "@lingui/react/macro";
import { signinPostMutation } from "@perennial/api-admin/queries";
import { Alert, Button, PasswordInput, Stack, TextInput, Title } from "@perennial/ui";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { toldBy } from "../../shell/problem";

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
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        signIn.mutate({ body: { email: email.trim(), password } });
      }}
    >
      <Stack gap="md">
        <Title order={1} size="h2">
          <Trans>Sign in</Trans>
        </Title>
        {signIn.isError && (
          <Alert color="red" variant="default" role="alert">
            {toldBy(signIn.error).detail}
          </Alert>
        )}
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
        <PasswordInput
          label={t`Password`}
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          visibilityToggleButtonProps={{ "aria-label": t`Show the password` }}
          onChange={(event) => {
            setPassword(event.currentTarget.value);
          }}
        />
        <Button type="submit" size="md" loading={signIn.isPending}>
          <Trans>Sign in</Trans>
        </Button>
      </Stack>
    </form>
  );
}
