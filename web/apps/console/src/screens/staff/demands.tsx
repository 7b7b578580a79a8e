import { Trans, useLingui } from "@lingui/react/macro";
import type { RulesView } from "@perennial/api-admin";
import { rulesGetOptions, rulesGetQueryKey, rulesPutMutation } from "@perennial/api-admin/queries";
import { Button, Checkbox, Panel, Stack, tellDone, tellFailed, TextInput } from "@perennial/ui";
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";

import { OWNER } from "../../program/roles";
import { sessionOptions } from "../../session/session";
import { Answer } from "../../shell/answer";
import { toldBy } from "../../shell/problem";

/** What the workspace demands: a second step, and two people for what is dangerous. */
export function Demands() {
  const { t } = useLingui();
  const query = useQuery(rulesGetOptions());
  return (
    <Panel title={t`What is demanded`} hint={t`Only owners change this.`}>
      <Answer query={query}>{(rules) => <DemandsForm key={JSON.stringify(rules)} rules={rules} />}</Answer>
    </Panel>
  );
}

function DemandsForm({ rules }: { rules: RulesView }) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const [wanted, setWanted] = useState(rules);
  const save = useMutation({
    ...rulesPutMutation(),
    onSuccess: async () => {
      tellDone(t`It is demanded from now on`);
      await cache.invalidateQueries({ queryKey: rulesGetQueryKey() });
    },
    onError: (error) => {
      tellFailed(t`Nothing was changed`, toldBy(error).detail);
    },
  });
  const { data: me } = useSuspenseQuery(sessionOptions);
  const may = me.role === OWNER;
  const above = wanted.two_to_credit_above;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ body: wanted });
      }}
    >
      <Stack gap="md">
        <Checkbox
          label={t`A second step for everybody`}
          description={t`Whoever has only a password can do nothing but add one. Add your own first.`}
          disabled={!may}
          checked={wanted.second_factor}
          onChange={(event) => {
            setWanted({ ...wanted, second_factor: event.currentTarget.checked });
          }}
        />
        <Checkbox
          label={t`Two people to publish or roll back`}
          description={t`What one asks for, another one approves.`}
          disabled={!may}
          checked={wanted.two_to_publish}
          onChange={(event) => {
            setWanted({ ...wanted, two_to_publish: event.currentTarget.checked });
          }}
        />
        <TextInput
          maw={360}
          label={t`Two people for credits above so many points`}
          description={t`Empty: never.`}
          disabled={!may}
          inputMode="numeric"
          dir="ltr"
          value={above === null ? "" : String(above)}
          onChange={(event) => {
            const digits = event.currentTarget.value.replace(/\D/g, "");
            setWanted({ ...wanted, two_to_credit_above: digits === "" ? null : Number(digits) });
          }}
        />
        {may && (
          <div>
            <Button type="submit" variant="default" loading={save.isPending}>
              <Trans>Save</Trans>
            </Button>
          </div>
        )}
      </Stack>
    </form>
  );
}
