import { Trans, useLingui } from "@lingui/react/macro";
import type { ExplainedEvent, MessageExplanation, ProgramExplanation, RuleExplanation, Seen } from "@perennial/api-admin";
import { customerGetOptions, eventExplainOptions, orderExplainOptions } from "@perennial/api-admin/queries";
import { Alert, Badge, Button, Stack, Text, Title } from "@perennial/ui";
import { IconListCheck } from "@perennial/ui/icons";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { VALUE_WORDS } from "../../editor/value-words";
import { useFormat } from "../../i18n/format";
import { useSaid } from "../../i18n/said";
import { useSpoken } from "../../i18n/spoken";
import { useProgramName } from "../../program/use-program-name";
import { useMay } from "../../session/may";
import { Answer } from "../../shell/answer";
import classes from "./member.module.css";
import { memberRoute } from "./route";
import { walletOf } from "./wallet-of";

/** What every program decided, of an order or of an event. */
export default function DecisionsOf({ id, of, onMake }: { id: string; of: "event" | "order"; onMake: (program: string) => void }) {
  return of === "event" ? <OfEvent id={id} /> : <OfOrder id={id} onMake={onMake} />;
}

function OfOrder({ id, onMake }: { id: string; onMake: (program: string) => void }) {
  const query = useQuery(orderExplainOptions({ path: { id }, query: useSpoken() }));
  return <Answer query={query}>{(explained) => <Decisions explained={explained} onMake={onMake} />}</Answer>;
}

function OfEvent({ id }: { id: string }) {
  const query = useQuery(eventExplainOptions({ path: { id }, query: useSpoken() }));
  return <Answer query={query}>{(explained) => <Decisions explained={explained} />}</Answer>;
}

function Decisions({ explained, onMake }: { explained: ExplainedEvent; onMake?: (program: string) => void }) {
  return (
    <Stack gap="lg">
      {explained.decisions.length === 0 && <Text>{explained.words}</Text>}
      <TakenBack taken={explained.taken_back ?? {}} />
      {explained.decisions.map((decision) => (
        <Decision key={`${decision.program}/${decision.trigger}`} decision={decision} onMake={onMake} />
      ))}
    </Stack>
  );
}

/** What returns of an order, or its cancellation, took back since: it stands before what was given. */
function TakenBack({ taken }: { taken: Record<string, number> }) {
  const { t } = useLingui();
  const format = useFormat();
  const nameOf = useProgramName();
  const { customer } = memberRoute.useParams();
  const wallets = useQuery(customerGetOptions({ path: { id: customer } })).data?.wallets ?? [];
  const rows = Object.entries(taken);
  const programs = new Set(rows.map(([reference]) => reference.split("/")[0]));
  if (rows.length === 0) return null;
  return (
    <Alert color="yellow" variant="default" mb="md" title={t`Taken back since`}>
      <ul className={classes.reasons}>
        {rows.map(([reference, points]) => {
          const wallet = walletOf(wallets, reference);
          const [program = "", id] = reference.split("/");
          return (
            <li key={reference}>
              <span className={classes.minus}>
                {format.change(-points, wallet?.decimals)} <bdi>{wallet?.name ?? id}</bdi>
              </span>
              {programs.size > 1 && <bdi> · {nameOf(program)}</bdi>}
            </li>
          );
        })}
      </ul>
    </Alert>
  );
}

function Decision({ decision, onMake }: { decision: ProgramExplanation; onMake: ((program: string) => void) | undefined }) {
  const format = useFormat();
  const nameOf = useProgramName();
  const said = useSaid();
  const mayChange = useMay("programs");
  const { explanation } = decision;
  const rules = explanation.rules ?? [];
  return (
    <section>
      <Title order={3}>
        <Trans>
          {nameOf(decision.program)}, version {format.number(decision.version)}
        </Trans>
      </Title>
      <Text size="sm" c="dimmed" mb="xs">
        <bdi>{said(VALUE_WORDS, `trigger.${decision.trigger}`, decision.trigger)}</bdi> · {format.moment(explanation.at)}
      </Text>
      <Text mb="sm">{explanation.words}</Text>
      {rules.map((rule) => (
        <Rule key={`${rule.rule}/${rule.trigger}`} rule={rule} />
      ))}
      {(explanation.messages ?? []).map((message) => (
        <Message key={message.message} message={message} />
      ))}
      {onMake !== undefined && mayChange && decision.trigger === "order.paid" && (
        <Button variant="default" size="xs" mt="sm" leftSection={<IconListCheck size={14} aria-hidden />} onClick={() => { onMake(decision.program); }}>
          <Trans>Make a test case</Trans>
        </Button>
      )}
    </section>
  );
}

function Rule({ rule }: { rule: RuleExplanation }) {
  return (
    <Judged name={rule.name ?? rule.rule} words={rule.words} because={rule.because}>
      {rule.fired ? (
        <Badge tone="good">
          <Trans>gave points</Trans>
        </Badge>
      ) : (
        <Badge>
          <Trans>gave nothing</Trans>
        </Badge>
      )}
    </Judged>
  );
}

/** What became of a message after it was decided, the list of messages tells. */
function Message({ message }: { message: MessageExplanation }) {
  return (
    <Judged name={message.name ?? message.message} words={message.words} because={message.because}>
      {message.fired && message.cut_by == null ? (
        <Badge tone="good">
          <Trans>message to send</Trans>
        </Badge>
      ) : (
        <Badge>
          <Trans>no message</Trans>
        </Badge>
      )}
    </Judged>
  );
}

interface JudgedProps {
  name: string;
  words: string;
  because?: readonly Seen[];
  /** What came of it. */
  children: ReactNode;
}

/** A rule or message: what came of it, how, and the conditions that said no. */
function Judged({ name, words, because = [], children }: JudgedProps) {
  const reasons = because.filter((reason) => reason.words !== "");
  return (
    <div className={classes.rule}>
      <div className={classes.headed}>
        <bdi>{name}</bdi>
        {children}
      </div>
      <p>{words}</p>
      {reasons.length > 0 && (
        <ul className={classes.reasons}>
          {reasons.map((reason) => (
            <Reason key={`${reason.path}/${reason.words}`} reason={reason} />
          ))}
        </ul>
      )}
    </div>
  );
}

function Reason({ reason }: { reason: Seen }) {
  return (
    <li>
      <bdi>{reason.words}</bdi> — {reason.held ? <Trans>holds</Trans> : <Trans>does not hold</Trans>}
    </li>
  );
}
