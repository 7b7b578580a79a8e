import { plural } from "@lingui/core/macro";
import { Plural, useLingui } from "@lingui/react/macro";
import { EmptyState, Group, Panel, Stack } from "@perennial/ui";
import { IconCheck } from "@perennial/ui/icons";

import { useWorkspace } from "../../session/workspace";
import { LinkButton } from "../../shell/link-button";
import { BadRows } from "./bad-rows";
import type { BadRow } from "./check";

export interface ImportedCodes {
  pools: readonly string[];
  made: number;
  /** Rows that were good when they were checked, and were taken by somebody in between. */
  leftOut: readonly BadRow[];
}

/** The codes are taken over: where they are. */
export function Imported({ imported: { pools, made, leftOut } }: { imported: ImportedCodes }) {
  const { t } = useLingui();
  const { code: workspace } = useWorkspace();
  return (
    <Stack gap="lg">
      <Panel>
        <EmptyState
          icon={<IconCheck size={26} />}
          title={t`${plural(made, { one: "# code is taken over", other: "# codes are taken over" })}`}
          action={
            <Group gap="xs" justify="center">
              {pools.map((pool) => (
                <LinkButton key={pool} to="/$workspace/vouchers/$batch" params={{ workspace, batch: pool }} variant="default">
                  <bdi>{pool}</bdi>
                </LinkButton>
              ))}
            </Group>
          }
        >
          <Plural value={pools.length} one="They are in one pool." other="They are in # pools, so that each can be tried again by itself." />
        </EmptyState>
      </Panel>
      {leftOut.length > 0 && (
        <Panel title={t`Left out in the meantime`} hint={t`Somebody took these codes, or the customers went, after the list was checked.`}>
          <BadRows rows={leftOut} />
        </Panel>
      )}
    </Stack>
  );
}
