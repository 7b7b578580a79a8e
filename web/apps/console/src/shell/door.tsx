import type { ReactNode } from "react";

import classes from "./door.module.css";
import { LanguageMenu } from "./language-menu";
import { Mark } from "./mark";
import { ThemeButton } from "./theme-button";

/** What those see who are not in yet. */
export function Door({ children, foot }: { children: ReactNode; foot?: ReactNode }) {
  return (
    <main className={classes.page}>
      <div className={classes.tools}>
        <LanguageMenu />
        <ThemeButton />
      </div>
      <div className={classes.card}>
        <div className={classes.brand}>
          <Mark size={44} />
          <span>Perennial</span>
        </div>
        {children}
      </div>
      {foot !== undefined && <p className={classes.foot}>{foot}</p>}
    </main>
  );
}
