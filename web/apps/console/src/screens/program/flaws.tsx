import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { programCheckMutation } from "@perennial/api-admin/queries";
import { Badge, Button, Code, Group, Panel, ProblemState, Stack, Text } from "@perennial/ui";
import { useMutation } from "@tanstack/react-query";

import { toldBy } from "../../shell/problem";
import classes from "./program.module.css";

const SECONDS = 20;

/** What the saved draft gives back and gives away, searched for when somebody asks. */
export function Flaws({ program }: { program: string }) {
  const { t } = useLingui();
  const check = useMutation(programCheckMutation());
  const search = () => {
    check.mutate({ path: { id: program }, body: { seconds: SECONDS } });
  };
  return (
    <Panel
      title={t`What it gives back, and gives away`}
      hint={t`The saved draft is played through: how much of what is spent comes back, and what somebody could exploit.`}
      actions={
        <Button variant="default" loading={check.isPending} onClick={search}>
          <Trans>Look for flaws</Trans>
        </Button>
      }
    >
      {check.isError && <ProblemState title={t`It could not be searched`} detail={toldBy(check.error).detail} onRetry={search} />}
      {check.data === undefined && !check.isError && (
        <Text size="sm" c="dimmed">
          <Trans>Between 3 and 10 % of what is spent is advised: less is hardly noticed, more is seldom earned.</Trans>
        </Text>
      )}
      {check.data !== undefined && (
        <Stack gap="sm" aria-live="polite">
          {check.data.gives_back.map((each) => (
            <Group key={each.wallet} gap="xs">
              <Badge tone={each.advice === "fine" ? "good" : "warn"}>
                {each.advice === "fine" ? t`As advised` : each.advice === "little" ? t`Little` : t`Much`}
              </Badge>
              <Text size="sm">
                <bdi>{each.words}</bdi>
              </Text>
            </Group>
          ))}
          <Text size="sm" fw={600}>
            <Plural value={check.data.findings.length} _0="No flaw was found." one="# flaw was found:" other="# flaws were found:" />
          </Text>
          <ul className={classes.changes}>
            {check.data.findings.map((each) => (
              <li key={`${each.kind}/${each.path}`} className={classes.change}>
                <strong>
                  <bdi>{each.title}</bdi>
                </strong>{" "}
                {each.path !== "" && <Code dir="ltr">{each.path}</Code>}
                <br />
                <bdi>{each.words}</bdi>
              </li>
            ))}
          </ul>
        </Stack>
      )}
    </Panel>
  );
}
