import { plural } from "@lingui/core/macro";
import { Plural, Trans, useLingui } from "@lingui/react/macro";
import type { BatchView } from "@perennial/api-admin";
import { Button, EmptyState, Group, Panel } from "@perennial/ui";
import { IconCheck, IconDownload } from "@perennial/ui/icons";

import { useExportCodes } from "../../program/use-export-codes";
import { useWorkspace } from "../../session/workspace";
import { LinkButton } from "../../shell/link-button";

/** The codes are there: what next. */
export function Done({ batch }: { batch: BatchView }) {
  const { t } = useLingui();
  const { code: workspace } = useWorkspace();
  const { exportCodes, busy } = useExportCodes();
  return (
    <Panel>
      <EmptyState
        icon={<IconCheck size={26} />}
        title={t`${plural(batch.made, { one: "# code is ready", other: "# codes are ready" })}`}
        action={
          <Group gap="xs" justify="center">
            <Button
              variant="default"
              leftSection={<IconDownload size={18} aria-hidden />}
              loading={busy}
              onClick={() => {
                exportCodes(batch.id);
              }}
            >
              <Trans>Export them</Trans>
            </Button>
            <LinkButton to="/$workspace/vouchers/$batch" params={{ workspace, batch: batch.id }}>
              <Trans>Look at the pool</Trans>
            </LinkButton>
          </Group>
        }
      >
        <Plural
          value={batch.made}
          one="It is nobody's yet: send it out, or let the program give it to a member."
          other="They are nobody's yet: send them out, or let the program give them to members."
        />
      </EmptyState>
    </Panel>
  );
}
