import { Trans, useLingui } from "@lingui/react/macro";
import type { BatchView } from "@perennial/api-admin";
import { Button, Panel, Stack, TextInput } from "@perennial/ui";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { makeCodes } from "../../program/make-codes";
import { RewardSelect } from "../../program/reward-select";
import { poolRewardsOptions } from "../../program/rewards";
import { endOf } from "../../shell/days";
import { idOf } from "../../shell/ids";
import { toldBy } from "../../shell/problem";
import { useLongWork } from "../../shell/use-long-work";
import { Wrong } from "../../shell/wrong";
import { Making } from "./making";

const MOST = 1_000_000;

/** Of what, how many, and until when. */
export function CodesForm({ onMade }: { onMade: (batch: BatchView) => void }) {
  const { t } = useLingui();
  const [reward, setReward] = useState("");
  const [name, setName] = useState("");
  const [count, setCount] = useState("");
  const [lastDay, setLastDay] = useState("");
  const [tried, setTried] = useState(false);
  const cache = useQueryClient();
  const { data: rewards } = useQuery(poolRewardsOptions);
  const { run, far = 0, asked, busy, cancel, error } = useLongWork(makeCodes, async (batch: BatchView) => {
    onMade(batch);
    await cache.invalidateQueries({ queryKey: ["pools"] });
  });
  const wanted = Number(count.replace(/[\s,._]/g, ""));
  const countable = Number.isInteger(wanted) && wanted >= 1 && wanted <= MOST;
  if (busy) return <Making making={{ made: far, of: asked?.count ?? 0 }} onCancel={cancel} />;
  function send(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (reward === "" || !countable) return;
    const zone = rewards?.find(({ reference }) => reference === reward)?.zone;
    run({
      id: idOf(name, "codes", new Date()),
      reward,
      count: wanted,
      // The day of the program that takes them, to its end.
      ...(lastDay === "" ? {} : { expires_at: endOf(lastDay, zone) }),
    });
  }
  const wrong = (field: string) => (error === null ? [] : toldBy(error).errors).find(({ path }) => path === field)?.message;
  return (
    <Panel>
      <form onSubmit={send} noValidate>
        <Stack gap="md" maw={560}>
          <Wrong title={t`No code was made`} error={error} />
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
