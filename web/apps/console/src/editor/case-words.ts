import { useLingui } from "@lingui/react/macro";

import { useFormat } from "../i18n/format";
import type { CasePlan, Deed, Expected } from "./case-plan";
import { calledIn, useForm } from "./form-context";

/** A test case as a sentence: who does what, and what must come of it. */
export function useCaseWords(): (plan: CasePlan) => string {
  const { t } = useLingui();
  const format = useFormat();
  const form = useForm();
  const { currency } = form;
  const points = (figures: Readonly<Record<string, number>>) =>
    format.list(Object.entries(figures).map(([wallet, number]) => t`${format.number(number)} ${calledIn(form, "wallet", wallet)}`));
  const amount = (lines: readonly { amount: number }[]) => format.money(lines.reduce((sum, line) => sum + line.amount, 0), currency);
  const who = ({ tier, holds, spent }: CasePlan) => {
    const member = tier === undefined ? t`A member` : t`A member in tier ${calledIn(form, "tiers", tier)}`;
    const had = [
      ...(spent === undefined ? [] : [t`bought for ${format.money(spent, currency)} a month before`]),
      ...(Object.keys(holds).length === 0 ? [] : [t`holds ${points(holds)}`]),
    ];
    return had.length === 0 ? member : t`${member} (${format.list(had)})`;
  };
  const does = (deed: Deed) => {
    switch (deed.kind) {
      case "buys":
        return t`buys for ${amount(deed.lines)}`;
      case "cart": {
        const used = [...deed.codes, ...deed.rewards.map((each) => calledIn(form, "reward", each))];
        return used.length === 0 ? t`has a cart of ${amount(deed.lines)}` : t`has a cart of ${amount(deed.lines)} with ${format.list(used)}`;
      }
      case "event":
        return t`reports ${deed.type}`;
      case "claims":
        return t`claims ${calledIn(form, "reward", deed.reward)}`;
    }
  };
  const must = ({ earned, balance, tier, refused, discount, total, messages }: Expected) => [
    ...(earned === undefined ? [] : [t`earns ${points(earned)}`]),
    ...(discount === undefined ? [] : [t`${format.money(discount, currency)} off`]),
    ...(total === undefined ? [] : [t`pays ${format.money(total, currency)}`]),
    ...(tier === undefined ? [] : [t`is then in tier ${calledIn(form, "tiers", tier)}`]),
    ...(balance === undefined ? [] : [t`has then ${points(balance)}`]),
    ...(refused === undefined ? [] : [t`is refused`]),
    ...(messages === undefined ? [] : messages.length === 0 ? [t`gets no message`] : [t`gets the message ${format.list(messages.map((each) => calledIn(form, "messages", each)))}`]),
  ];
  return (plan) => {
    const day = format.day(plan.day);
    const wanted = must(plan.expect);
    const deed = t`${who(plan)} ${does(plan.deed)} on ${format.dayOfWeek(plan.day)}, ${day}`;
    return wanted.length === 0 ? deed : t`${deed} → ${format.list(wanted)}`;
  };
}
