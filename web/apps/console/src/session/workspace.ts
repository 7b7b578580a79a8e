import { useSuspenseQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";

import { sessionOptions, type Workspace } from "./session";

/** The sandbox that belongs to a live workspace, or the other way round: the one of the same name, if there is one. */
export function counterpart(here: Workspace, all: readonly Workspace[]): Workspace | undefined {
  const others = all.filter(({ sandbox }) => sandbox !== here.sandbox);
  return others.find(({ name }) => name === here.name) ?? others[0];
}

/** The workspace of the address, which every screen below it works in. */
export function useWorkspace(): Workspace {
  const { data } = useSuspenseQuery(sessionOptions);
  const { workspace: code } = useParams({ from: "/$workspace" });
  const found = data.workspaces.find((workspace) => workspace.code === code);
  if (found === undefined) throw new Error(`You have no access to a workspace "${code}".`);
  return found;
}
