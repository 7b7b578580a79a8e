import { Trans, useLingui } from "@lingui/react/macro";
import { setupPostMutation } from "@perennial/api-admin/queries";
import { Button, Stack, Text, TextInput, Title } from "@perennial/ui";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { NewPassword } from "../../shell/password-field";
import { toldBy } from "../../shell/problem";
import { Wrong } from "../../shell/wrong";

/** The very first visit: the owner of this installation. */
export function SetupForm({ onDone }: { onDone: () => void }) {
  const { t } = useLingui();
  const setUp = useMutation({ ...setupPostMutation(), onSuccess: onDone });
  const [token] = useState(tokenOfAddress);
  const wrong = setUp.isError ? toldBy(setUp.error) : undefined;
  const wrongField = (name: string) => wrong?.errors.find((each) => each.path === name)?.message;
  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const word = (name: string) => String(fields.get(name) ?? "").trim();
    const workspace = word("workspace");
    setUp.mutate({
      body: {
        token: token ?? word("token"),
        email: word("email"),
        name: word("name"),
        password: String(fields.get("password") ?? ""),
        ...(workspace === "" ? {} : { workspace }),
      },
    });
  }
  return (
    <form onSubmit={send}>
      <Stack gap="md">
        <div>
          <Title order={1} size="h2">
            <Trans>Welcome</Trans>
          </Title>
          <Text size="sm" c="dimmed">
            <Trans>You are the first one here. Make the account that owns this installation.</Trans>
          </Text>
        </div>
        <Wrong error={wrong?.errors.length === 0 ? setUp.error : undefined} />
        {token === undefined && (
          <TextInput
            name="token"
            label={t`Setup token`}
            description={t`The server printed it when it started, at the end of a link.`}
            autoComplete="off"
            required
            withAsterisk={false}
            dir="ltr"
            error={wrongField("token")}
          />
        )}
        <TextInput name="name" label={t`Your name`} autoComplete="name" required withAsterisk={false} error={wrongField("name")} />
        <TextInput
          name="email"
          label={t`E-mail address`}
          type="email"
          autoComplete="username"
          required
          withAsterisk={false}
          dir="ltr"
          error={wrongField("email")}
        />
        <NewPassword name="password" label={t`Password`} error={wrongField("password")} />
        <Button type="submit" size="md" loading={setUp.isPending}>
          <Trans>Begin</Trans>
        </Button>
      </Stack>
    </form>
  );
}

/** The token of the link that the server printed; browsers keep what is behind the `#` to themselves. */
function tokenOfAddress(): string | undefined {
  return new URLSearchParams(window.location.hash.slice(1)).get("token") ?? undefined;
}
