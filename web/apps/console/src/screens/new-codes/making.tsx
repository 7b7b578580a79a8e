import { Trans, useLingui } from "@lingui/react/macro";
import { Button, Group, Panel, Progress, Stack, Text } from "@perennial/ui";

import { useFormat } from "../../i18n/format";

export interface MakingNow {
  made: number;
  of: number;
}
/** How far the codes are. */
export function Making({ making, onCancel }: { making: MakingNow; onCancel: () => void }) {
  const { t } = useLingui();
  const format = useFormat();
  const share = making.of === 0 ? 0 : making.made / making.of;
  return (
    <Panel title={t`The codes are being made`}>
      <Stack gap="sm">
        <Progress value={share * 100} size="lg" aria-label={t`Codes made`} />
        <Group justify="space-between">
          <Text size="sm" role="status">
            <Trans>
              {format.number(making.made)} of {format.number(making.of)}
            </Trans>
          </Text>
          <Button variant="default" size="xs" onClick={onCancel}>
            <Trans>Stop, and make none</Trans>
          </Button>
        </Group>
      </Stack>
    </Panel>
  );
}
