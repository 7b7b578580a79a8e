import { useIsFetching } from "@tanstack/react-query";
import { type RefObject, useEffect, useRef, useState } from "react";

/** How far outside of the window something is drawn already, so that whoever scrolls finds it there. */
const NEAR = "400px";
/** What counts as having nothing else to do where the browser does not tell. */
const IDLE_MS = 100;

/**
 * How many of so many things have had their turn: one more each time that nothing is on its way and the browser has
 * nothing else to do. What nobody has scrolled to is there all the same, for a search, a printer, or a reader of the page.
 */
export function useTurns(count: number): number {
  const [turns, setTurns] = useState(0);
  const idle = useIsFetching() === 0;
  useEffect(() => {
    if (!idle || turns >= count) return;
    return whenIdle(() => {
      setTurns(turns + 1);
    });
  }, [idle, turns, count]);
  return turns;
}

/** Whether an element has been near the window; it always has where the browser cannot tell. */
export function useNear(): [RefObject<HTMLDivElement | null>, boolean] {
  const place = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(!("IntersectionObserver" in window));
  useEffect(() => {
    if (near || place.current === null) return;
    const observer = new IntersectionObserver(
      (seen) => {
        if (seen.some(({ isIntersecting }) => isIntersecting)) setNear(true);
      },
      { rootMargin: NEAR },
    );
    observer.observe(place.current);
    return () => {
      observer.disconnect();
    };
  }, [near]);
  return [place, near];
}

function whenIdle(act: () => void): () => void {
  if ("requestIdleCallback" in window) {
    const waiting = requestIdleCallback(act);
    return () => {
      cancelIdleCallback(waiting);
    };
  }
  const waiting = setTimeout(act, IDLE_MS);
  return () => {
    clearTimeout(waiting);
  };
}
