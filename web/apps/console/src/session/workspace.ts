import { useSuspenseQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";

import { sessionOptions, type Workspace } from "./session";

/** The workspace of the address, which every screen below it works in. */
export function useWorkspace(): Workspace {
  const { data } = useSuspenseQuery(sessionOptions);
  const { workspace: code } = useParams({ from: "/$workspace" });
  const found = data.workspaces.find((workspace) => workspace.code === code);
  if (found === undefined) throw new Error(`You have no access to a workspace "${code}".`);
  return found;
}
