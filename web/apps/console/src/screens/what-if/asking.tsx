import { Trans, useLingui } from "@lingui/react/macro";
import type { SimulateBody } from "@perennial/api-admin";
import { Button, Group, NativeSelect, Panel, SimpleGrid, Stack, TextInput } from "@perennial/ui";
import { type FormEvent, useState } from "react";

import { useFormat } from "../../i18n/format";
import { useNow } from "../../session/clock";
import { endOf, startOf } from "../../shell/days";

const DAY_MS = 86_400_000;
const DAYS: Partial<Record<string, number>> = { month: 30, quarter: 91, year: 365 };

export interface AskingProps {
  versions: readonly number[];
  /** That of the program. */
  zone: string | undefined;
  busy: boolean;
  onRun: (body: SimulateBody) => void;
}

/** Which past, and beside what. */
export function Asking({ versions, zone, busy, onRun }: AskingProps) {
  const { t } = useLingui();
  const format = useFormat();
  const now = useNow();
  const [period, setPeriod] = useState("all");
  const [against, setAgainst] = useState("");
  const [first, setFirst] = useState("");
  const [last, setLast] = useState("");
  const newest = Math.max(0, ...versions);
  function send(event: FormEvent) {
    event.preventDefault();
    if (now === undefined) return;
    onRun({ version: "draft", ...(against === "" ? {} : { against }), ...periodOf(period, first, last, zone, now) });
  }
  return (
    <Panel>
      <form onSubmit={send}>
        <Stack gap="md">
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <NativeSelect
              label={t`What happened`}
              value={period}
              data={[
                { value: "all", label: t`in all of the past` },
                { value: "month", label: t`in the last 30 days` },
                { value: "quarter", label: t`in the last 13 weeks` },
                { value: "year", label: t`in the last year` },
                { value: "own", label: t`between two days` },
              ]}
              onChange={(event) => {
                setPeriod(event.currentTarget.value);
              }}
            />
            <NativeSelect
              label={t`The draft beside`}
              value={against}
              data={[
                { value: "", label: newest === 0 ? t`nothing: none is published yet` : t`version ${format.number(newest)}, which runs` },
                ...(newest === 0 ? [] : [{ value: "history", label: t`what was in force at each time` }]),
                ...versions
                  .filter((version) => version !== newest)
                  .map((version) => ({ value: String(version), label: t`version ${format.number(version)}` })),
              ]}
              onChange={(event) => {
                setAgainst(event.currentTarget.value);
              }}
            />
            {period === "own" && (
              <>
                <TextInput
                  type="date"
                  label={t`First day`}
                  required
                  withAsterisk={false}
                  value={first}
                  onChange={(event) => {
                    setFirst(event.currentTarget.value);
                  }}
                />
                <TextInput
                  type="date"
                  label={t`Last day`}
                  required
                  withAsterisk={false}
                  value={last}
                  onChange={(event) => {
                    setLast(event.currentTarget.value);
                  }}
                />
              </>
            )}
          </SimpleGrid>
          <Group>
            <Button type="submit" loading={busy} disabled={now === undefined}>
              <Trans>See what it costs</Trans>
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}

/** The period as instants; days are those of the program. */
function periodOf(period: string, first: string, last: string, zone: string | undefined, now: Date): SimulateBody {
  if (period === "own") return { from: startOf(first, zone), until: endOf(last, zone) };
  const days = DAYS[period];
  return days === undefined ? {} : { from: new Date(now.getTime() - days * DAY_MS).toISOString() };
}
