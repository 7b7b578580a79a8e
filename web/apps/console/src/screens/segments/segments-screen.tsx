import { Trans, useLingui } from "@lingui/react/macro";
import type { SegmentView } from "@perennial/api-admin";
import { segmentListOptions } from "@perennial/api-admin/queries";
import { Badge, type Column, DataTable, EmptyState, Page, Panel, Stack } from "@perennial/ui";
import { IconTarget } from "@perennial/ui/icons";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { useFormat } from "../../i18n/format";
import { useMay } from "../../session/may";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { Templates } from "./templates";

/** Every group of customers, and the ready-made ones to begin with. */
export function SegmentsScreen() {
  const { t } = useLingui();
  const columns = useColumns();
  const may = useMay("programs");
  const segments = useQuery(segmentListOptions());
  return (
    <Page title={t`Segments`} intro={t`Groups of customers that keep themselves: who meets the condition is in, from the very moment on.`}>
      <Stack gap="lg">
        <Panel title={t`All segments`} flush>
          <Answer query={segments}>
            {({ data }) =>
              data.length === 0 ? (
                <EmptyState icon={<IconTarget size={26} />} title={t`No segment yet`}>
                  <Trans>Begin with a ready-made one below: you see how many customers it has before you save it.</Trans>
                </EmptyState>
              ) : (
                <DataTable label={t`All segments`} columns={columns} rows={data} keyOf={(row) => row.id} />
              )
            }
          </Answer>
        </Panel>
        {may && <Templates />}
      </Stack>
    </Page>
  );
}

function useColumns(): Column<SegmentView>[] {
  const { t } = useLingui();
  const format = useFormat();
  const { code: workspace } = useWorkspace();
  return [
    {
      id: "name",
      title: t`Segment`,
      cell: ({ id, name }) => (
        <Link to="/$workspace/segments/$segment" params={{ workspace, segment: id }}>
          <bdi>{name}</bdi>
        </Link>
      ),
    },
    {
      id: "kind",
      title: t`Kind`,
      cell: ({ live, filled }) => (
        <Badge tone={!filled ? "warn" : live ? "good" : "plain"}>{!filled ? <Trans>Being filled</Trans> : live ? <Trans context="segment">Live</Trans> : <Trans>List</Trans>}</Badge>
      ),
    },
    { id: "size", title: t`Customers`, numeric: true, cell: ({ size }) => format.number(size) },
    { id: "since", title: t`Defined`, cell: ({ published_at: at }) => format.date(at) },
  ];
}
