import { useState } from "react";

export interface Ask<What> {
  id: string;
  what: What;
  /** Whether it was sent and waits for its answer, out of sight. */
  away: boolean;
}

/**
 * What somebody has asked for, each with an id of its own: what is on its way closes nothing but itself, and who asks
 * for the same in the meantime gets another one. In front is the last that is not away.
 */
export function useAsks<What>() {
  const [asks, setAsks] = useState<readonly Ask<What>[]>([]);
  const setAway = (id: string, away: boolean) => {
    setAsks((all) => all.map((each) => (each.id === id ? { ...each, away } : each)));
  };
  return {
    asks,
    front: asks.findLast((each) => !each.away)?.id,
    ask: (what: What) => {
      setAsks((all) => [...all, { id: crypto.randomUUID(), what, away: false }]);
    },
    send: (id: string) => {
      setAway(id, true);
    },
    /** It was refused: it comes back, as it was. */
    bringBack: (id: string) => {
      setAway(id, false);
    },
    close: (id: string) => {
      setAsks((all) => all.filter((each) => each.id !== id));
    },
  };
}
