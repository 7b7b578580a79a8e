import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { Button, Group, Panel, Progress, Stack, Text } from "@perennial/ui";

import { useFormat } from "../../i18n/format";
import type { Far } from "./simulate";

/** How far the past is played. */
export function Running({ far, onCancel }: { far: Far; onCancel: () => void }) {
  const { t } = useLingui();
  const format = useFormat();
  const share = far.of === 0 ? 0 : far.people / far.of;
  return (
    <Panel>
      <Stack gap="sm" aria-live="polite">
        <Text>
          {far.ordering ? (
            <Trans>Those who share a budget are played once more, in the order of time…</Trans>
          ) : (
            <Trans>
              {format.number(far.people)} of <Plural value={far.of} one="# customer is played…" other="# customers are played…" />
            </Trans>
          )}
        </Text>
        <Progress value={share * 100} animated aria-label={t`How far it is`} />
        <Group>
          <Button variant="default" onClick={onCancel}>
            <Trans>Cancel</Trans>
          </Button>
        </Group>
      </Stack>
    </Panel>
  );
}
