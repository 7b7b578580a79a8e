import { Trans, useLingui } from "@lingui/react/macro";
import { programListOptions, segmentTemplatesOptions } from "@perennial/api-admin/queries";
import { Loading, Page } from "@perennial/ui";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";

import { useSpoken } from "../../i18n/spoken";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { newSegmentRoute } from "./route";

const SegmentForm = lazy(() => import("./segment-form"));

/** A segment from a ready-made one or from nothing: looked at first, saved then. */
export function NewSegmentScreen() {
  const { t } = useLingui();
  const { code: workspace } = useWorkspace();
  const { template } = newSegmentRoute.useSearch();
  const programs = useQuery(programListOptions());
  // In another language they have other words; what somebody has typed meanwhile stays.
  const templates = useQuery({ ...segmentTemplatesOptions({ query: useSpoken() }), placeholderData: keepPreviousData });
  const chosen = templates.data?.data.find(({ id }) => id === template);
  return (
    <Page
      title={t`New segment`}
      intro={chosen?.words ?? t`Who is in it is worked out from what customers do; nobody has to keep it.`}
      trail={
        <Link to="/$workspace/segments" params={{ workspace }}>
          <Trans>Segments</Trans>
        </Link>
      }
    >
      <Answer query={programs}>
        {({ data }) =>
          templates.isPending ? (
            <Loading lines={6} />
          ) : (
            <Suspense fallback={<Loading lines={6} />}>
              <SegmentForm key={template} programs={data.map(({ program }) => program)} template={chosen} />
            </Suspense>
          )
        }
      </Answer>
    </Page>
  );
}
