import { Trans, useLingui } from "@lingui/react/macro";
import { type Decided, type OrderBody, orderPut } from "@perennial/api-admin";
import { customerGetOptions } from "@perennial/api-admin/queries";
import { Alert, Button, Panel, SimpleGrid, Stack, Text, TextInput } from "@perennial/ui";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";

import { minorOf } from "../../editor/amounts";
import { digitsOf } from "../../i18n/decimals";
import { useFormat } from "../../i18n/format";
import { useCurrency } from "../../program/use-currency";
import { useWorkspace } from "../../session/workspace";
import { idOf } from "../../shell/ids";
import { Wrong } from "../../shell/wrong";

interface Asked {
  customer: string;
  body: OrderBody;
}

const FIFTY = "50";
const FIFTY_THOUSAND = "50000";

/** An order as the shop would report it: decided, written and answered by the real thing. */
export function FirstOrder() {
  const { t } = useLingui();
  const cache = useQueryClient();
  const currency = useCurrency();
  const digits = digitsOf(currency ?? "");
  const [amount, setAmount] = useState<string>();
  const shown = amount ?? (digits === 0 ? FIFTY_THOUSAND : FIFTY);
  const order = useMutation({
    mutationFn: async ({ customer, body }: Asked) => {
      const id = idOf("", "try", new Date()) + `-${String(Date.now() % 100_000)}`;
      const { data } = await orderPut({ path: { id }, body, throwOnError: true });
      return { customer, decided: data };
    },
    onSuccess: () => cache.invalidateQueries(),
  });
  const wanted = minorOf(shown, digits);
  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (wanted === undefined || wanted < 1) return;
    const fields = new FormData(event.currentTarget);
    const word = (name: string) => String(fields.get(name) ?? "").trim();
    const category = word("category");
    const location = word("location");
    const line = { sku: "try-out", amount: wanted, ...(category === "" ? {} : { categories: [category] }) };
    const customer = word("customer");
    order.mutate({
      customer,
      body: { customer, status: "paid", ...(currency === undefined ? {} : { currency }), lines: [line], ...(location === "" ? {} : { location }) },
    });
  }
  return (
    <Panel title={t`Try an order`} hint={t`As the shop would report it. It is written in this sandbox alone.`}>
      <form onSubmit={send}>
        <Stack gap="md">
          <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }}>
            <TextInput name="customer" label={t`Customer`} defaultValue="anna" required withAsterisk={false} />
            <TextInput
              label={t`Amount`}
              inputMode={digits === 0 ? "numeric" : "decimal"}
              dir="ltr"
              rightSection={<small dir="ltr">{currency}</small>}
              rightSectionWidth="3rem"
              value={shown}
              error={(wanted ?? 0) < 1 && t`An amount of more than nothing.`}
              onChange={(event) => {
                setAmount(event.currentTarget.value);
              }}
            />
            <TextInput name="category" label={t`Category (if any)`} placeholder={t`coffee`} />
            <TextInput name="location" label={t`Location (if any)`} placeholder={t`bakery`} />
          </SimpleGrid>
          <div>
            <Button type="submit" loading={order.isPending}>
              <Trans>Send the order</Trans>
            </Button>
          </div>
          <Wrong error={order.error} />
          {order.data !== undefined && <Earned customer={order.data.customer} decided={order.data.decided} />}
        </Stack>
      </form>
    </Panel>
  );
}

/** What the order gave, by which rule, and the way to the member. */
function Earned({ customer, decided }: { customer: string; decided: Decided }) {
  const { t } = useLingui();
  const format = useFormat();
  const { code: workspace } = useWorkspace();
  const { data: member } = useQuery(customerGetOptions({ path: { id: customer } }));
  const decimalsOf = (program: string, wallet: string) =>
    member?.wallets.find((each) => each.program === program && each.wallet === wallet)?.decimals;
  const awards = (decided.programs ?? []).flatMap(({ program, awards: given }) =>
    (given ?? []).filter(({ points }) => points > 0).map((award) => ({ ...award, program })),
  );
  return (
    <Alert
      variant="default"
      role="status"
      title={awards.length === 0 ? t`The order is written, and no rule gave anything for it` : t`The first points are there`}
    >
      {awards.map(({ program, rule, wallet, points }, place) => (
        <Text key={`${program}/${rule}/${String(place)}`} size="sm">
          <strong>{format.change(points, decimalsOf(program, wallet))}</strong> <bdi>{rule}</bdi>
        </Text>
      ))}
      <Link to="/$workspace/members/$customer" params={{ workspace, customer }}>
        <Trans>Look at the member</Trans>
      </Link>
    </Alert>
  );
}
