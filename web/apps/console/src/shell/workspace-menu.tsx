import { Trans } from "@lingui/react/macro";
import { Menu, UnstyledButton } from "@perennial/ui";
import { IconCheck, IconChevronDown } from "@perennial/ui/icons";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";

import { sessionOptions, type Workspace } from "../session/session";
import { useWorkspace } from "../session/workspace";
import classes from "./workspace-menu.module.css";

/** Which workspace this is and whether it is live, always in sight; and the way to the others. */
export function WorkspaceMenu() {
  const here = useWorkspace();
  const { data } = useSuspenseQuery(sessionOptions);
  const navigate = useNavigate();
  return (
    <Menu width="target" position="bottom-start" withinPortal>
      <Menu.Target>
        <UnstyledButton className={classes.target}>
          <span className={classes.name}>{here.name}</span>
          <Kind workspace={here} />
          <IconChevronDown size={16} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Trans>Workspaces</Trans>
        </Menu.Label>
        {data.workspaces.map((workspace) => (
          <Menu.Item
            key={workspace.code}
            rightSection={workspace.code === here.code ? <IconCheck size={16} aria-hidden /> : <Kind workspace={workspace} />}
            onClick={() => {
              void navigate({ to: "/$workspace", params: { workspace: workspace.code } });
            }}
          >
            {workspace.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Whether real members feel what is done here. */
export function Kind({ workspace }: { workspace: Workspace }) {
  return (
    <span className={classes.kind} data-live={workspace.sandbox ? undefined : true}>
      {workspace.sandbox ? <Trans>Sandbox</Trans> : <Trans>Live</Trans>}
    </span>
  );
}
