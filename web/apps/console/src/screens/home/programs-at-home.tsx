import { Trans, useLingui } from "@lingui/react/macro";
import { programListOptions } from "@perennial/api-admin/queries";
import { Badge, EmptyState, Panel } from "@perennial/ui";
import { IconChevronRight, IconLeaf } from "@perennial/ui/icons";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { useFormat } from "../../i18n/format";
import { useMay } from "../../session/may";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { LinkButton } from "../../shell/link-button";
import classes from "./home.module.css";

/** The programs, each one click away. */
export function ProgramsAtHome() {
  const { t } = useLingui();
  const format = useFormat();
  const workspace = useWorkspace();
  const may = useMay("programs");
  const programs = useQuery(programListOptions());
  return (
    <Panel title={t`Programs`}>
      <Answer query={programs} lines={2}>
        {({ data }) =>
          data.length === 0 ? (
            <EmptyState
              icon={<IconLeaf size={26} />}
              title={t`No program yet`}
              action={
                may && (
                  <LinkButton to="/$workspace/begin" params={{ workspace: workspace.code }}>
                    <Trans>Begin with a template</Trans>
                  </LinkButton>
                )
              }
            >
              <Trans>A program says how members earn points and what they get for them. Write one, try it here, publish it.</Trans>
            </EmptyState>
          ) : (
            <ul className={classes.programs}>
              {data.map(({ program, name, version, created_at }) => (
                <li key={program}>
                  <Link to="/$workspace/programs/$program" params={{ workspace: workspace.code, program }} className={classes.program}>
                    <bdi className={classes.name}>{name}</bdi>
                    {version === null ? (
                      <Badge tone="warn">
                        <Trans>Draft only</Trans>
                      </Badge>
                    ) : (
                      <Badge tone="good">
                        <Trans>Version {format.number(version)}</Trans>
                      </Badge>
                    )}
                    <span className={classes.since}>
                      <Trans>since {format.date(created_at)}</Trans>
                    </span>
                    <IconChevronRight size={18} className={classes.arrow} aria-hidden />
                  </Link>
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
    </Panel>
  );
}
