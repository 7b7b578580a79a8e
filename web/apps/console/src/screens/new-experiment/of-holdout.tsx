import { useLingui } from "@lingui/react/macro";
import { NativeSelect, Panel, Stack } from "@perennial/ui";

import type { Part } from "./plan";
import { ShareInput } from "./share-input";
import type { PartProps } from "./trial-form";

/** Who gets nothing, and of what. */
export function OfHoldout({ plan, missing, campaigns, onChange }: PartProps & { campaigns: readonly Part[] }) {
  const { t } = useLingui();
  return (
    <Panel title={t`Who gets nothing`} hint={t`They keep the points and vouchers that they have, and are held out for good.`}>
      <Stack gap="md" maw="42rem">
        <NativeSelect
          label={t`Held back`}
          data={[{ value: "", label: t`The whole program` }, ...campaigns.map(({ id, name }) => ({ value: id, label: name }))]}
          value={plan.campaign}
          onChange={(event) => {
            onChange({ campaign: event.currentTarget.value });
          }}
        />
        <ShareInput
          value={plan.share}
          error={missing.has("share") && t`A share between 0.1 and 99.9 percent.`}
          onChange={(share) => {
            onChange({ share });
          }}
        />
      </Stack>
    </Panel>
  );
}
