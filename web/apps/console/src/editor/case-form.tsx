import { Trans, useLingui } from "@lingui/react/macro";
import { Button, Group, MultiSelect, NativeSelect, SimpleGrid, Stack, TagsInput, Text, TextInput } from "@perennial/ui";
import { IconPlus } from "@perennial/ui/icons";

import { useFormat } from "../i18n/format";
import { digitsOf } from "../i18n/decimals";
import { type CasePlan, type Deed, type Expected, fitting, type PlanLine } from "./case-plan";
import { idsOf, type Named, useForm } from "./form-context";
import { REFUSALS } from "./refusals";
import { Whole } from "./whole";

export interface CaseFormProps {
  plan: CasePlan;
  onChange: (plan: CasePlan) => void;
}

/** The form of a test case: the member, what the member does, and what must come of it. */
export function CaseForm({ plan, onChange }: CaseFormProps) {
  const { t } = useLingui();
  const form = useForm();
  const { readOnly } = form;
  const put = (part: Partial<CasePlan>) => {
    onChange({ ...plan, ...part });
  };
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="sm">
        <TextInput label={t({ message: "Day", context: "date" })} type="date" disabled={readOnly} value={plan.day} onChange={(event) => { if (event.currentTarget.value !== "") put({ day: event.currentTarget.value }); }} />
        <TextInput label={t`Time`} type="time" disabled={readOnly} value={plan.time} onChange={(event) => { if (event.currentTarget.value !== "") put({ time: event.currentTarget.value }); }} />
        <Choice label={t`Tier of the member`} none={t`As the program gives it`} data={form.names.tiers ?? []} value={plan.tier} onChange={(tier) => { put({ tier }); }} />
        <Money label={t`Bought for, a month before`} value={plan.spent} onChange={(spent) => { put({ spent }); }} />
        <PerWallet label={t`Holds besides`} figures={plan.holds} onChange={(holds) => { put({ holds: holds ?? {} }); }} />
      </SimpleGrid>
      <DeedForm deed={plan.deed} onChange={(deed) => { put(deed.kind === plan.deed.kind ? { deed } : { deed, expect: fitting(plan.expect, deed) }); }} />
      <Text size="sm" fw={600}>
        <Trans>What must come of it</Trans>
      </Text>
      <ExpectedForm deed={plan.deed} expect={plan.expect} onChange={(expect) => { put({ expect }); }} />
    </Stack>
  );
}

function DeedForm({ deed, onChange }: { deed: Deed; onChange: (deed: Deed) => void }) {
  const { t } = useLingui();
  const form = useForm();
  const { readOnly } = form;
  const rewards = form.names.reward ?? [];
  const events = idsOf(form, "trigger").filter((each) => !BUILT_IN.test(each));
  const kinds: [Deed["kind"], string][] = [
    ["buys", t`buys`],
    ["cart", t`asks the price of a cart`],
    ["event", t`reports an event`],
    ["claims", t`claims a reward`],
  ];
  const lines = "lines" in deed ? deed.lines : [{ sku: "article", amount: 1_000 }];
  const begin = (kind: string): Deed => {
    switch (kind) {
      case "cart":
        return { kind: "cart", lines, codes: [], rewards: [] };
      case "event":
        return { kind: "event", type: events[0] ?? "review.posted" };
      case "claims":
        return { kind: "claims", reward: rewards[0]?.value ?? "reward" };
      default:
        return { kind: "buys", lines };
    }
  };
  return (
    <Stack gap="sm">
      <NativeSelect label={t`The member`} maw="24rem" disabled={readOnly} data={kinds.map(([value, label]) => ({ value, label }))} value={deed.kind} onChange={(event) => { onChange(begin(event.currentTarget.value)); }} />
      {"lines" in deed && <Lines lines={deed.lines} onChange={(next) => { onChange({ ...deed, lines: next }); }} />}
      {deed.kind === "cart" && (
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
          <TagsInput label={t`Codes`} disabled={readOnly} value={[...deed.codes]} onChange={(codes) => { onChange({ ...deed, codes }); }} />
          <TagsInput label={t`Rewards`} disabled={readOnly} data={idsOf(form, "reward")} value={[...deed.rewards]} onChange={(rewards) => { onChange({ ...deed, rewards }); }} />
        </SimpleGrid>
      )}
      {deed.kind === "event" && <Choice label={t`Event`} data={asNamed(events)} value={deed.type} onChange={(type) => { if (type !== undefined) onChange({ kind: "event", type }); }} />}
      {deed.kind === "claims" && <Choice label={t`Reward`} data={rewards} value={deed.reward} onChange={(reward) => { if (reward !== undefined) onChange({ kind: "claims", reward }); }} />}
    </Stack>
  );
}

const BUILT_IN = /^(order|member|tier|challenge|referral|segment)\./;

function Lines({ lines, onChange }: { lines: readonly PlanLine[]; onChange: (lines: readonly PlanLine[]) => void }) {
  const { t } = useLingui();
  const format = useFormat();
  const { readOnly } = useForm();
  return (
    <Stack gap="xs">
      {lines.map((line, place) => {
        const number = format.number(place + 1);
        const put = (part: Partial<PlanLine>) => {
          onChange(lines.with(place, { ...line, ...part }));
        };
        return (
          <SimpleGrid key={number} cols={{ base: 1, xs: 3 }} spacing="sm">
            <TextInput label={t`Article ${number}`} dir="ltr" disabled={readOnly} value={line.sku} onChange={(event) => { put({ sku: event.currentTarget.value }); }} />
            <Money label={t`Price of line ${number}`} value={line.amount} onChange={(amount) => { if (amount !== undefined) put({ amount }); }} />
            <Whole visible label={t`Pieces in line ${number}`} digits={0} disabled={readOnly} value={line.quantity ?? 1} onChange={(quantity) => { put({ quantity }); }} />
            {lines.length > 1 && (
              <Button size="xs" variant="subtle" color="gray" justify="flex-start" disabled={readOnly} aria-label={t`Remove line ${number}`} onClick={() => { onChange(lines.toSpliced(place, 1)); }}>
                <Trans>Remove</Trans>
              </Button>
            )}
          </SimpleGrid>
        );
      })}
      <Group>
        <Button size="xs" variant="default" disabled={readOnly} leftSection={<IconPlus size={14} aria-hidden />} onClick={() => { onChange([...lines, { sku: "article", amount: 1_000 }]); }}>
          <Trans>One more line</Trans>
        </Button>
      </Group>
    </Stack>
  );
}

function ExpectedForm({ deed, expect, onChange }: { deed: Deed; expect: Expected; onChange: (expect: Expected) => void }) {
  const { t } = useLingui();
  const form = useForm();
  const put = (part: Expected | Record<keyof Expected, undefined>) => {
    onChange(Object.fromEntries(Object.entries({ ...expect, ...part }).filter(([, value]) => value !== undefined)));
  };
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="sm">
      {deed.kind === "cart" ? (
        <>
          <Money label={t`Discount`} value={expect.discount} onChange={(discount) => { put({ discount } as Expected); }} />
          <Money label={t`Total to pay`} value={expect.total} onChange={(total) => { put({ total } as Expected); }} />
        </>
      ) : (
        <PerWallet label={t`Earns`} figures={expect.earned ?? {}} onChange={(earned) => { put({ earned } as Expected); }} />
      )}
      <PerWallet label={t`Balance afterwards`} figures={expect.balance ?? {}} onChange={(balance) => { put({ balance } as Expected); }} />
      <Choice label={t`Tier afterwards`} none={t`Not looked at`} data={form.names.tiers ?? []} value={expect.tier} onChange={(tier) => { put({ tier } as Expected); }} />
      {deed.kind === "claims" && <Choice label={t`Refused because of`} none={t`Not refused`} data={Object.entries(REFUSALS).map(([value, said]) => ({ value, label: t(said) }))} value={expect.refused} onChange={(refused) => { put({ refused } as Expected); }} />}
      {deed.kind !== "cart" && <Messages sent={expect.messages} onChange={(messages) => { put({ messages } as Expected); }} />}
    </SimpleGrid>
  );
}

/** Which messages are sent, where the program has some: none at all is something to expect as well. */
function Messages({ sent, onChange }: { sent: readonly string[] | undefined; onChange: (sent: readonly string[] | undefined) => void }) {
  const { t } = useLingui();
  const form = useForm();
  const messages = form.names.messages ?? [];
  const [first] = messages;
  if (first === undefined && sent === undefined) return null;
  const kinds = [{ value: "none", label: t`None` }, ...(first === undefined ? [] : [{ value: "some", label: t`These and no other` }])];
  const chosen = sent === undefined ? undefined : sent.length === 0 ? "none" : "some";
  return (
    <>
      <Choice label={t`Messages that are sent`} none={t`Not looked at`} data={kinds} value={chosen} onChange={(kind) => { onChange(kind === undefined ? undefined : kind === "none" || first === undefined ? [] : [first.value]); }} />
      {sent !== undefined && sent.length > 0 && <MultiSelect label={t`Which messages`} searchable disabled={form.readOnly} data={withGone(messages, sent)} value={[...sent]} onChange={onChange} />}
    </>
  );
}

function asNamed(ids: readonly string[]): Named[] {
  return ids.map((value) => ({ value, label: value }));
}

/** What may be chosen, and what is chosen already although it is not there any more. */
function withGone(names: readonly Named[], chosen: readonly string[]): Named[] {
  return [...names, ...asNamed(chosen.filter((each) => names.every(({ value }) => value !== each)))];
}

function Choice({ label, none, data, value, onChange }: { label: string; none?: string; data: readonly Named[]; value: string | undefined; onChange: (value: string | undefined) => void }) {
  const { readOnly } = useForm();
  return (
    <NativeSelect
      label={label}
      disabled={readOnly}
      data={[...(none === undefined ? [] : [{ value: "", label: none }]), ...withGone(data, value === undefined ? [] : [value])]}
      value={value ?? ""}
      onChange={(event) => { onChange(event.currentTarget.value === "" ? undefined : event.currentTarget.value); }}
    />
  );
}

function Money({ label, value, onChange }: { label: string; value: number | undefined; onChange: (value: number | undefined) => void }) {
  const { currency, readOnly } = useForm();
  return <Whole visible label={label} digits={digitsOf(currency)} suffix={currency} disabled={readOnly} value={value} onChange={onChange} onEmpty={() => { onChange(undefined); }} />;
}

function PerWallet({ label, figures, onChange }: { label: string; figures: Readonly<Record<string, number>>; onChange: (figures: Record<string, number> | undefined) => void }) {
  const form = useForm();
  const { readOnly } = form;
  const put = (wallet: string, value: number | undefined) => {
    const next = Object.fromEntries(Object.entries({ ...figures, [wallet]: value }).filter((each): each is [string, number] => each[1] !== undefined));
    onChange(Object.keys(next).length === 0 ? undefined : next);
  };
  return (form.names.wallet ?? []).map(({ value: wallet, label: name }) => (
    <Whole key={wallet} visible label={`${label}: ${name}`} digits={0} disabled={readOnly} value={figures[wallet]} onChange={(value) => { put(wallet, value); }} onEmpty={() => { put(wallet, undefined); }} />
  ));
}
