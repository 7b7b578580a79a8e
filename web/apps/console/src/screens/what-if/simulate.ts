import { programSimulate, type SimulateBody, type SimulationResult, type SimulationStep } from "@perennial/api-admin";

import { lastOf } from "../../shell/long-work";

export interface Far {
  people: number;
  of: number;
  /** Those who share a budget are played once more, in the order of time. */
  ordering: boolean;
}

export const BEGINNING: Far = { people: 0, of: 0, ordering: false };

/** Plays the past of a program again. */
export function simulate(program: string) {
  return async (body: SimulateBody, signal: AbortSignal, onFar: (far: Far) => void): Promise<SimulationResult> => {
    const { response } = await programSimulate({ path: { id: program }, body, parseAs: "stream", throwOnError: true, signal });
    return lastOf<SimulationStep, SimulationResult>(
      response,
      ({ result }) => result,
      ({ people, of_people: of, ordering }) => {
        onFar({ people: people ?? 0, of: of ?? 0, ordering: ordering === true });
      },
    );
  };
}
