import { Text } from "@mantine/core";
import type { ReactNode } from "react";

import classes from "./empty-state.module.css";

export interface EmptyStateProps {
  icon: ReactNode;
  title: string;
  /** What will be here, and how it gets here. */
  children: ReactNode;
  action?: ReactNode;
}

/** Nothing here yet: says what will be here and how it gets here. */
export function EmptyState({ icon, title, children, action }: EmptyStateProps) {
  return (
    <div className={classes.empty}>
      <div className={classes.icon} aria-hidden>
        {icon}
      </div>
      <Text fw={600} ta="center">
        {title}
      </Text>
      <Text c="dimmed" ta="center" maw="48ch" size="sm" component="div">
        {children}
      </Text>
      {action}
    </div>
  );
}
