import { batchWatch, type BatchBody, type BatchStep, type BatchView } from "@perennial/api-admin";

import { linesOf } from "../shell/lines";

/** Makes or imports a batch and hears how far it is; throws the problem of what cannot be. */
export async function makeCodes(body: BatchBody, signal: AbortSignal, onProgress: (made: number) => void): Promise<BatchView> {
  const { response } = await batchWatch({ body, parseAs: "stream", throwOnError: true, signal });
  if (response.body === null) throw new Error("The answer has no body.");
  for await (const line of linesOf(response.body)) {
    const step = line as BatchStep;
    if (step.type === "progress") onProgress(step.made ?? 0);
    if (step.batch !== undefined) return step.batch;
    // A problem is thrown as the client throws it where the answer is one from the beginning.
    if (step.problem !== undefined) throw step.problem;
  }
  throw new Error("The answer ended before the codes were there; nothing was made.");
}
