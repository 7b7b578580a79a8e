import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { useLingui } from "@lingui/react/macro";
import type { Outcome, TrialState, TrialView } from "@perennial/api-admin";
import type { Tone } from "@perennial/ui";

/** Where an experiment stands, in a word and a color. */
export const STATES: Record<TrialState, { label: MessageDescriptor; tone: Tone }> = {
  planned: { label: msg`Planned`, tone: "info" },
  running: { label: msg`Running`, tone: "good" },
  ended: { label: msg`Ended`, tone: "plain" },
  removed: { label: msg`Taken out`, tone: "plain" },
};

export const KINDS: Record<TrialView["kind"], MessageDescriptor> = {
  experiment: msg`Experiment`,
  holdout: msg`Holdout`,
};

/** What variants are compared by. */
export const OUTCOMES: Record<Outcome, MessageDescriptor> = {
  revenue: msg`Revenue`,
  margin: msg`Margin`,
  orders: msg`Orders`,
  retention: msg`Customers who order again`,
  points: msg`Points`,
  profit: msg`Profit`,
};

const OF_HOLDOUTS: Partial<Record<string, MessageDescriptor>> = {
  held_out: msg`Those held out`,
  treated: msg`Everybody else`,
};

/** What a variant is called: by the author, by us where it is a side of a holdout, else by its id. */
export function useVariantName(): (trial: TrialView, variant: string) => string {
  const { t } = useLingui();
  return ({ kind, variants }, variant) => {
    const words = kind === "holdout" ? OF_HOLDOUTS[variant] : undefined;
    return words === undefined ? (variants.find(({ id }) => id === variant)?.name ?? variant) : t(words);
  };
}
