import { isRecord } from "../../program/records.ts";

type Plain = Record<string, unknown>;

/** What a condition comes to once everybody has the same variant. */
class Settled {
  readonly holds: boolean;

  constructor(holds: boolean) {
    this.holds = holds;
  }
}

const NEVER = { any: [] };

/** Whether a condition holds for nobody. */
export function isNever(condition: unknown): boolean {
  return isRecord(condition) && Array.isArray(condition.any) && condition.any.length === 0;
}

/**
 * The document in which nothing asks for the variant of an experiment any more: what is true of everybody is not asked,
 * and what is true of nobody holds never.
 */
export function withKnownVariant(document: Plain, trial: string, variant: string): Plain {
  return settledFields(document, `experiment.${trial}`, variant);
}

function settledFields(record: Plain, fact: string, variant: string): Plain {
  return Object.fromEntries(
    Object.entries(record).flatMap(([name, part]) => {
      const now = settled(part, fact, variant);
      if (!(now instanceof Settled)) return [[name, now]];
      return now.holds ? [] : [[name, NEVER]];
    }),
  );
}

function settled(value: unknown, fact: string, variant: string): unknown {
  if (Array.isArray(value)) return value.map((each: unknown) => settled(each, fact, variant));
  if (!isRecord(value)) return value;
  if (value.fact === fact) {
    const holds = compared(value, variant);
    return holds === undefined ? value : new Settled(holds);
  }
  if (Array.isArray(value.all)) return joined(value.all, "all", fact, variant);
  if (Array.isArray(value.any)) return joined(value.any, "any", fact, variant);
  if (isRecord(value.not)) {
    const inner = settled(value.not, fact, variant);
    return inner instanceof Settled ? new Settled(!inner.holds) : { ...value, not: inner };
  }
  return settledFields(value, fact, variant);
}

function joined(parts: readonly unknown[], name: "all" | "any", fact: string, variant: string): unknown {
  const now = parts.map((part) => settled(part, fact, variant));
  const known = now.filter((part) => part instanceof Settled);
  const rest = now.filter((part) => !(part instanceof Settled));
  const idle = name === "all";
  if (known.some(({ holds }) => holds !== idle)) return new Settled(!idle);
  if (known.length === 0) return { [name]: rest };
  if (rest.length === 0) return new Settled(idle);
  return rest.length === 1 ? rest[0] : { [name]: rest };
}

/** Whether a comparison of the variant holds; nothing where it is compared in a way that has to be looked at. */
function compared(node: Plain, variant: string): boolean | undefined {
  if ("is" in node) return node.is === variant;
  if ("is_not" in node) return node.is_not !== variant;
  if (Array.isArray(node.in)) return node.in.includes(variant);
  if (Array.isArray(node.not_in)) return !node.not_in.includes(variant);
  return "exists" in node ? node.exists === true : undefined;
}
