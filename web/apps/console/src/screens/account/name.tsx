import { Trans, useLingui } from "@lingui/react/macro";
import { mePutMutation } from "@perennial/api-admin/queries";
import { Button, Group, Panel, tellDone, tellFailed, TextInput } from "@perennial/ui";
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";

import { sessionOptions } from "../../session/session";
import { toldBy } from "../../shell/problem";

/** The name that colleagues and the audit log show. */
export function Name() {
  const { t } = useLingui();
  const { data } = useSuspenseQuery(sessionOptions);
  const [name, setName] = useState(data.name);
  const cache = useQueryClient();
  const save = useMutation({
    ...mePutMutation(),
    onSuccess: async () => {
      tellDone(t`Your name is saved`);
      await cache.invalidateQueries({ queryKey: sessionOptions.queryKey });
    },
    onError: (error) => {
      tellFailed(t`Your name was not saved`, toldBy(error).detail);
    },
  });
  return (
    <Panel title={t`Who you are`} hint={<bdi>{data.email}</bdi>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() !== "") save.mutate({ body: { name: name.trim() } });
        }}
      >
        <Group gap="sm" align="flex-end">
          <TextInput
            flex="1 1 14rem"
            maw={420}
            label={t`Your name`}
            autoComplete="name"
            dir="auto"
            value={name}
            onChange={(event) => {
              setName(event.currentTarget.value);
            }}
          />
          <Button type="submit" variant="default" loading={save.isPending}>
            <Trans>Save</Trans>
          </Button>
        </Group>
      </form>
    </Panel>
  );
}
