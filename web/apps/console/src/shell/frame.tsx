import { useLingui } from "@lingui/react/macro";
import { AppShell, useDisclosure } from "@perennial/ui";
import { useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect } from "react";

import { Allowed } from "./allowed";
import { Bar } from "./bar";
import classes from "./frame.module.css";
import { Rail } from "./rail";
import { useShortcuts } from "./shortcuts";
import { StopBanner } from "./stop-banner";

const RAIL_PX = 244;

/** Comes a moment after the rest: nobody looks for anything by name before they see where they are. */
const Palette = lazy(() => import("./palette"));

/** What stands around every screen: places, workspace, search, account, and what is switched off. */
export function Frame() {
  const { t } = useLingui();
  const [open, { toggle, close }] = useDisclosure(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useShortcuts();
  useEffect(close, [path, close]);
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: RAIL_PX, breakpoint: "md", collapsed: { mobile: !open } }}
      layout="alt"
      padding={{ base: "md", md: "xl" }}
    >
      <a href="#content" className={classes.skip}>
        {t`Skip to the content`}
      </a>
      <AppShell.Header className={classes.header}>
        <Bar railOpen={open} onRail={toggle} />
      </AppShell.Header>
      <AppShell.Navbar className={classes.rail} aria-label={t`Places`}>
        <Rail onClose={close} />
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} className={classes.main}>
        <StopBanner />
        <Allowed />
      </AppShell.Main>
      <Suspense fallback={null}>
        <Palette />
      </Suspense>
    </AppShell>
  );
}
