import text from "../../../../../docs/reference/program.schema.json?raw";
import type { Definitions, Schema } from "./schema";

const whole = JSON.parse(text) as Schema;

/** Every kind of part that a program may have, as the server describes them. */
export const DEFINITIONS: Definitions = whole.$defs ?? {};
export const PROGRAM: Schema = DEFINITIONS.Program ?? {};
