import { Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

import classes from "./page.module.css";

export interface PageProps {
  title: ReactNode;
  intro?: ReactNode;
  /** Where this page hangs: links to what is above it. */
  trail?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** The frame of every screen: where we are, what it is for, what can be done, and the rest. */
export function Page({ title, intro, trail, actions, children }: PageProps) {
  return (
    <Stack gap="lg" className={classes.page}>
      <header className={classes.head}>
        <div className={classes.words}>
          {trail !== undefined && <div className={classes.trail}>{trail}</div>}
          <Title order={1}>{title}</Title>
          {intro !== undefined && (
            <Text c="dimmed" mt={4} maw="65ch" component="div">
              {intro}
            </Text>
          )}
        </div>
        {actions !== undefined && <div className={classes.actions}>{actions}</div>}
      </header>
      {children}
    </Stack>
  );
}
