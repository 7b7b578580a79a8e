import { Trans, useLingui } from "@lingui/react/macro";
import { type CustomerView, customerDelete } from "@perennial/api-admin";
import { Button, Group, Menu, tellDone, tellFailed } from "@perennial/ui";
import { IconChevronDown } from "@perennial/ui/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense } from "react";

import { useMay, useMayAny } from "../../session/may";
import { useWorkspace } from "../../session/workspace";
import { toldBy } from "../../shell/problem";
import { useAsks } from "./use-asks";

type Asked = "adjust" | "block" | "merge" | "export" | "erase";

const AdjustDialog = lazy(() => import("./adjust-dialog"));
const BlockDialog = lazy(() => import("./block-dialog"));
const MergeDialog = lazy(() => import("./merge-dialog"));
const ExportDialog = lazy(() => import("./export-dialog"));
const EraseDialog = lazy(() => import("./erase-dialog"));

/** What may be done for a member, as far as the role goes. */
export function Actions({ member }: { member: CustomerView }) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const { code: workspace } = useWorkspace();
  const { asks, front, ask, send, bringBack, close } = useAsks<Asked>();
  const merges = useMay("adjust");
  const adjusts = merges && member.wallets.length > 0;
  const looksAfter = useMay("members");
  const erases = useMay("erase");
  const exports = useMayAny()(["members", "erase"]);
  const erase = useMutation({
    mutationFn: (reason: string) => customerDelete({ path: { id: member.id }, query: { reason }, throwOnError: true }),
    onSuccess: async () => {
      tellDone(t`Everything personal is gone`);
      cache.clear();
      await navigate({ to: "/$workspace/members", params: { workspace } });
    },
    onError: (error) => {
      tellFailed(t`Nothing was erased`, toldBy(error).detail);
    },
  });
  return (
    <Group gap="xs">
      {adjusts && (
        <Button
          onClick={() => {
            ask("adjust");
          }}
        >
          <Trans>Correct points…</Trans>
        </Button>
      )}
      {(exports || looksAfter || merges) && (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button variant="default" rightSection={<IconChevronDown size={16} aria-hidden />}>
              <Trans>More</Trans>
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {exports && (
              <Menu.Item
                onClick={() => {
                  ask("export");
                }}
              >
                <Trans>Export everything known…</Trans>
              </Menu.Item>
            )}
            {looksAfter && (
              <Menu.Item
                onClick={() => {
                  ask("block");
                }}
              >
                {member.blocked == null ? <Trans>Block…</Trans> : <Trans>Change the block…</Trans>}
              </Menu.Item>
            )}
            {merges && (
              <Menu.Item
                onClick={() => {
                  ask("merge");
                }}
              >
                <Trans>Merge into another account…</Trans>
              </Menu.Item>
            )}
            {erases && (
              <Menu.Item
                c="var(--p-bad-ink)"
                onClick={() => {
                  ask("erase");
                }}
              >
                <Trans>Erase…</Trans>
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      )}
      <Suspense fallback={null}>
        {asks.map(({ id, what }) => {
          const onClose = () => {
            close(id);
          };
          if (what === "adjust") {
            return (
              <AdjustDialog
                key={id}
                id={id}
                member={member}
                opened={id === front}
                onSend={() => {
                  send(id);
                }}
                onRefused={() => {
                  bringBack(id);
                }}
                onClose={onClose}
              />
            );
          }
          if (id !== front) return null;
          if (what === "block") return <BlockDialog key={id} member={member} onClose={onClose} />;
          if (what === "merge") return <MergeDialog key={id} member={member} onClose={onClose} />;
          if (what === "export") return <ExportDialog key={id} customer={member.id} onClose={onClose} />;
          return (
            <EraseDialog
              key={id}
              customer={member.id}
              busy={erase.isPending}
              onClose={onClose}
              onConfirm={(reason) => {
                erase.mutate(reason);
              }}
            />
          );
        })}
      </Suspense>
    </Group>
  );
}
