import { Trans, useLingui } from "@lingui/react/macro";
import type { TrialView } from "@perennial/api-admin";
import { Alert } from "@perennial/ui";
import { IconInfoCircle } from "@perennial/ui/icons";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { useProgramName } from "../../program/use-program-name";
import { useWorkspace } from "../../session/workspace";
import { draftedOptions } from "./drafted";
import classes from "./experiments.module.css";

/** Experiments that wait in a draft for its publication. */
export function InDrafts({ programs, published }: { programs: readonly string[]; published: readonly TrialView[] }) {
  const { t } = useLingui();
  const { code: workspace } = useWorkspace();
  const nameOf = useProgramName();
  const drafted = useQuery({ ...draftedOptions(programs), enabled: programs.length > 0 }).data ?? [];
  const runs = (program: string, id: string) => published.some((each) => each.program === program && each.id === id && each.state !== "removed");
  const waiting = drafted.filter(({ program, id }) => !runs(program, id));
  if (waiting.length === 0) return null;
  return (
    <Alert variant="default" icon={<IconInfoCircle size={18} aria-hidden />} title={t`Not published yet`}>
      <ul className={classes.waiting}>
        {waiting.map(({ program, id, name }) => (
          <li key={`${program}/${id}`}>
            <bdi>{name}</bdi>:{" "}
            <Link to="/$workspace/programs/$program" params={{ workspace, program }}>
              <Trans>see the draft of {nameOf(program)} and publish it</Trans>
            </Link>
          </li>
        ))}
      </ul>
    </Alert>
  );
}
