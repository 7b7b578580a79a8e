import { createContext, use } from "react";

import type { Plain } from "./conditions";
import type { Path } from "./document";

/** Something that a field may name: what stands in the document, and what people call it. */
export interface Named {
  value: string;
  label: string;
}

interface Problem {
  path: Path;
  words: string;
}

/** What the fields of a form need to know of the whole. */
export interface Form {
  /** The document that the paths of the fields lead through. */
  document: Plain;
  currency: string;
  zone: string;
  readOnly: boolean;
  problems: readonly Problem[];
  /** What may be named, by the field that names it. */
  names: Record<string, readonly Named[]>;
}

export const FormContext = createContext<Form>({ document: {}, currency: "USD", zone: "UTC", readOnly: false, problems: [], names: {} });

export function useForm(): Form {
  return use(FormContext);
}

/** The short names of what may be named in a field. */
export function idsOf({ names }: Form, field: string): string[] {
  return (names[field] ?? []).map(({ value }) => value);
}

/** What people call something that may be named in a field; its id where it is not there any more. */
export function calledIn({ names }: Form, field: string, id: string): string {
  return names[field]?.find(({ value }) => value === id)?.label ?? id;
}

/** What explains a field stands below its input, so that the inputs of a row stand in a line. */
export const ORDER: ("label" | "input" | "description" | "error")[] = ["label", "input", "description", "error"];

/** What is wrong with exactly this field. */
export function problemAt(form: Form, path: Path): string | undefined {
  const key = path.join("/");
  return form.problems.find((each) => each.path.join("/") === key)?.words;
}

/** What is wrong with a field and everything in it. */
export function problemsWithin(form: Form, path: Path): string[] {
  return form.problems.filter((each) => path.every((part, at) => each.path[at] === part)).map(({ words }) => words);
}

/** The id that the field of a path has on the page, to jump to. */
export function anchorOf(path: Path): string {
  return `field-${path.join("-").replace(/[^\w-]/g, "_")}`;
}
