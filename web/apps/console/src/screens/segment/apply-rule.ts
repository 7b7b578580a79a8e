import { applyWatch, type ApplyResult, type ApplyStep, type ApplyWatchedBody } from "@perennial/api-admin";

import { lastOf } from "../../shell/long-work";

export interface Far {
  done: number;
  of: number;
}

/** Applies a rule to those inside a segment. Whoever leaves stops it; what was given by then stays. */
export function applyRule(segment: string) {
  return async (body: ApplyWatchedBody, signal: AbortSignal, onFar: (far: Far) => void): Promise<ApplyResult> => {
    const { response } = await applyWatch({ path: { id: segment }, body, parseAs: "stream", throwOnError: true, signal });
    return lastOf<ApplyStep, ApplyResult>(
      response,
      ({ result }) => result,
      ({ done, of }) => {
        onFar({ done: done ?? 0, of: of ?? 0 });
      },
    );
  };
}
