import { useFormat } from "../i18n/format";
import { isPlain, type Plain } from "./conditions";
import { useWords } from "./field";
import { isAmount } from "./field-words";
import { useForm } from "./form-context";

/** The fields that say most about an entry, in the order in which they are said. */
const SAID = ["points", "per", "percent", "by", "price", "value", "trigger", "times", "discount", "order_value", "every", "share", "starts", "ends", "target"];
const MOST = 5;

/** What an entry says, in a few words: its figures by their names. */
export function useSummary(): (value: Plain) => string {
  const format = useFormat();
  const words = useWords();
  const { currency } = useForm();
  const said = (name: string, value: unknown, kind: unknown): string | undefined => {
    if (typeof value === "number") return isAmount(name, kind) ? format.money(value, currency) : format.number(value);
    return typeof value === "string" ? words.value(value) : undefined;
  };
  const parts = (value: Plain): string[] =>
    SAID.flatMap((name) => {
      const figure = said(name, value[name], value.type);
      return figure === undefined ? [] : [`${words.label(name)}: ${name === "trigger" ? String(value[name]) : figure}`];
    });
  return (value) => {
    const within = [value.multiplier, value.schedule, ...(Array.isArray(value.gives) ? value.gives : [])].filter(isPlain);
    const gifts = within.flatMap((each) => [...(typeof each.type === "string" ? [words.value(each.type)] : []), ...parts(each)]);
    return [...parts(value), ...gifts].slice(0, MOST).join(" · ");
  };
}
