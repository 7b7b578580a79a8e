import type { Outcome, TrialResults } from "@perennial/api-admin";

import { useFormat, withSign } from "../../i18n/format";

const ORDER_DIGITS = 3;
const POINT_DIGITS = 1;

export interface OutcomeFormat {
  /** An average of a customer. */
  average: (value: number) => string;
  /** A difference of averages, with its sign. */
  difference: (value: number) => string;
}

/** How the averages of an outcome are written. */
export function useOutcomeFormat({ currency, point_decimals: decimals }: TrialResults): (outcome: Outcome) => OutcomeFormat {
  const format = useFormat();
  const writer = (outcome: Outcome): ((value: number) => string) => {
    switch (outcome) {
      case "orders":
        return (value) => format.number(value, ORDER_DIGITS);
      case "retention":
        return format.percent;
      case "points":
        return (value) => format.number(value / 10 ** decimals, Math.max(POINT_DIGITS, decimals));
      case "revenue":
      case "margin":
      case "profit":
        return (value) => format.money(value, currency);
    }
  };
  return (outcome) => {
    const average = writer(outcome);
    return { average, difference: (value) => withSign(average(value), value) };
  };
}
