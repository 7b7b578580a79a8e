import { Trans, useLingui } from "@lingui/react/macro";
import type { DraftView } from "@perennial/api-admin";
import { Button, Group, Panel, Stack } from "@perennial/ui";
import { lazy, Suspense, useState } from "react";

import { useMay } from "../../session/may";
import { Loading } from "@perennial/ui";
import { Changes } from "./changes";
import { Problems } from "./problems";
import { PublishButton } from "./publish-button";
import { useSaveDraft } from "./use-save-draft";

const DocumentEditor = lazy(() => import("@perennial/forms/document-editor"));

/** The draft as its document: written, checked, compared and published. */
export function Draft({ draft, newest }: { draft: DraftView; newest: number | undefined }) {
  const { t } = useLingui();
  const may = useMay("programs");
  const [text, setText] = useState(draft.document);
  const [seen, setSeen] = useState(draft.revision);
  if (seen !== draft.revision) {
    setSeen(draft.revision);
    setText(draft.document);
  }
  const save = useSaveDraft(draft.program);
  const changed = text !== draft.document;
  const sound = draft.problems.length === 0;
  return (
    <Stack gap="lg">
      <Panel
        title={t`Draft`}
        hint={t`Nothing here touches a member before it is published.`}
        actions={
          may && (
            <Group gap="xs">
              <Button
                variant="default"
                disabled={!changed}
                onClick={() => {
                  setText(draft.document);
                }}
              >
                <Trans>Discard</Trans>
              </Button>
              <Button
                variant={changed ? "filled" : "default"}
                disabled={!changed}
                loading={save.busy}
                onClick={() => {
                  save.save(text, draft);
                }}
              >
                <Trans>Save the draft</Trans>
              </Button>
              <PublishButton draft={draft} newest={newest} disabled={changed || !sound} />
            </Group>
          )
        }
      >
        <Stack gap="md">
          <Problems problems={draft.problems} stale={changed} />
          <Suspense fallback={<Loading lines={8} />}>
            <DocumentEditor label={t`Program document`} value={text} flaws={draft.problems} readOnly={!may} onChange={setText} />
          </Suspense>
        </Stack>
      </Panel>
      {sound && newest !== undefined && newest > 0 && <Changes program={draft.program} old={newest} revision={draft.revision} />}
    </Stack>
  );
}
