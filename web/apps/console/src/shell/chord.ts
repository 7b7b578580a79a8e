const PATIENCE_MS = 1_200;

/** Two keys, one after the other: `hear` says of each whether it ends what the first key began. */
export class Chord {
  readonly #first: string;
  #begun: number | undefined;

  constructor(first: string) {
    this.#first = first;
  }

  /** Whether a key that was pressed at this time, in milliseconds, is the second one; the first may be that too. */
  hear(key: string, at: number): boolean {
    const ends = this.#begun !== undefined && at - this.#begun <= PATIENCE_MS;
    this.#begun = !ends && key === this.#first ? at : undefined;
    return ends;
  }
}
