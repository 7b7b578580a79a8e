import { Trans } from "@lingui/react/macro";
import type { DemoStep } from "@perennial/api-admin";

import { useFormat } from "../../i18n/format";

/** What somebody does in a story, as a sentence. */
export function DeedWords({ step, currency }: { step: DemoStep; currency: string }) {
  const format = useFormat();
  const who = nameOf(step.customer);
  const amount = format.money(step.amount ?? 0, currency);
  const toPay = format.money(step.to_pay ?? 0, currency);
  const what = step.subject ?? "";
  const friend = nameOf(what);
  switch (step.deed) {
    case "order":
      return <Trans>{who} buys for {amount}</Trans>;
    case "return":
      return <Trans>{who} gives an order back</Trans>;
    case "join":
      return <Trans>{who} joins</Trans>;
    case "claim":
      return <Trans>{who} claims: {what}</Trans>;
    case "event":
      return <Trans>Of {who} is reported: {what}</Trans>;
    case "refer":
      return <Trans>{who} recommends the shop to {friend}</Trans>;
    case "quote":
      return <Trans>{who} looks at a cart of {amount}: {toPay} would be left to pay</Trans>;
    case "hold":
    case "redeem":
      return <Trans>{who} uses something on a cart of {amount} and pays {toPay}</Trans>;
    case "wait":
      return <Trans>Time passes for {who}</Trans>;
    default:
      return <Trans>Something else happens to {who}</Trans>;
  }
}

/** The made-up ids are names in small letters. */
export function nameOf(customer: string): string {
  return customer.slice(0, 1).toUpperCase() + customer.slice(1);
}
