import { useHotkeys } from "@perennial/ui";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";

import { useWorkspace } from "../session/workspace";
import { Chord } from "./chord";
import { openPalette } from "./palette-store";
import { usePlaces } from "./use-places";

/** Ctrl K or / opens the palette; G and then the key of a place goes there. */
export function useShortcuts(): void {
  const workspace = useWorkspace();
  const navigate = useNavigate();
  const groups = usePlaces();
  const [chord] = useState(() => new Chord("g"));
  useHotkeys([
    ["mod+K", openPalette],
    ["/", openPalette],
  ]);
  useEffect(() => {
    function listen(event: KeyboardEvent) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1 || isTyping(event.target)) return;
      if (!chord.hear(event.key, event.timeStamp)) return;
      // The second key means a place, and nothing that it does by itself on the screen that is open.
      event.stopPropagation();
      event.preventDefault();
      const place = groups.flatMap((group) => group.places).find((each) => each.key === event.key);
      if (place !== undefined) void navigate({ to: place.to, params: { workspace: workspace.code } });
    }
    window.addEventListener("keydown", listen, true);
    return () => {
      window.removeEventListener("keydown", listen, true);
    };
  }, [chord, navigate, groups, workspace.code]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
