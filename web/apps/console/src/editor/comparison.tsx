import { useLingui } from "@lingui/react/macro";
import type { FactEntry } from "@perennial/api-admin";
import { Select } from "@perennial/ui";

import { useSaid } from "../i18n/said";
import { OPERATOR_WORDS, SOURCE_WORDS } from "./condition-words";
import { comparedBy, type Operator, operatorOf, type Plain, typeOf } from "./conditions";
import { SEGMENTS, useAsking } from "./facts";
import { Operand } from "./operand";
import { factsAt, type Place } from "./places";

const LISTS: readonly Operator[] = ["in", "not_in"];
const NUMBERS: readonly Operator[] = ["is", "more_than", "at_least", "less_than", "at_most", "between"];
const SAME: readonly Operator[] = ["is", "is_not"];

export interface PartProps {
  node: Plain;
  place: Place;
  trigger: string;
  onChange: (node: Plain) => void;
}

/** A fact, how it is compared, and with what. */
export function FactPart({ node, place, trigger, onChange }: PartProps) {
  const { t } = useLingui();
  const said = useSaid();
  const { facts } = useAsking();
  const offered = factsAt(facts, place, trigger);
  const name = String(node.fact);
  const fact = facts.find((each) => each.name === name);
  const groups = [...new Set(offered.map(({ source }) => source))].map((source) => ({
    group: said(SOURCE_WORDS, source),
    items: offered.filter((each) => each.source === source).map((each) => ({ value: each.name, label: each.label })),
  }));
  const listed = offered.some((each) => each.name === name);
  const other = { group: "–", items: [{ value: name, label: fact?.label ?? name }] };
  return (
    <>
      <Select
        aria-label={t`What is asked`}
        size="sm"
        w="15rem"
        searchable
        allowDeselect={false}
        data={listed ? groups : [...groups, other]}
        value={name}
        onChange={(chosen) => {
          const next = offered.find((each) => each.name === chosen);
          if (next !== undefined && chosen !== name) onChange(asked(next));
        }}
      />
      <Compared
        node={node}
        type={fact?.type ?? typeOf(node[operatorOf(node)])}
        money={fact?.money ?? false}
        operators={fact?.operators ?? []}
        fact={fact}
        onChange={onChange}
      />
    </>
  );
}

/** The first question that a fact suggests. */
export function asked(fact: FactEntry): Plain {
  const { operators = [] } = fact;
  const operator = (fact.type === "integer" && operators.includes("at_least") ? "at_least" : (operators[0] ?? "is")) as Operator;
  return { fact: fact.name, [operator]: operandFor(operator, fact.type, fact.values[0]) };
}

function operandFor(operator: Operator, type: string, first?: string): unknown {
  if (operator === "exists" || type === "boolean") return true;
  const one = first ?? (type === "integer" ? 1 : type === "date" ? "2027-01-01" : type === "time" ? "09:00" : "");
  if (operator === "between") return [one, one];
  if (operator === "within") return ["0,0", 1_000];
  return LISTS.includes(operator) ? [one] : one;
}

export interface ComparedProps {
  node: Plain;
  type: string;
  money: boolean;
  operators: readonly string[];
  fact?: FactEntry;
  onChange: (node: Plain) => void;
}

/** The operator and the operand of a part. */
export function Compared({ node, type, money, operators, fact, onChange }: ComparedProps) {
  const { t } = useLingui();
  const said = useSaid();
  const { segments } = useAsking();
  const operator = operatorOf(node);
  const offered = operators.length > 0 ? operators : type === "integer" ? NUMBERS : SAME;
  const all = offered.includes(operator) ? offered : [...offered, operator];
  const values = fact?.values.map((value, place) => ({ value, label: fact.value_labels?.[place] ?? value })) ?? [];
  return (
    <>
      <Select
        aria-label={t`How it is compared`}
        size="sm"
        w="10rem"
        allowDeselect={false}
        data={all.map((each) => ({ value: each, label: said(OPERATOR_WORDS, each) }))}
        value={operator}
        onChange={(chosen) => {
          if (chosen === null || chosen === operator) return;
          const next = chosen as Operator;
          onChange(comparedBy(node, next, carried(node[operator], operator, next, type, values[0]?.value)));
        }}
      />
      <Operand
        type={type}
        money={money}
        operator={operator}
        value={node[operator]}
        choices={fact?.name === SEGMENTS ? segments : values}
        onChange={(value) => {
          onChange(comparedBy(node, operator, value));
        }}
      />
    </>
  );
}

/** The operand under another operator: kept where it still fits. */
function carried(value: unknown, from: Operator, to: Operator, type: string, first?: string): unknown {
  if (to === "exists" || from === "exists" || to === "within" || from === "within") return operandFor(to, type, first);
  const one: unknown = Array.isArray(value) ? value[0] : value;
  if (LISTS.includes(to)) return Array.isArray(value) ? value : [value];
  return to === "between" ? [one, one] : one;
}
