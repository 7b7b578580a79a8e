import { Trans, useLingui } from "@lingui/react/macro";
import { scanPost, voucherGet, type ScannedVoucher, type VoucherView } from "@perennial/api-admin";
import { EmptyState, Facts, Panel } from "@perennial/ui";
import { IconSearch } from "@perennial/ui/icons";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { useFormat } from "../../i18n/format";
import { useZones } from "../../program/use-zones";
import { VoucherState } from "../../program/voucher-state";
import { useMay } from "../../session/may";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { toldBy } from "../../shell/problem";
import { VoidButton } from "./void-button";

const NOT_FOUND = 404;

interface Found {
  voucher: VoucherView;
  /** What the till is told of it: the name of its reward, and the balance of a gift card. */
  scanned: ScannedVoucher | null;
}

async function look(code: string, signal: AbortSignal): Promise<Found | null> {
  try {
    const [{ data: voucher }, { data: scan }] = await Promise.all([
      voucherGet({ path: { code }, throwOnError: true, signal }),
      scanPost({ body: { text: code }, throwOnError: true, signal }),
    ]);
    return { voucher, scanned: scan.voucher ?? null };
  } catch (error) {
    if (toldBy(error).status === NOT_FOUND) return null;
    throw error;
  }
}

/** What one code is good for now. */
export function OneCode({ code }: { code: string }) {
  const { t } = useLingui();
  const query = useQuery({ queryKey: ["code", code], queryFn: ({ signal }) => look(code, signal) });
  return (
    <Answer query={query}>
      {(found) =>
        found === null ? (
          <Panel>
            <EmptyState icon={<IconSearch size={26} />} title={t`Nothing has the code “${code}”`}>
              <Trans>A letter may be missing, or the code belongs to another workspace.</Trans>
            </EmptyState>
          </Panel>
        ) : (
          <Voucher code={code} found={found} />
        )
      }
    </Answer>
  );
}

function Voucher({ code, found: { voucher, scanned } }: { code: string; found: Found }) {
  const { t } = useLingui();
  const format = useFormat();
  const zoneOf = useZones();
  const { code: workspace } = useWorkspace();
  const may = useMay("vouchers");
  const card = scanned?.balance ?? null;
  return (
    <Panel
      title={scanned?.name ?? voucher.reward}
      actions={may && voucher.state !== "voided" && <VoidButton code={code} last4={voucher.last4} />}
    >
      <Facts
        facts={[
          { label: t`State`, value: <VoucherState state={voucher.state} /> },
          ...(card === null ? [] : [{ label: t`Balance of the gift card`, value: format.money(card, voucher.currency) }]),
          { label: t`Ends in`, value: <bdi dir="ltr">…{voucher.last4}</bdi> },
          { label: t`Used`, value: format.number(voucher.used) },
          { label: t`Uses left`, value: voucher.uses_left === null ? t`no end` : format.number(voucher.uses_left) },
          {
            label: t`Whose`,
            value:
              voucher.customer == null ? (
                t`nobody's yet`
              ) : (
                <Link to="/$workspace/members/$customer" params={{ workspace, customer: voucher.customer }} dir="auto">
                  {voucher.customer}
                </Link>
              ),
          },
          { label: t`Made`, value: format.moment(voucher.issued_at, zoneOf(voucher.reward)) },
          { label: t`Expires`, value: voucher.expires_at == null ? t`never` : format.moment(voucher.expires_at, zoneOf(voucher.reward)) },
          ...(voucher.batch == null
            ? []
            : [
                {
                  label: t`Pool`,
                  value: (
                    <Link to="/$workspace/vouchers/$batch" params={{ workspace, batch: voucher.batch }} dir="auto">
                      {voucher.batch}
                    </Link>
                  ),
                },
              ]),
        ]}
      />
    </Panel>
  );
}
