import { useLingui } from "@lingui/react/macro";
import { Input, SegmentedControl, Stack, TextInput } from "@perennial/ui";

import type { PartProps } from "./plan-form";

const KINDS = ["multiple", "extra"] as const;

/** What it gives. */
export function What({ plan, missing, onChange }: PartProps) {
  const { t } = useLingui();
  const labels = { multiple: t`A multiple of points`, extra: t`Points for each order` };
  return (
    <Stack gap="sm">
      <Input.Wrapper label={t`It gives`} labelElement="div">
        <SegmentedControl
          fullWidth
          aria-label={t`It gives`}
          value={plan.gives}
          data={KINDS.map((kind) => ({ value: kind, label: labels[kind] }))}
          onChange={(gives) => {
            onChange({ gives });
          }}
        />
      </Input.Wrapper>
      {plan.gives === "multiple" ? (
        <TextInput
          label={t`Times as many points`}
          description={t`2 doubles what orders earn, 1.5 adds half of it.`}
          inputMode="decimal"
          dir="ltr"
          value={plan.factor}
          error={missing.has("factor") && t`A number above 1, such as 2 or 1.5.`}
          onChange={(event) => {
            onChange({ factor: event.currentTarget.value.trim() });
          }}
        />
      ) : (
        <Extra plan={plan} missing={missing} onChange={onChange} />
      )}
    </Stack>
  );
}

function Extra({ plan, missing, onChange }: PartProps) {
  const { t } = useLingui();
  return (
    <>
      <TextInput
        label={t`Points for each order`}
        inputMode="numeric"
        dir="ltr"
        value={plan.extra}
        error={missing.has("extra") && t`A whole number above 0.`}
        onChange={(event) => {
          onChange({ extra: event.currentTarget.value.trim() });
        }}
      />
      <TextInput
        label={t`Budget, in points`}
        description={t`When all members together have got so many, it stops. Leave it empty for no cap.`}
        inputMode="numeric"
        dir="ltr"
        value={plan.cap}
        error={missing.has("cap") && t`A whole number above 0.`}
        onChange={(event) => {
          onChange({ cap: event.currentTarget.value.trim() });
        }}
      />
    </>
  );
}
