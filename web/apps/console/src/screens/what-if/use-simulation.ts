import { programSimulate, type SimulateBody, type SimulationResult, type SimulationStep } from "@perennial/api-admin";
import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";

import { linesOf } from "../../shell/lines";
import { type Told, toldBy } from "../../shell/problem";

export interface Far {
  people: number;
  of: number;
  /** Those who share a budget are played once more, in the order of time. */
  ordering: boolean;
}

export interface Simulation {
  run: (body: SimulateBody) => void;
  /** How far it is, while it runs. */
  far: Far | undefined;
  cancel: () => void;
  result: SimulationResult | undefined;
  problem: Told | undefined;
}

const BEGINNING: Far = { people: 0, of: 0, ordering: false };

/** Plays the past again and tells how far it is; cancelling ends the work on the server too. */
export function useSimulation(program: string): Simulation {
  const [far, setFar] = useState(BEGINNING);
  const control = useRef<AbortController>(null);
  const mutation = useMutation({
    mutationFn: (body: SimulateBody) => {
      control.current = new AbortController();
      setFar(BEGINNING);
      return simulate(program, body, control.current.signal, setFar);
    },
  });
  const stopped = mutation.error instanceof DOMException && mutation.error.name === "AbortError";
  return {
    run: mutation.mutate,
    far: mutation.isPending ? far : undefined,
    cancel: () => {
      control.current?.abort();
    },
    result: mutation.data,
    problem: mutation.isError && !stopped ? toldBy(mutation.error) : undefined,
  };
}

async function simulate(
  program: string,
  body: SimulateBody,
  signal: AbortSignal,
  onFar: (far: Far) => void,
): Promise<SimulationResult> {
  const { response } = await programSimulate({ path: { id: program }, body, parseAs: "stream", throwOnError: true, signal });
  if (response.body === null) throw new Error("The answer has no body.");
  for await (const line of linesOf(response.body)) {
    const step = line as SimulationStep;
    if (step.type === "progress") onFar({ people: step.people ?? 0, of: step.of_people ?? 0, ordering: step.ordering === true });
    if (step.result !== undefined) return step.result;
    // A problem is thrown as the client throws it where the answer is one from the beginning.
    if (step.problem !== undefined) throw step.problem;
  }
  throw new Error("The answer ended before the result was there; nothing was changed.");
}
