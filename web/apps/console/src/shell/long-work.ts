import type { ProblemBody } from "@perennial/api-admin";

import { linesOf } from "./lines.ts";

/** One line of an answer that tells how far the server is. */
export interface WorkStep {
  type?: string;
  problem?: ProblemBody;
}

/** Hears every step of a long answer until one has the result; throws the problem of what cannot be. */
export async function lastOf<Step extends WorkStep, Result>(
  response: Response,
  resultOf: (step: Step) => Result | undefined,
  onProgress: (step: Step) => void,
): Promise<Result> {
  if (response.body === null) throw new Error("The answer has no body.");
  for await (const line of linesOf(response.body)) {
    const step = line as Step;
    if (step.type === "progress") onProgress(step);
    const result = resultOf(step);
    if (result !== undefined) return result;
    // A problem is thrown as the client throws it where the answer is one from the beginning.
    if (step.problem !== undefined) throw step.problem;
  }
  throw new Error("The answer ended before its result was there; nothing was done.");
}
