import { useLingui } from "@lingui/react/macro";
import type { Uncarried } from "@perennial/api-admin";

import { useFormat } from "../../i18n/format";
import { isRecord } from "../../program/records";
import { subjectOf } from "./consent-words";

type Step = Record<string, unknown>;

/** Says what people call a part of the program. */
export type Called = (id: string) => string;

/** Says in a line what happens in a step of a case. */
export function useStepWords(currency: string, called: Called): (step: Step) => string {
  const { t } = useLingui();
  const format = useFormat();
  const money = (lines: unknown) => {
    const amounts = Array.isArray(lines) ? lines.filter(isRecord).map(({ amount, discount }) => Number(amount) - Number(discount ?? 0)) : [];
    return format.money(amounts.reduce((sum, each) => sum + each, 0), currency);
  };
  const named = (values: unknown) =>
    format.list(Object.entries(isRecord(values) ? values : {}).map(([name, value]) => `${name} = ${isRecord(value) ? String(value.value) : String(value)}`));
  return (step) => {
    const { order, adjust, attributes, consents, facts, locations, import: imported, switch: switched, block } = step;
    if (isRecord(order)) return t`The member buys for ${money(order.lines)}`;
    if (step.join === true) return t`The member joins`;
    if (typeof step.assign_tier === "string") return t`The member is put into tier ${called(step.assign_tier)}`;
    if (isRecord(adjust)) return t`The balance changes by ${format.change(Number(adjust.points))}`;
    if (attributes !== undefined) return t`Of the member is known: ${named(attributes)}`;
    if (Array.isArray(consents)) return t`The member has consented to: ${format.list(consents.map((each) => subjectOf(t, String(each))))}`;
    if (facts !== undefined) return t`From outside comes: ${named(facts)}`;
    if (isRecord(locations)) return t`Of the location is known: ${named(Object.values(locations)[0])}`;
    if (isRecord(imported)) return t`The member is in segment ${String(imported.segment)}`;
    if (isRecord(switched) && isRecord(switched.off)) return t`Switched off: ${called(String(switched.off.id ?? switched.off.kind))}`;
    return block === undefined ? t`Time passes` : t`The member is blocked`;
  };
}

/** What of the state is of a part of the program; the rest is of the workspace, or of the member. */
const OF_PROGRAM = new Set<Uncarried["state"]>(["budget", "challenge", "experiment", "limit", "switch", "wallet"]);

/** Says in a line which part of the state a case does not begin with. */
export function useUncarriedWords(called: Called): (part: Uncarried) => string {
  const { t } = useLingui();
  const format = useFormat();
  const value = (given: Uncarried["was"]) => {
    if (typeof given === "number") return format.number(given);
    if (typeof given === "boolean") return given ? t`yes` : t`no`;
    return given ?? t`nothing`;
  };
  const kind = ({ state, id }: Uncarried) => {
    const name = OF_PROGRAM.has(state) ? called(id ?? "") : (id ?? "");
    switch (state) {
      case "attribute":
        return t`Attribute ${name}`;
      case "block":
        return t`Block of the member`;
      case "budget":
        return t`Used by all members of ${name}`;
      case "challenge":
        return t`Challenge ${name}`;
      case "codes":
        return t`Codes that were entered`;
      case "earlier_orders":
        return t`Earlier orders`;
      case "experiment":
        return t`Variant in ${name}`;
      case "history":
        return t`Figure of the past: ${name}`;
      case "household":
        return t`People in the household ${name}`;
      case "joined":
        return t`Whether the member had joined`;
      case "limit":
        return t`Used of the limit ${name}`;
      case "location":
        return t`Location: ${name}`;
      case "segment":
        return t`Segment ${name}`;
      case "switch":
        return t`Switch ${name}`;
      case "tier":
        return t`Tier before the order`;
      case "wallet":
        return t`Points: ${name}`;
    }
  };
  return (part) => (part.was == null && part.in_case == null ? kind(part) : t`${kind(part)} (was ${value(part.was)}, is ${value(part.in_case)} in the case)`);
}
