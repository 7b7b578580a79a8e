import { Trans, useLingui } from "@lingui/react/macro";
import type { ProgramView } from "@perennial/api-admin";
import { programListOptions } from "@perennial/api-admin/queries";
import { Badge, type Column, DataTable, EmptyState, Page, Panel } from "@perennial/ui";
import { IconLeaf, IconPlus } from "@perennial/ui/icons";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { useFormat } from "../../i18n/format";
import { useMay } from "../../session/may";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { LinkButton } from "../../shell/link-button";

/** All programs of the workspace. */
export function ProgramsScreen() {
  const { t } = useLingui();
  const columns = useColumns();
  const may = useMay("programs");
  const { code: workspace } = useWorkspace();
  const programs = useQuery(programListOptions());
  return (
    <Page
      title={t`Programs`}
      intro={t`Each is one document: how members earn, what they reach, what they get. A published version never changes.`}
      actions={
        may && (
          <LinkButton to="/$workspace/begin" params={{ workspace }} leftSection={<IconPlus size={18} aria-hidden />}>
            <Trans>New program</Trans>
          </LinkButton>
        )
      }
    >
      <Panel flush>
        <Answer query={programs}>
          {({ data }) =>
            data.length === 0 ? (
              <EmptyState icon={<IconLeaf size={26} />} title={t`No program yet`}>
                <Trans>A program says how members earn points and what they get for them. Write one, try it here, publish it.</Trans>
              </EmptyState>
            ) : (
              <DataTable label={t`Programs`} columns={columns} rows={data} keyOf={(row) => row.program} />
            )
          }
        </Answer>
      </Panel>
    </Page>
  );
}

function useColumns(): Column<ProgramView>[] {
  const { t } = useLingui();
  const format = useFormat();
  const { code: workspace } = useWorkspace();
  return [
    {
      id: "program",
      title: t`Program`,
      cell: ({ program, name }) => (
        <Link to="/$workspace/programs/$program" params={{ workspace, program }}>
          <bdi>{name}</bdi>
        </Link>
      ),
    },
    {
      id: "version",
      title: t`State`,
      cell: ({ version }) =>
        version === null ? (
          <Badge tone="warn">
            <Trans>Draft only</Trans>
          </Badge>
        ) : (
          <Badge tone="good">
            <Trans>Version {format.number(version)} runs</Trans>
          </Badge>
        ),
    },
    { id: "revision", title: t`Draft revision`, numeric: true, cell: (row) => format.number(row.draft_revision) },
    { id: "created", title: t`Created`, cell: (row) => format.date(row.created_at) },
  ];
}
