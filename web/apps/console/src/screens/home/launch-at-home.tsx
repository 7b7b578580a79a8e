import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { launchGetOptions } from "@perennial/api-admin/queries";
import { Panel } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { useWorkspace } from "../../session/workspace";

/** As long as something is missing before launch: how much is left, and the way there. */
export function LaunchAtHome() {
  const { t } = useLingui();
  const { code: workspace } = useWorkspace();
  const { data } = useQuery(launchGetOptions());
  const left = Object.values(data ?? {}).filter((there) => !there).length;
  if (left === 0) return null;
  return (
    <Panel title={t`On the way to launch`}>
      <Plural value={left} one="# step is left on the way to launch." other="# steps are left on the way to launch." />{" "}
      <Link to="/$workspace/launch" params={{ workspace }}>
        <Trans>See the checklist</Trans>
      </Link>
    </Panel>
  );
}
