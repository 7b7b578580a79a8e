import { Plural, Trans, useLingui } from "@lingui/react/macro";
import type { ApplyResult, EnteringRule } from "@perennial/api-admin";
import { segmentApplyMutation } from "@perennial/api-admin/queries";
import { Button, Group, NativeSelect, Panel, Progress, Stack, Text } from "@perennial/ui";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { useFormat } from "../../i18n/format";
import { useProgramName } from "../../program/use-program-name";
import { useLongWork } from "../../shell/use-long-work";
import { Wrong } from "../../shell/wrong";
import { applyRule, type Far } from "./apply-rule";

export interface InsideProps {
  segment: string;
  /** So many are inside. */
  size: number;
  rules: readonly [EnteringRule, ...EnteringRule[]];
}

/** A rule on entering is given to those who are inside already: first what it would cost, then it is watched. */
export function Inside({ segment, size, rules }: InsideProps) {
  const { t } = useLingui();
  const nameOf = useProgramName();
  const [place, setPlace] = useState(0);
  const cost = useMutation(segmentApplyMutation());
  const { run, far = { done: 0, of: size }, busy, cancel, result, error } = useLongWork(applyRule(segment), () => {
    cost.reset();
  });
  const rule = rules[place] ?? rules[0];
  const asked = { program: rule.program, rule: rule.rule };
  function look() {
    cost.mutate({ path: { id: segment }, body: { ...asked, preview: true } });
  }
  const told = cost.data ?? result;
  return (
    <Panel title={t`A rule for those inside`} hint={t`Rules on entering reach whoever comes in. Those inside already can be given what one gives, each of them once.`}>
      <Stack gap="md">
        <Wrong error={cost.error ?? error} />
        <NativeSelect
          maw={420}
          label={t`Rule`}
          value={String(place)}
          disabled={busy}
          data={rules.map((each, number) => ({
            value: String(number),
            label: `${each.name ?? each.rule} · ${nameOf(each.program)}`,
          }))}
          onChange={(event) => {
            setPlace(Number(event.currentTarget.value));
            cost.reset();
          }}
        />
        {busy ? (
          <Running
            far={far}
            onStop={() => {
              cancel();
              look();
            }}
          />
        ) : (
          <>
            {told !== undefined && <Cost told={told} decimals={rule.decimals ?? 0} />}
            <Group>
              <Button variant="default" loading={cost.isPending} onClick={look}>
                <Trans>See what it costs</Trans>
              </Button>
              {cost.data !== undefined && cost.data.customers > 0 && (
                <Button
                  onClick={() => {
                    run(asked);
                  }}
                >
                  <Trans>Give it to them</Trans>
                </Button>
              )}
            </Group>
          </>
        )}
      </Stack>
    </Panel>
  );
}

function Running({ far, onStop }: { far: Far; onStop: () => void }) {
  const { t } = useLingui();
  const format = useFormat();
  const share = far.of === 0 ? 0 : far.done / far.of;
  return (
    <Stack gap="sm">
      <Progress value={share * 100} size="lg" aria-label={t`How far it is`} />
      <Group justify="space-between">
        <Text size="sm" role="status">
          <Trans>
            {format.number(far.done)} of <Plural value={far.of} one="# customer" other="# customers" />
          </Trans>
        </Text>
        <Button variant="default" size="xs" onClick={onStop}>
          <Trans>Stop: whoever has it keeps it</Trans>
        </Button>
      </Group>
    </Stack>
  );
}

/** What it would give, or has given, in a sentence. */
function Cost({ told, decimals }: { told: ApplyResult; decimals: number }) {
  const format = useFormat();
  const { customers, already, applied, exact } = told;
  const points = format.points(told.points, decimals);
  return (
    <div role="status">
      <Text size="sm">
        {applied ? (
          <Plural value={customers} one="# customer was given it. Points in all:" other="# customers were given it. Points in all:" />
        ) : (
          <Plural value={customers} one="# customer would be given it. Points in all:" other="# customers would be given it. Points in all:" />
        )}{" "}
        <strong>{points}</strong>
      </Text>
      {already > 0 && (
        <Text size="sm" c="dimmed">
          <Plural value={already} one="# customer had it before, or gets nothing by it." other="# customers had it before, or get nothing by it." />
        </Text>
      )}
      {!exact && (
        <Text size="sm" c="dimmed">
          <Trans>An estimate from a part of them.</Trans>
        </Text>
      )}
    </div>
  );
}
