import { Trans, useLingui } from "@lingui/react/macro";
import type { SessionList } from "@perennial/api-admin";
import { sessionRevoke } from "@perennial/api-admin";
import { sessionsEndMutation, sessionsListOptions, sessionsListQueryKey } from "@perennial/api-admin/queries";
import { Badge, Button, Group, Panel, Stack, tellDone, tellFailed } from "@perennial/ui";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { useFormat } from "../../i18n/format";
import { Answer } from "../../shell/answer";
import { toldBy } from "../../shell/problem";
import { Row } from "./row";

const LOOK_AGAIN_MS = 30_000;

/** Where one is signed in; each session ends at once on every server. */
export function Sessions() {
  const { t } = useLingui();
  const format = useFormat();
  const cache = useQueryClient();
  const key = sessionsListQueryKey();
  const query = useQuery({ ...sessionsListOptions(), refetchInterval: LOOK_AGAIN_MS });
  const end = useMutation({
    mutationFn: (id: string) => sessionRevoke({ path: { id }, throwOnError: true }),
    // It leaves the list once the server has ended it, never before: whoever sees it gone walks away.
    onSuccess: (_, id) => {
      cache.setQueryData<SessionList>(key, (before) => before && { data: before.data.filter((each) => each.id !== id) });
    },
    onError: (error) => {
      tellFailed(t`The session goes on`, toldBy(error).detail);
    },
    onSettled: () => cache.invalidateQueries({ queryKey: key }),
  });
  const endOthers = useMutation({
    ...sessionsEndMutation(),
    onSuccess: async () => {
      tellDone(t`You are signed out everywhere else`);
      await cache.invalidateQueries({ queryKey: key });
    },
    onError: (error) => {
      tellFailed(t`The other sessions go on`, toldBy(error).detail);
    },
  });
  return (
    <Panel
      title={t`Where you are signed in`}
      actions={
        (query.data?.data.length ?? 0) > 1 && (
          <Button
            size="xs"
            variant="default"
            loading={endOthers.isPending}
            onClick={() => {
              endOthers.mutate({});
            }}
          >
            <Trans>Sign out everywhere else</Trans>
          </Button>
        )
      }
    >
      <Answer query={query}>
        {({ data }) => (
          <Stack gap="sm">
            {data.map((each) => (
              <Row
                key={each.id}
                name={
                  <Group gap={6}>
                    <bdi>{deviceOf(each.agent)}</bdi>
                    {each.current && (
                      <Badge tone="good">
                        <Trans>this one</Trans>
                      </Badge>
                    )}
                    {each.strong && (
                      <Badge>
                        <Trans>two steps</Trans>
                      </Badge>
                    )}
                  </Group>
                }
                note={t`signed in ${format.moment(each.created_at)}, seen ${format.ago(each.seen_at)}`}
                {...(each.current
                  ? {}
                  : {
                      action: t`Sign out`,
                      label: t`Sign out ${deviceOf(each.agent)}`,
                      pending: end.isPending && end.variables === each.id,
                      onAction: () => {
                        end.mutate(each.id);
                      },
                    })}
              />
            ))}
          </Stack>
        )}
      </Answer>
    </Panel>
  );
}

const BROWSERS = ["Firefox", "Edg", "OPR", "Chrome", "Safari"];
const SYSTEMS = ["Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux"];

/** A browser and its system, as far as its own words tell. */
function deviceOf(agent: string): string {
  const said = (words: readonly string[]) => words.find((word) => agent.includes(word));
  const known = [said(BROWSERS)?.replace("Edg", "Edge").replace("OPR", "Opera"), said(SYSTEMS)?.replace("Mac OS X", "macOS")].filter(Boolean);
  return known.length === 0 ? agent.slice(0, 40) || "–" : known.join(" · ");
}
