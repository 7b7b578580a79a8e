import { createContext, use } from "react";

import type { Plain } from "./conditions";
import type { Path } from "./document";

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
  names: Record<string, readonly string[]>;
}

export const FormContext = createContext<Form>({ document: {}, currency: "USD", zone: "UTC", readOnly: false, problems: [], names: {} });

export function useForm(): Form {
  return use(FormContext);
}

/** What is wrong with exactly this field. */
export function problemAt(form: Form, path: Path): string | undefined {
  const key = path.join("/");
  return form.problems.find((each) => each.path.join("/") === key)?.words;
}

/** The id that the field of a path has on the page, to jump to. */
export function anchorOf(path: Path): string {
  return `field-${path.join("-").replace(/[^\w-]/g, "_")}`;
}
