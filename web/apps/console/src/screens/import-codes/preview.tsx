import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { Alert, Button, Group, Panel, Progress, Stack, Stat, StatRow, Text } from "@perennial/ui";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { useFormat } from "../../i18n/format";
import { Answer } from "../../shell/answer";
import { BadRows } from "./bad-rows";
import { checkRows } from "./check";
import type { Wanted } from "./import-codes-screen";
import type { ImportedCodes } from "./imported";
import { useImport } from "./use-import";

/** What would be taken and what would be left out; nothing is written yet. */
export default function Preview({ wanted, turn, onDone }: { wanted: Wanted; turn: number; onDone: (imported: ImportedCodes) => void }) {
  const { t } = useLingui();
  const format = useFormat();
  const [looked, setLooked] = useState(0);
  const cache = useQueryClient();
  const query = useQuery({
    queryKey: ["check of codes", turn],
    queryFn: ({ signal }) => checkRows(wanted.rows, wanted, signal, setLooked),
    // Once: what a part of the import has taken must not change the parts of which the rest is sent.
    staleTime: Infinity,
    gcTime: 0,
  });
  const { run, progress, problem, busy } = useImport(wanted, (imported) => {
    void cache.invalidateQueries({ queryKey: ["pools"] });
    onDone(imported);
  });
  const of = wanted.rows.length;
  return (
    <Panel title={t`Before anything is written`}>
      <Stack gap="md">
        {query.isPending && <Progress value={(100 * looked) / of} aria-label={t`Rows checked`} />}
        <Answer query={query}>
          {({ good, bad }) => (
            <Stack gap="md">
              <StatRow>
                <Stat label={t`Rows in the list`} value={format.number(of)} />
                <Stat label={t`Would be taken`} value={format.number(good.length)} />
                <Stat label={t`Would be left out`} value={format.number(bad.length)} />
              </StatRow>
              {bad.length > 0 && <BadRows rows={bad} />}
              {problem !== undefined && (
                <Alert color="red" variant="default" role="alert" title={t`The import stopped`}>
                  <Trans>{problem} What was taken before is there; try again, and only the rest is taken.</Trans>
                </Alert>
              )}
              {busy && (
                <>
                  <Progress value={good.length === 0 ? 0 : (100 * progress) / good.length} size="lg" aria-label={t`Codes taken`} />
                  <Text size="sm" role="status">
                    <Trans>
                      {format.number(progress)} of {format.number(good.length)}
                    </Trans>
                  </Text>
                </>
              )}
              <Group justify="flex-end">
                <Button
                  disabled={good.length === 0}
                  loading={busy}
                  onClick={() => {
                    run(good);
                  }}
                >
                  <Plural value={good.length} _0="Nothing to import" one="Import # code" other="Import # codes" />
                </Button>
              </Group>
            </Stack>
          )}
        </Answer>
      </Stack>
    </Panel>
  );
}
