import { Trans, useLingui } from "@lingui/react/macro";
import { type DraftView, draftPut, type OrderCase } from "@perennial/api-admin";
import { draftGetOptions, draftGetQueryKey, orderCaseOptions, programCasesMutation } from "@perennial/api-admin/queries";
import { Badge, Button, Group, Loading, Stack, Text, TextInput, Title, tellDone, tellFailed } from "@perennial/ui";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";

import { insertAt, valueOf } from "../../editor/document";
import { useFormat } from "../../i18n/format";
import { namesOf } from "../../program/names";
import { isRecord } from "../../program/records";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { freeId } from "../../shell/ids";
import { toldBy } from "../../shell/problem";
import { type Called, useStepWords, useUncarriedWords } from "./case-lines";
import classes from "./member.module.css";

/** A test case of a real order: what it begins with, what it cannot carry, and whether it holds in the draft. */
export default function MakeCase({ order, program, onBack }: { order: string; program: string; onBack: () => void }) {
  const made = useQuery({ ...orderCaseOptions({ path: { id: order }, query: { program } }), retry: false });
  const draft = useQuery(draftGetOptions({ path: { id: program } }));
  return (
    <Answer query={made} lines={6}>
      {(found) => <Answer query={draft}>{(seen) => <Look made={found} draft={seen} onBack={onBack} />}</Answer>}
    </Answer>
  );
}

function Look({ made, draft, onBack }: { made: OrderCase; draft: DraftView; onBack: () => void }) {
  const { t } = useLingui();
  const format = useFormat();
  const document = valueOf(draft.document) ?? {};
  const called = namesOf(document).of;
  const words = useStepWords(typeof document.currency === "string" ? document.currency : "USD", called);
  const uncarried = useUncarriedWords(called);
  const [title, setTitle] = useState(String(made.case.title));
  const steps = (Array.isArray(made.case.steps) ? made.case.steps : []).filter(isRecord);
  const expect = steps.at(-1)?.expect;
  const text = withCase(draft.document, document.cases, { ...made.case, title: title.trim() });
  return (
    <Stack gap="md">
      <TextInput label={t`What is tested`} dir="auto" maxLength={200} value={title} onChange={(event) => { setTitle(event.currentTarget.value); }} />
      <section>
        <Title order={3}>
          <Trans>What happens</Trans>
        </Title>
        <ol className={classes.steps}>
          {steps.map((step, place) => {
            const number = String(place);
            const at = String(step.at);
            return (
              <li key={number}>
                <span className={classes.quiet}>
                  {format.day(at.slice(0, 10))} <bdi>{format.time(at.slice(11, 16))}</bdi>
                </span>{" "}
                <bdi>{words(step)}</bdi>
              </li>
            );
          })}
        </ol>
        <Expected expect={isRecord(expect) ? expect : {}} called={called} />
      </section>
      {made.uncarried.length > 0 && (
        <section>
          <Title order={3}>
            <Trans>What the case does not begin with</Trans>
          </Title>
          <ul className={classes.reasons}>
            {made.uncarried.map((part) => (
              <li key={`${part.state}/${part.id ?? ""}`}>
                <bdi>{uncarried(part)}</bdi>
              </li>
            ))}
          </ul>
        </section>
      )}
      {made.attributes.length > 0 && (
        <Text size="sm" c="dimmed">
          <Trans>Versions of the program keep these attributes of the member, also when the member is erased: {format.list(made.attributes)}.</Trans>
        </Text>
      )}
      <Holds program={made.program} text={text} />
      <Keep made={made} draft={draft} text={text} ready={title.trim() !== ""} onBack={onBack} />
    </Stack>
  );
}

function Expected({ expect, called }: { expect: Record<string, unknown>; called: Called }) {
  const format = useFormat();
  const rules = Object.entries(isRecord(expect.awards) ? expect.awards : {});
  const given = format.list(rules.map(([rule, points]) => `${called(rule)} ${format.change(Number(points))}`));
  const messages = Array.isArray(expect.messages) ? expect.messages.map(String) : undefined;
  const sent = format.list((messages ?? []).map(called));
  const tier = typeof expect.tier === "string" ? called(expect.tier) : undefined;
  return (
    <Text mt="xs">
      {rules.length === 0 ? <Trans>It must give no points.</Trans> : <Trans>It must give: {given}.</Trans>}{" "}
      {messages !== undefined && (messages.length === 0 ? <Trans>It must send no message.</Trans> : <Trans>It must send: {sent}.</Trans>)}{" "}
      {tier !== undefined && <Trans>The member is then in tier {tier}.</Trans>}
    </Text>
  );
}

/** Plays the case with the draft as it is, before it is kept. */
function Holds({ program, text }: { program: string; text: string }) {
  const { mutate, data, error } = useMutation(programCasesMutation());
  useEffect(() => {
    const soon = setTimeout(() => { mutate({ path: { id: program }, body: { document: text } }); }, SOON_MS);
    return () => { clearTimeout(soon); };
  }, [mutate, program, text]);
  const outcome = data?.cases.at(-1);
  if (error !== null) return <Text size="sm">{toldBy(error).words}</Text>;
  if (outcome === undefined) return <Loading lines={1} />;
  return (
    <div>
      {outcome.passed ? (
        <Badge tone="good">
          <Trans>Holds in the draft</Trans>
        </Badge>
      ) : (
        <Badge tone="bad">
          <Trans>Does not hold in the draft</Trans>
        </Badge>
      )}
      <ul className={classes.reasons}>
        {outcome.misses?.map((miss) => (
          <li key={miss.words}>
            <bdi>{miss.words}</bdi>
          </li>
        ))}
      </ul>
    </div>
  );
}

const SOON_MS = 300;

interface KeepProps {
  made: OrderCase;
  draft: DraftView;
  text: string;
  ready: boolean;
  onBack: () => void;
}

function Keep({ made, draft, text, ready, onBack }: KeepProps) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const { code: workspace } = useWorkspace();
  const path = { id: made.program };
  const put = useMutation({
    mutationFn: async ({ body, revision }: { body: string; revision: number }) => {
      const headers = { "Content-Type": "application/yaml" };
      const { data } = await draftPut({ path, query: { revision }, body, bodySerializer: (sent: unknown) => String(sent), headers, throwOnError: true });
      return data;
    },
    onSuccess: (saved) => { cache.setQueryData(draftGetQueryKey({ path }), saved); },
    onError: (error) => { tellFailed(t`The draft was not saved`, toldBy(error).detail); },
  });
  function keep() {
    const sent = { body: text, revision: draft.revision };
    put.mutate(sent, {
      onSuccess: (saved) => {
        tellDone(t`The case is in the draft`, {
          label: t`Undo`,
          run: () => { put.mutate({ body: draft.document, revision: saved.revision }); },
        });
        void navigate({ to: "/$workspace/programs/$program", params: { workspace, program: made.program }, search: { section: "cases" } });
      },
    });
  }
  return (
    <Group justify="space-between">
      <Button variant="default" onClick={onBack}>
        <Trans>Back to the reasons</Trans>
      </Button>
      <Button disabled={!ready} loading={put.isPending} onClick={keep}>
        <Trans>Keep it in the draft</Trans>
      </Button>
    </Group>
  );
}

/** The text of a draft with one more case, whose id no other has. */
function withCase(text: string, cases: unknown, made: Record<string, unknown>): string {
  const others = (Array.isArray(cases) ? cases : []).filter(isRecord).map(({ id }) => ({ id: String(id) }));
  return insertAt(text, ["cases"], others.length, { ...made, id: freeId(String(made.id), others) });
}
