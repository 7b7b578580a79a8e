import { Trans, useLingui } from "@lingui/react/macro";
import type { CustomerView } from "@perennial/api-admin";
import { Badge, type Column, DataTable, EmptyState, Group, Panel } from "@perennial/ui";
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
              <Trans>Ids are exact, capital letters too. An e-mail address or a card is found once the customer was stored with it.</Trans>
            </EmptyState>
          ) : (
            <DataTable label={t`Found`} columns={columns} rows={found} keyOf={(row) => row.id} />
          )
        }
      </Answer>
    </Panel>
  );
}

function useColumns(): Column<CustomerView>[] {
  const { t } = useLingui();
  const format = useFormat();
  const { code: workspace } = useWorkspace();
  return [
    {
      id: "id",
      title: t`Member`,
      cell: (row) => (
        <Link to="/$workspace/members/$customer" params={{ workspace, customer: row.id }} dir="auto">
          {row.id}
        </Link>
      ),
    },
    {
      id: "programs",
      title: t`Programs`,
      cell: (row) => (
        <Group gap={6}>
          {row.memberships.map((membership) => (
            <Badge key={membership.program} tone={membership.left_at == null ? "good" : "plain"}>
              {membership.tier == null ? membership.program : `${membership.program} · ${membership.tier}`}
            </Badge>
          ))}
        </Group>
      ),
    },
    {
      id: "available",
      title: t`Available`,
      numeric: true,
      cell: (row) => (
        <>
          {row.wallets.map((wallet) => (
            <div key={`${wallet.program}/${wallet.wallet}`}>
              {format.points(wallet.available, wallet.decimals)} {wallet.name}
            </div>
          ))}
        </>
      ),
    },
    { id: "since", title: t`Known since`, cell: (row) => format.date(row.created_at) },
  ];
}
