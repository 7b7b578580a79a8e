import { Trans, useLingui } from "@lingui/react/macro";
import { auditList } from "@perennial/api-admin";
import { EmptyState, Page, Panel } from "@perennial/ui";
import { IconListSearch } from "@perennial/ui/icons";
import { useInfiniteQuery } from "@tanstack/react-query";

import { Answer } from "../../shell/answer";
import { endOf, startOf } from "../../shell/days";
import { More } from "../../shell/more";
import { Entry } from "./entry";
import { auditRoute, type AuditSearch } from "./route";
import { SearchForm } from "./search-form";

/** Who changed what, when and why, with how it was before and after. */
export function AuditScreen() {
  const { t } = useLingui();
  const search = auditRoute.useSearch();
  const query = useInfiniteQuery({
    queryKey: ["audit", search],
    queryFn: async ({ pageParam, signal }) =>
      (await auditList({ query: { ...instants(search), cursor: pageParam }, throwOnError: true, signal })).data,
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  return (
    <Page title={t`Audit log`} intro={t`Entries are only ever added: nobody changes or deletes one.`}>
      <Panel>
        <SearchForm key={JSON.stringify(search)} search={search} />
      </Panel>
      <Panel title={t`Entries`} flush>
        <Answer query={query}>
          {({ pages }) => {
            const entries = pages.flatMap((page) => page.data);
            return entries.length === 0 ? (
              <EmptyState icon={<IconListSearch size={26} />} title={t`No such entry`}>
                <Trans>Leave a field empty to see more.</Trans>
              </EmptyState>
            ) : (
              <>
                {entries.map((entry) => (
                  <Entry key={entry.id} entry={entry} />
                ))}
                <More query={query} />
              </>
            );
          }}
        </Answer>
      </Panel>
    </Page>
  );
}

/** Days of this device's calendar as instants. */
function instants({ since, until, ...words }: AuditSearch): AuditSearch {
  return {
    ...words,
    ...(since === undefined ? {} : { since: startOf(since) }),
    ...(until === undefined ? {} : { until: endOf(until) }),
  };
}
