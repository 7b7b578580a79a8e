import { Trans, useLingui } from "@lingui/react/macro";
import type { BatchView } from "@perennial/api-admin";
import { Alert, Button, Panel, Stack, TextInput } from "@perennial/ui";
import { type FormEvent, useState } from "react";

import { RewardSelect } from "../../program/reward-select";
import { idOf } from "../../shell/ids";
import { Making } from "./making";
import { useMakeCodes } from "./use-make-codes";

const MOST = 1_000_000;

/** Of what, how many, and until when. */
export function CodesForm({ onMade }: { onMade: (batch: BatchView) => void }) {
  const { t } = useLingui();
  const [reward, setReward] = useState("");
  const [name, setName] = useState("");
  const [count, setCount] = useState("");
  const [lastDay, setLastDay] = useState("");
  const [tried, setTried] = useState(false);
  const { make, making, cancel, problem } = useMakeCodes(onMade);
  const wanted = Number(count.replace(/[\s,._]/g, ""));
  const countable = Number.isInteger(wanted) && wanted >= 1 && wanted <= MOST;
  if (making !== undefined) return <Making making={making} onCancel={cancel} />;
  function send(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (reward === "" || !countable) return;
    make({
      id: idOf(name, "codes", new Date()),
      reward,
      count: wanted,
      // The day on this device's calendar, to its end.
      ...(lastDay === "" ? {} : { expires_at: new Date(`${lastDay}T23:59:59`).toISOString() }),
    });
  }
  const wrong = (field: string) => problem?.errors.find(({ path }) => path === field)?.message;
  return (
    <Panel>
      <form onSubmit={send} noValidate>
        <Stack gap="md" maw={560}>
          {problem !== undefined && (
            <Alert color="red" variant="default" role="alert" title={t`No code was made`}>
              {problem.errors[0]?.message ?? problem.detail}
            </Alert>
          )}
          <RewardSelect
            value={reward}
            error={wrong("$.reward") ?? (tried && reward === "" ? t`Choose one.` : undefined)}
            onChange={setReward}
          />
          <TextInput
            label={t`How many`}
            inputMode="numeric"
            dir="ltr"
            placeholder="10000"
            value={count}
            error={wrong("$.count") ?? (tried && !countable && t`A whole number from 1 to 1,000,000.`)}
            onChange={(event) => {
              setCount(event.currentTarget.value);
            }}
          />
          <TextInput
            label={t`Name of the pool`}
            description={t`It cannot be changed; empty: one by the clock.`}
            dir="auto"
            placeholder="summer-mailing"
            value={name}
            error={wrong("$.id")}
            onChange={(event) => {
              setName(event.currentTarget.value);
            }}
          />
          <TextInput
            type="date"
            label={t`Last day on which they are good`}
            description={t`Empty: as the reward says.`}
            value={lastDay}
            error={wrong("$.expires_at")}
            onChange={(event) => {
              setLastDay(event.currentTarget.value);
            }}
          />
          <div>
            <Button type="submit">
              <Trans>Make the codes</Trans>
            </Button>
          </div>
        </Stack>
      </form>
    </Panel>
  );
}
