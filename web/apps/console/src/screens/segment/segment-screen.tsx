import { Trans, useLingui } from "@lingui/react/macro";
import type { SegmentView } from "@perennial/api-admin";
import { segmentGetOptions } from "@perennial/api-admin/queries";
import { Badge, Facts, Page, Panel, Stack } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { useFormat } from "../../i18n/format";
import { useMay } from "../../session/may";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { Inside } from "./inside";
import { Members } from "./members";
import { OverTime } from "./over-time";
import { segmentRoute } from "./route";

const FILLING_MS = 1_000;

/** One segment: how many are in it, how that came about, and who they are. */
export function SegmentScreen() {
  const { segment } = segmentRoute.useParams();
  const { code: workspace } = useWorkspace();
  const query = useQuery({
    ...segmentGetOptions({ path: { id: segment } }),
    refetchInterval: ({ state }) => (state.data?.filled === false ? FILLING_MS : false),
  });
  return (
    <Page
      title={<bdi>{query.data?.name ?? segment}</bdi>}
      intro={query.data?.description ?? undefined}
      trail={
        <Link to="/$workspace/segments" params={{ workspace }}>
          <Trans>Segments</Trans>
        </Link>
      }
    >
      <Answer query={query}>
        {(view) => (
          <Stack gap="lg">
            <Standing segment={view} />
            <Rules segment={view} />
            <OverTime key={`days/${String(view.filled)}`} segment={segment} />
            <Members segment={view} />
          </Stack>
        )}
      </Answer>
    </Page>
  );
}

/** For whoever may change programs, where there is a rule. */
function Rules({ segment: { id, filled, size, rules = [] } }: { segment: SegmentView }) {
  const may = useMay("programs");
  const [first, ...others] = rules;
  if (!may || first === undefined || !filled || size === 0) return null;
  return <Inside segment={id} size={size} rules={[first, ...others]} />;
}

function Standing({ segment }: { segment: SegmentView }) {
  const { t } = useLingui();
  const format = useFormat();
  return (
    <Panel>
      <Facts
        facts={[
          { label: t`Customers`, value: format.number(segment.size) },
          { label: t`Kind`, value: <Kind segment={segment} /> },
          { label: t`Version`, value: format.number(segment.version) },
          { label: t`Defined`, value: format.moment(segment.published_at) },
        ]}
      />
    </Panel>
  );
}

function Kind({ segment: { live, filled } }: { segment: SegmentView }) {
  if (!filled) {
    return (
      <Badge tone="warn">
        <Trans>Being filled</Trans>
      </Badge>
    );
  }
  return live ? (
    <Badge tone="good">
      <Trans context="segment">Live</Trans>
    </Badge>
  ) : (
    <Badge>
      <Trans>List</Trans>
    </Badge>
  );
}
