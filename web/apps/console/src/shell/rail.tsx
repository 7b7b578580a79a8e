import { useLingui } from "@lingui/react/macro";
import { ActionIcon } from "@perennial/ui";
import { IconX } from "@perennial/ui/icons";
import { Link } from "@tanstack/react-router";

import type { Place } from "../navigation";
import { useWorkspace } from "../session/workspace";
import { Mark } from "./mark";
import classes from "./rail.module.css";
import { usePlaces } from "./use-places";
import { WorkspaceMenu } from "./workspace-menu";

/** The places of the console, by what they are about. */
export function Rail({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const groups = usePlaces();
  return (
    <div className={classes.rail}>
      <div className={classes.head}>
        <Mark />
        <span className={classes.name}>Perennial</span>
        <ActionIcon hiddenFrom="md" variant="transparent" className={classes.close} onClick={onClose} aria-label={t`Close the menu`}>
          <IconX size={20} aria-hidden />
        </ActionIcon>
      </div>
      <WorkspaceMenu />
      <div className={classes.places}>
        {groups.map((group) => (
          <div key={group.id} role="group" aria-label={group.label === undefined ? undefined : t(group.label)}>
            {group.label !== undefined && (
              <div className={classes.group} aria-hidden>
                {t(group.label)}
              </div>
            )}
            {group.places.map((place) => (
              <PlaceLink key={place.to} place={place} />
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

function PlaceLink({ place }: { place: Place }) {
  const { t } = useLingui();
  const workspace = useWorkspace();
  const Icon = place.icon;
  return (
    <Link
      to={place.to}
      params={{ workspace: workspace.code }}
      activeOptions={{ exact: place.to === "/$workspace" }}
      className={classes.place}
    >
      <Icon size={19} stroke={1.7} aria-hidden />
      {t(place.label)}
    </Link>
  );
}
