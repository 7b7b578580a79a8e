// Values of the API that a page shows as they are: a marketer is told `in words`, and reads no names of constants.
import { readFileSync } from "node:fs";

const SCHEMAS = ["../docs/reference/openapi.json", "../docs/reference/program.schema.json"];
/** What is written for engineers or shown as it was typed, and charts: the server has told them in the language of the record. */
const AS_WRITTEN = ".cm-editor, code, kbd, pre, script, style, svg, textarea";
/** What the shop of the record has named as the API names something else: a program, and a category of rewards. */
const NAMED = new Set(["codes", "everything"]);
/** Not every field lists its values in the schema. */
const CODED = /^[a-z]+(?:_[a-z]+)+$/;
const values = new Set(SCHEMAS.flatMap((file) => [...valuesOf(JSON.parse(readFileSync(file, "utf8")))]));

/** Every such value that somebody who does not speak English sees or is read, with where it stands. */
export function rawValues(document) {
  return shownIn(document)
    .filter(([text]) => (values.has(text) || CODED.test(text)) && !NAMED.has(text))
    .map(([text, node]) => `${text} (${wayTo(node)})`);
}

function* valuesOf(schema) {
  if (typeof schema !== "object" || schema === null) return;
  for (const value of [schema.const, ...(Array.isArray(schema.enum) ? schema.enum : [])]) {
    if (typeof value === "string") yield value;
  }
  for (const part of Object.values(schema)) yield* valuesOf(part);
}

function shownIn(document) {
  const shown = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement, textContent } = walker.currentNode;
    if (parentElement.closest(AS_WRITTEN) === null) shown.push([textContent.trim(), parentElement]);
  }
  for (const node of document.querySelectorAll("[aria-label], [title], [placeholder], input")) {
    if (node.closest(AS_WRITTEN) !== null) continue;
    for (const name of ["aria-label", "title", "placeholder"]) shown.push([node.getAttribute(name) ?? "", node]);
    if (node.type === "text" && node.readOnly) shown.push([node.value, node]);
  }
  return shown;
}

function wayTo(node) {
  const way = [];
  for (let at = node; at !== null && way.length < 4; at = at.parentElement) way.unshift(at.getAttribute("aria-label") ?? at.localName);
  return way.join(" > ");
}
