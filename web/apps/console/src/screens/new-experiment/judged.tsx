import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { useLingui } from "@lingui/react/macro";
import type { Outcome } from "@perennial/api-admin";
import { NativeSelect } from "@perennial/ui";

import { OUTCOMES } from "../experiments/trial-words";
import type { PartProps } from "./trial-form";

const HELP: Record<Outcome, MessageDescriptor> = {
  revenue: msg`What each customer pays, without what is returned.`,
  margin: msg`Revenue without cost. Every line of an order has to say what it costs.`,
  orders: msg`How often each customer orders.`,
  retention: msg`How many come back after the order with which they became part of it.`,
  points: msg`How many points each customer gets.`,
  profit: msg`Margin without what the points are worth. The first wallet has to say what points pay.`,
};
const OFFERED = Object.keys(HELP) as Outcome[];

/** The one outcome that the verdict is about, to be chosen beforehand. */
export function Judged({ plan, onChange }: PartProps) {
  const { t } = useLingui();
  return (
    <NativeSelect
      label={t`Judged by`}
      description={t(HELP[plan.outcome])}
      inputWrapperOrder={["label", "input", "description"]}
      data={OFFERED.map((outcome) => ({ value: outcome, label: t(OUTCOMES[outcome]) }))}
      value={plan.outcome}
      onChange={(event) => {
        onChange({ outcome: OFFERED.find((each) => each === event.currentTarget.value) ?? plan.outcome });
      }}
    />
  );
}
