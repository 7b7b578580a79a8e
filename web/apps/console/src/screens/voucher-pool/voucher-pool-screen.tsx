import { Trans, useLingui } from "@lingui/react/macro";
import type { PoolView } from "@perennial/api-admin";
import { batchGetOptions, budgetListOptions } from "@perennial/api-admin/queries";
import { Button, Page, Panel, SimpleGrid, Stack, Stat, StatRow } from "@perennial/ui";
import { IconDownload } from "@perennial/ui/icons";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { useFormat } from "../../i18n/format";
import { useSpoken } from "../../i18n/spoken";
import { RewardName } from "../../program/reward-name";
import { useZones } from "../../program/use-zones";
import { BudgetBar } from "../../program/budget-bar";
import { useExportCodes } from "../../program/use-export-codes";
import { useMay } from "../../session/may";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { Codes } from "./codes";
import { voucherPoolRoute } from "./route";

/** Its codes are used while somebody looks. */
const LOOK_AGAIN_MS = 30_000;

/** One pool: how far its codes have gone, what limits them, and the codes themselves. */
export function VoucherPoolScreen() {
  const { batch } = voucherPoolRoute.useParams();
  const { code: workspace } = useWorkspace();
  const may = useMay("vouchers");
  const { exportCodes, busy } = useExportCodes();
  const query = useQuery({ ...batchGetOptions({ path: { id: batch } }), refetchInterval: LOOK_AGAIN_MS });
  return (
    <Page
      title={<span dir="auto">{batch}</span>}
      trail={
        <Link to="/$workspace/vouchers" params={{ workspace }}>
          <Trans>Vouchers</Trans>
        </Link>
      }
      actions={
        may && (
          <Button
            variant="default"
            leftSection={<IconDownload size={18} aria-hidden />}
            loading={busy}
            onClick={() => {
              exportCodes(batch);
            }}
          >
            <Trans>Export all codes</Trans>
          </Button>
        )
      }
    >
      <Stack gap="lg">
        <Answer query={query}>{(pool) => <Counts pool={pool} />}</Answer>
        <Codes batch={batch} />
      </Stack>
    </Page>
  );
}

function Counts({ pool }: { pool: PoolView }) {
  const { t } = useLingui();
  const format = useFormat();
  const zoneOf = useZones();
  const share = (part: number) => (pool.codes === 0 ? undefined : format.percent(part / pool.codes));
  const { batch } = pool;
  return (
    <>
      <StatRow>
        <Stat label={t`Codes`} value={format.number(pool.codes)} note={<RewardName reference={batch.reward} />} />
        <Stat label={t`Given to members`} value={format.number(pool.given)} note={share(pool.given)} />
        <Stat label={t`Used`} value={format.number(pool.used)} note={share(pool.used)} formula={t`Codes that were used at least once.`} />
        <Stat label={t`Expired`} value={format.number(pool.expired)} note={batch.expires_at == null ? t`never expire` : t`on ${format.date(batch.expires_at, zoneOf(batch.reward))}`} />
        <Stat label={t`Taken back`} value={format.number(pool.voided)} />
      </StatRow>
      <Budgets reward={batch.reward} />
    </>
  );
}

function Budgets({ reward }: { reward: string }) {
  const { t } = useLingui();
  const { data } = useQuery(budgetListOptions({ query: useSpoken() }));
  const [program = "", id = ""] = reward.split("/");
  const bars = (data?.data ?? []).flatMap((budget) =>
    budget.used !== null && budget.id === id && budget.programs.includes(program)
      ? [<BudgetBar key={`${budget.part}/${budget.words}`} budget={budget} used={budget.used} />]
      : [],
  );
  if (bars.length === 0) return null;
  return (
    <Panel title={t`Limits of the reward`} hint={t`They hold for all of its codes together.`}>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>{bars}</SimpleGrid>
    </Panel>
  );
}
