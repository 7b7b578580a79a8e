import { Trans, useLingui } from "@lingui/react/macro";
import { mePasswordMutation, sessionsListQueryKey } from "@perennial/api-admin/queries";
import { Button, Panel, Stack, tellDone } from "@perennial/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";

import { NewPassword, PasswordField } from "../../shell/password-field";
import { Wrong } from "../../shell/wrong";

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
  return (
    <Panel title={t`Password`} hint={t`Another password ends all your other sessions.`}>
      <form onSubmit={send}>
        <Stack gap="sm" maw={420}>
          <Wrong error={change.error} />
          <PasswordField name="password" label={t`Password as it is`} />
          <NewPassword name="new" label={t`New password`} />
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
