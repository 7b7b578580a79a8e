import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { useLingui } from "@lingui/react/macro";
import { Badge, type Tone } from "@perennial/ui";

const STATES: Partial<Record<string, { words: MessageDescriptor; tone: Tone }>> = {
  issued: { words: msg`Ready to use`, tone: "good" },
  not_started: { words: msg`Not valid yet`, tone: "info" },
  expired: { words: msg`Expired`, tone: "plain" },
  used_up: { words: msg`Used up`, tone: "plain" },
  voided: { words: msg`Taken back`, tone: "bad" },
};

/** What a code is good for now, in a word. */
export function VoucherState({ state }: { state: string }) {
  const { t } = useLingui();
  const known = STATES[state];
  return <Badge tone={known?.tone ?? "info"}>{known === undefined ? state : t(known.words)}</Badge>;
}
