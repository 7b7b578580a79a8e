import { Trans, useLingui } from "@lingui/react/macro";
import { noteDelete, type NoteList, notePost } from "@perennial/api-admin";
import { noteListOptions, noteListQueryKey } from "@perennial/api-admin/queries";
import { Button, Group, Panel, Stack, tellDone, tellFailed, Text, Textarea } from "@perennial/ui";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { useFormat } from "../../i18n/format";
import { useActor } from "../../session/use-actor";
import { useMay } from "../../session/may";
import { Answer } from "../../shell/answer";
import { toldBy } from "../../shell/problem";

/** What colleagues wrote down about a member. */
export function Notes({ customer }: { customer: string }) {
  const { t } = useLingui();
  const format = useFormat();
  const actorOf = useActor();
  const cache = useQueryClient();
  const may = useMay("members");
  const path = { id: customer };
  const key = noteListQueryKey({ path });
  const query = useQuery(noteListOptions({ path }));
  const [text, setText] = useState("");
  const refresh = () => cache.invalidateQueries({ queryKey: key });
  const write = useMutation({
    mutationFn: (note: string) => notePost({ path, body: { note }, throwOnError: true }),
    onSuccess: async () => {
      setText("");
      await refresh();
    },
    onError: (error) => {
      tellFailed(t`The note was not kept`, toldBy(error).detail);
    },
  });
  const remove = useMutation({
    mutationFn: ({ id }: { id: string; text: string }) => noteDelete({ path: { ...path, note: id }, throwOnError: true }),
    // It is gone at once, and comes back if the server says otherwise.
    onMutate: ({ id }) => {
      const before = cache.getQueryData<NoteList>(key);
      if (before !== undefined) cache.setQueryData<NoteList>(key, { ...before, data: before.data.filter((note) => note.id !== id) });
      return before;
    },
    onSuccess: (_, note) => {
      tellDone(t`The note is gone`, {
        label: t`Undo`,
        run: () => {
          write.mutate(note.text);
        },
      });
    },
    onError: (error, _, before) => {
      cache.setQueryData(key, before);
      tellFailed(t`The note is still there`, toldBy(error).detail);
    },
    onSettled: refresh,
  });
  return (
    <Panel title={t`Notes`} hint={t`For colleagues; they go when the member is erased.`}>
      <Stack gap="sm">
        <Answer query={query} lines={2}>
          {({ data }) => (
            <>
              {data.map((note) => (
                <Group key={note.id} justify="space-between" align="flex-start" wrap="nowrap" gap="sm">
                  <div>
                    <Text size="sm" dir="auto">
                      {note.text}
                    </Text>
                    <Text size="xs" c="dimmed">
                      <bdi>{actorOf(note.actor)}</bdi>, {format.ago(note.at)}
                    </Text>
                  </div>
                  {may && (
                    <Button
                      size="xs"
                      variant="default"
                      aria-label={t`Remove the note “${note.text}”`}
                      onClick={() => {
                        remove.mutate(note);
                      }}
                    >
                      <Trans>Remove</Trans>
                    </Button>
                  )}
                </Group>
              ))}
              {data.length === 0 && !may && (
                <Text size="sm" c="dimmed">
                  <Trans>None yet.</Trans>
                </Text>
              )}
            </>
          )}
        </Answer>
        {may && (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              if (text.trim() !== "") write.mutate(text.trim());
            }}
          >
            <Stack gap="xs">
              <Textarea
                aria-label={t`New note`}
                placeholder={t`What should colleagues know?`}
                autosize
                minRows={2}
                dir="auto"
                value={text}
                onChange={(event) => {
                  setText(event.currentTarget.value);
                }}
              />
              <div>
                <Button type="submit" size="xs" variant="default" loading={write.isPending}>
                  <Trans>Keep the note</Trans>
                </Button>
              </div>
            </Stack>
          </form>
        )}
      </Stack>
    </Panel>
  );
}
