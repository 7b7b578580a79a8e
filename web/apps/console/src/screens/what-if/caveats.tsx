import { Plural, Trans, useLingui } from "@lingui/react/macro";
import type { SimulationResult } from "@perennial/api-admin";
import { List, Panel, Stack, Text } from "@perennial/ui";

import { useFormat } from "../../i18n/format";
import { LEFT_OUT } from "./words";

/** What was left out, and what is taken for granted: nobody should believe more than was played. */
export function Caveats({ result }: { result: SimulationResult }) {
  const { t } = useLingui();
  const format = useFormat();
  const left = Object.entries(result.left_out).filter(([, count]) => count > 0);
  const events = result.sides.at(-1)?.events ?? 0;
  const total = left.reduce((sum, [, count]) => sum + count, 0);
  return (
    <Panel title={t`How far to trust it`}>
      <Stack gap="xs">
        <Text size="sm">
          <Plural value={events} one="# event was played" other="# events were played" />
          {", "}
          {total === 0 ? <Trans>none was left out.</Trans> : <Plural value={total} one="# was left out:" other="# were left out:" />}
        </Text>
        {left.length > 0 && (
          <List size="sm">
            {left.map(([kind, count]) => {
              const words = LEFT_OUT[kind];
              return (
                <List.Item key={kind}>
                  <bdi>{words === undefined ? kind : t(words)}</bdi>: {format.number(count)}
                </List.Item>
              );
            })}
          </List>
        )}
        <List size="sm" c="dimmed">
          {result.assumptions.map((words) => (
            <List.Item key={words}>
              <bdi>{words}</bdi>
            </List.Item>
          ))}
        </List>
      </Stack>
    </Panel>
  );
}
