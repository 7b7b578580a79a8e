import { Trans, useLingui } from "@lingui/react/macro";
import type { FoundCustomer } from "@perennial/api-admin";
import { type Column, DataTable, EmptyState, Panel } from "@perennial/ui";
import { IconSearch } from "@perennial/ui/icons";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { useFormat } from "../../i18n/format";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { findOptions } from "./find";

/** Who was found, with what one needs to tell them apart. */
export function Found({ find }: { find: string }) {
  const { t } = useLingui();
  const columns = useColumns();
  const query = useQuery(findOptions(find));
  return (
    <Panel title={t`Found`} flush>
      <Answer query={query}>
        {(found) =>
          found.length === 0 ? (
            <EmptyState icon={<IconSearch size={26} />} title={t`Nobody goes by “${find}”`}>
              <Trans>
                Words are looked for at the beginning of names, ids and addresses. Who has only ordered, without a name or an address,
                is found by the whole id.
              </Trans>
            </EmptyState>
          ) : (
            <DataTable label={t`Found`} columns={columns} rows={found} keyOf={(row) => row.id} />
          )
        }
      </Answer>
    </Panel>
  );
}

function useColumns(): Column<FoundCustomer>[] {
  const { t } = useLingui();
  const format = useFormat();
  const { code: workspace } = useWorkspace();
  return [
    {
      id: "id",
      title: t`Member`,
      cell: ({ id }) => (
        <Link to="/$workspace/members/$customer" params={{ workspace, customer: id }} dir="auto">
          {id}
        </Link>
      ),
    },
    { id: "name", title: t`Name`, cell: ({ name }) => <bdi>{name === "" ? "–" : name}</bdi> },
    { id: "known", title: t`Known by`, cell: ({ identifiers }) => <bdi>{identifiers.map(({ value }) => value).join(", ") || "–"}</bdi> },
    { id: "since", title: t`Known since`, cell: ({ created_at: at }) => format.date(at) },
  ];
}
