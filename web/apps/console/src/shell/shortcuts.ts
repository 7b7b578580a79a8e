import { useHotkeys } from "@perennial/ui";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

import { useWorkspace } from "../session/workspace";
import { openPalette } from "./palette-store";
import { usePlaces } from "./use-places";

const PATIENCE_MS = 1_200;

/** Ctrl K or / opens the palette; G and then the key of a place goes there. */
export function useShortcuts(): void {
  const workspace = useWorkspace();
  const navigate = useNavigate();
  const groups = usePlaces();
  const pressedAt = useRef(0);
  useHotkeys([
    ["mod+K", openPalette],
    ["/", openPalette],
  ]);
  useEffect(() => {
    function listen(event: KeyboardEvent) {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.key === "g") {
        pressedAt.current = event.timeStamp;
        return;
      }
      if (event.timeStamp - pressedAt.current > PATIENCE_MS) return;
      pressedAt.current = 0;
      const place = groups.flatMap((group) => group.places).find((each) => each.key === event.key);
      if (place !== undefined) void navigate({ to: place.to, params: { workspace: workspace.code } });
    }
    window.addEventListener("keydown", listen);
    return () => {
      window.removeEventListener("keydown", listen);
    };
  }, [navigate, groups, workspace.code]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
