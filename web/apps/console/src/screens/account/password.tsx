import { Trans, useLingui } from "@lingui/react/macro";
import { mePasswordMutation, sessionsListQueryKey } from "@perennial/api-admin/queries";
import { Alert, Button, Panel, PasswordInput, Stack, tellDone } from "@perennial/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";

import { toldBy } from "../../shell/problem";

const LEAST = 12;

/** Another password; it ends all other sessions. */
export function Password() {
  const { t } = useLingui();
  const cache = useQueryClient();
  const change = useMutation({ ...mePasswordMutation() });
  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = new FormData(form);
    const word = (name: string) => String(fields.get(name) ?? "");
    change.mutate(
      { body: { password: word("password"), new_password: word("new") } },
      {
        onSuccess: async () => {
          form.reset();
          tellDone(t`The password is changed; everywhere else you are signed out`);
          await cache.invalidateQueries({ queryKey: sessionsListQueryKey() });
        },
      },
    );
  }
  const wrong = change.isError ? toldBy(change.error) : undefined;
  const shows = { "aria-label": t`Show the password` };
  return (
    <Panel title={t`Password`} hint={t`Another password ends all your other sessions.`}>
      <form onSubmit={send}>
        <Stack gap="sm" maw={420}>
          {wrong !== undefined && (
            <Alert color="red" variant="default" role="alert">
              {wrong.errors[0]?.message ?? wrong.detail}
            </Alert>
          )}
          <PasswordInput name="password" label={t`Password as it is`} autoComplete="current-password" required withAsterisk={false} visibilityToggleButtonProps={shows} />
          <PasswordInput
            name="new"
            label={t`New password`}
            description={t`At least 12 characters; a sentence does well.`}
            autoComplete="new-password"
            minLength={LEAST}
            required
            withAsterisk={false}
            visibilityToggleButtonProps={shows}
          />
          <div>
            <Button type="submit" variant="default" loading={change.isPending}>
              <Trans>Change the password</Trans>
            </Button>
          </div>
        </Stack>
      </form>
    </Panel>
  );
}
