import { useFormat } from "../i18n/format";
import { isRecord } from "../program/records";
import type { Plain } from "./conditions";
import type { Path } from "./document";
import { useWords } from "./field";
import { useForm } from "./form-context";
import { decimalsAt, isMoney } from "./money";
import { DEFINITIONS } from "./program-schema";
import { partOf, type Schema, shapeOf } from "./schema";

/** The fields that say most about an entry, in the order in which they are said. */
const SAID = ["points", "per", "percent", "by", "price", "value", "trigger", "times", "discount", "order_value", "every", "share", "starts", "ends", "target"];
const MOST = 5;
/** Factors and percentages have so many digits behind the point. */
const DIGITS = 4;

/** A part of an entry, with its schema and its place. */
interface Part {
  value: Plain;
  schema: Schema;
  path: Path;
}

/** What an entry says, in a few words: its figures by their names. */
export function useSummary(): (entry: Part) => string {
  const format = useFormat();
  const words = useWords();
  const { currency, document } = useForm();
  const said = (name: string, value: unknown, schema: Schema, path: Path): string | undefined => {
    if (typeof value === "number") {
      if (isMoney(schema, document, path)) return format.money(value, currency);
      return format.number(schema["x-points"] === true ? value / 10 ** decimalsAt(document, path) : value, Math.max(DIGITS, decimalsAt(document, path)));
    }
    return typeof value === "string" ? (name === "trigger" ? words.trigger(value) : words.value(value, name)) : undefined;
  };
  const figures = ({ value, schema, path }: Part): string[] =>
    SAID.flatMap((name) => {
      const figure = said(name, value[name], partOf(schema, value, name, DEFINITIONS), [...path, name]);
      return figure === undefined ? [] : [`${words.label(name, shapeOf(schema, value, DEFINITIONS)?.title)}: ${figure}`];
    });
  return (entry) => {
    const within = [below(entry, "multiplier"), below(entry, "schedule"), ...entriesOf(entry, "gives")].filter((each) => each !== undefined);
    const gifts = within.flatMap((each) => [...(typeof each.value.type === "string" ? [words.value(each.value.type)] : []), ...figures(each)]);
    return [...figures(entry), ...gifts].slice(0, MOST).join(" · ");
  };
}

function below({ value, schema, path }: Part, name: string): Part | undefined {
  const part = value[name];
  return isRecord(part) ? { value: part, schema: partOf(schema, value, name, DEFINITIONS), path: [...path, name] } : undefined;
}

function entriesOf({ value, schema, path }: Part, name: string): Part[] {
  const list: unknown = value[name];
  if (!Array.isArray(list)) return [];
  const items = partOf(partOf(schema, value, name, DEFINITIONS), list, 0, DEFINITIONS);
  return list.flatMap((each: unknown, place) => (isRecord(each) ? [{ value: each, schema: items, path: [...path, name, place] }] : []));
}
