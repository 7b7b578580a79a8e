import { isRecord } from "../program/records.ts";

/** As much of JSON Schema as the kinds of a program use. */
export interface Schema {
  $ref?: string;
  title?: string;
  description?: string;
  type?: string;
  enum?: readonly (string | number | null)[];
  anyOf?: readonly Schema[];
  properties?: Record<string, Schema>;
  required?: readonly string[];
  items?: Schema | false;
  prefixItems?: readonly Schema[];
  additionalProperties?: Schema | boolean;
  default?: unknown;
  pattern?: string;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  discriminator?: { propertyName: string; mapping: Record<string, string> };
  $defs?: Record<string, Schema>;
  /** Whether the number is an amount of money, in minor units. */
  "x-money"?: boolean;
  /** Whether the number is points of a wallet, in their smallest part. */
  "x-points"?: boolean;
  /** That depends on a field of the part or around it, or of the entry of a list that the number is named after. */
  "x-money-if"?: { field: string; in: readonly (string | null)[]; list?: string };
}

export type Definitions = Record<string, Schema>;

const AT = "#/$defs/";

/** The name of the definition that a schema refers to, also where nothing may stand instead. */
export function nameOf(schema: Schema): string | undefined {
  const { $ref } = whole(schema);
  return $ref?.startsWith(AT) === true ? $ref.slice(AT.length) : undefined;
}

/** A schema without the reference and without the `null` that may stand instead. */
export function resolved(schema: Schema, definitions: Definitions): Schema {
  const plain = whole(schema);
  const name = nameOf(plain);
  const found = name === undefined ? plain : { ...definitions[name], ...without(plain) };
  return found === plain || found.$ref === undefined ? found : resolved(found, definitions);
}

function without(schema: Schema): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== "$ref"));
}

function whole(schema: Schema): Schema {
  const choices = schema.anyOf?.filter((each) => each.type !== "null");
  const only = choices?.length === 1 ? choices[0] : undefined;
  return only ?? schema;
}

/** The kinds that may stand here, by their tag. */
export function kindsOf(schema: Schema, definitions: Definitions): Record<string, Schema> | undefined {
  const mapping = schema.discriminator?.mapping;
  if (mapping === undefined) return undefined;
  return Object.fromEntries(Object.entries(mapping).map(([tag, $ref]) => [tag, resolved({ $ref }, definitions)]));
}

/** The schema of the kind that a part has. */
export function shapeOf(schema: Schema, value: unknown, definitions: Definitions): Schema | undefined {
  const plain = resolved(schema, definitions);
  const kinds = kindsOf(plain, definitions);
  return kinds === undefined ? plain : kinds[isRecord(value) ? String(value.type) : ""];
}

/** The schema of one field or entry of a part. */
export function partOf(schema: Schema, value: unknown, key: string | number, definitions: Definitions): Schema {
  const { properties, items, additionalProperties } = shapeOf(schema, value, definitions) ?? {};
  const found = Array.isArray(value) ? items : (properties?.[key] ?? additionalProperties);
  return typeof found === "object" ? resolved(found, definitions) : {};
}

/** What a new part begins with: the fields that it must have. */
export function begun(schema: Schema, definitions: Definitions, tag?: string): unknown {
  const plain = resolved(schema, definitions);
  if (plain.default !== undefined && plain.default !== null) return plain.default;
  if (plain.enum !== undefined) return plain.enum[0];
  const kinds = kindsOf(plain, definitions);
  if (kinds !== undefined) {
    const chosen = tag ?? Object.keys(kinds)[0] ?? "";
    return { type: chosen, ...(begun({ ...kinds[chosen], default: undefined }, definitions) as object) };
  }
  switch (plain.type) {
    case "object":
      return Object.fromEntries(
        (plain.required ?? []).map((name) => [name, begun(plain.properties?.[name] ?? {}, definitions)]),
      );
    case "array":
      return [];
    case "integer":
      return Math.max(plain.minimum ?? 0, 1);
    case "boolean":
      return false;
    default:
      return plain.pattern?.includes("\\d") === true ? "1" : "";
  }
}
