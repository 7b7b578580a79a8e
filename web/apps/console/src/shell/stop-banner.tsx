import { Plural, Trans } from "@lingui/react/macro";
import { switchListOptions } from "@perennial/api-admin/queries";
import { IconPower } from "@perennial/ui/icons";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { useMay } from "../session/may";
import { useWorkspace } from "../session/workspace";
import classes from "./stop-banner.module.css";

const LOOK_AGAIN_MS = 20_000;

/** As long as anything is switched off, every screen says so. */
export function StopBanner() {
  const workspace = useWorkspace();
  const reads = useMay("read");
  const { data } = useQuery({ ...switchListOptions(), refetchInterval: LOOK_AGAIN_MS, enabled: reads });
  const off = (data?.data ?? []).filter((each) => each.off);
  if (off.length === 0) return null;
  const everything = off.some((each) => each.object.kind === "everything");
  return (
    <div className={classes.banner} role="status">
      <IconPower size={20} aria-hidden />
      <span className={classes.words}>
        {everything ? (
          <Trans>Everything is switched off: no points, no rewards, no codes until it goes on again.</Trans>
        ) : (
          <Plural value={off.length} one="# thing is switched off." other="# things are switched off." />
        )}
      </span>
      <Link to="/$workspace/switches" params={{ workspace: workspace.code }} className={classes.link}>
        <Trans>Look at the stop button</Trans>
      </Link>
    </div>
  );
}
