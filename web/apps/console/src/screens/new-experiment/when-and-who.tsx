import { useLingui } from "@lingui/react/macro";
import { Panel, SimpleGrid, Stack, TextInput } from "@perennial/ui";

import { Asking } from "../../editor/asking";
import ConditionField from "../../editor/condition-field";
import type { PartProps } from "./trial-form";

/** From when to when, and who may become part of it. */
export function WhenAndWho({ plan, missing, currency, onChange }: PartProps & { currency: string | undefined }) {
  const { t } = useLingui();
  return (
    <Panel title={t`When, and with whom`}>
      <Stack gap="md">
        <SimpleGrid cols={{ base: 1, xs: 2 }} maw="42rem">
          <TextInput
            label={t`First day`}
            description={t`Empty: from its publication.`}
            inputWrapperOrder={["label", "input", "description", "error"]}
            type="date"
            value={plan.starts}
            onChange={(event) => {
              onChange({ starts: event.currentTarget.value });
            }}
          />
          <TextInput
            label={t`Last day`}
            description={t`Empty: until somebody ends it.`}
            inputWrapperOrder={["label", "input", "description", "error"]}
            type="date"
            value={plan.ends}
            error={missing.has("ends") && t`Not before the first day.`}
            onChange={(event) => {
              onChange({ ends: event.currentTarget.value });
            }}
          />
        </SimpleGrid>
        <Asking program={plan.program} currency={currency}>
          <ConditionField
            label={t`With whom`}
            description={t`Asked once, when a member would become part of it.`}
            value={plan.audience}
            place="audience"
            onChange={(audience) => {
              onChange({ audience });
            }}
          />
        </Asking>
      </Stack>
    </Panel>
  );
}
