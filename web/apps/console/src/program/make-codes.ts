import { batchWatch, type BatchBody, type BatchStep, type BatchView } from "@perennial/api-admin";

import { lastOf } from "../shell/long-work";

/** Makes or imports a batch and hears how far it is; throws the problem of what cannot be. */
export async function makeCodes(body: BatchBody, signal: AbortSignal, onProgress: (made: number) => void): Promise<BatchView> {
  const { response } = await batchWatch({ body, parseAs: "stream", throwOnError: true, signal });
  return lastOf<BatchStep, BatchView>(
    response,
    ({ batch }) => batch,
    ({ made }) => {
      onProgress(made ?? 0);
    },
  );
}
