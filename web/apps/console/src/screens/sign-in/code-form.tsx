import { Trans, useLingui } from "@lingui/react/macro";
import { signinCodeMutation } from "@perennial/api-admin/queries";
import { Button, Stack, Text, TextInput, Title } from "@perennial/ui";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { Wrong } from "../../shell/wrong";

/** The second step: a code of the authenticator app, or a recovery code. */
export function CodeForm({ ticket, onDone }: { ticket: string; onDone: () => void }) {
  const { t } = useLingui();
  const [code, setCode] = useState("");
  const show = useMutation({ ...signinCodeMutation(), onSuccess: onDone });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        show.mutate({ body: { ticket, code: code.replace(/\s/g, "") } });
      }}
    >
      <Stack gap="md">
        <Title order={1} size="h2">
          <Trans>Second step</Trans>
        </Title>
        <Text size="sm" c="dimmed">
          <Trans>The code that your authenticator app shows now, or one of your recovery codes.</Trans>
        </Text>
        <Wrong error={show.error} />
        <TextInput
          label={t`Code`}
          autoComplete="one-time-code"
          inputMode="text"
          required
          withAsterisk={false}
          data-autofocus
          dir="ltr"
          value={code}
          onChange={(event) => {
            setCode(event.currentTarget.value);
          }}
        />
        <Button type="submit" size="md" loading={show.isPending}>
          <Trans>Go on</Trans>
        </Button>
      </Stack>
    </form>
  );
}
