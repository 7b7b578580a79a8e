import { Trans, useLingui } from "@lingui/react/macro";
import type { DraftView } from "@perennial/api-admin";
import { switchListOptions } from "@perennial/api-admin/queries";
import { ActionIcon, Alert, Button, Group, Loading, Panel, SegmentedControl, Stack, useHotkeys } from "@perennial/ui";
import { IconArrowBackUp, IconArrowForwardUp, IconInfoCircle } from "@perennial/ui/icons";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";

import { hasForm } from "../../editor/formless";
import { useMay } from "../../session/may";
import { Changes } from "./changes";
import { CountingBanner } from "./counting";
import { Flaws } from "./flaws";
import { PlannedBanner } from "./planned";
import { Problems } from "./problems";
import { PublishButton } from "./publish-button";
import { useDraftText } from "./use-draft-text";
import { useSaveDraft } from "./use-save-draft";
import { Warnings } from "./warnings";

const DocumentEditor = lazy(() => import("@perennial/forms/document-editor"));
const ProgramForm = lazy(() => import("../../editor/program-form"));

interface DraftProps {
  draft: DraftView;
  newest: number | undefined;
  /** When the newest version was published. */
  published: string | undefined;
  /** The section of the forms that is shown first. */
  section: string | undefined;
  asText: boolean;
  onAsText: (asText: boolean) => void;
}

/** The draft as forms or as its document: written, checked, compared and published. */
export default function Draft({ draft, newest, published, section, asText, onAsText }: DraftProps) {
  const { t } = useLingui();
  const may = useMay("programs");
  const editing = useDraftText(draft);
  const { text, changed } = editing;
  const [jump, setJump] = useState<{ path: string }>();
  const switches = useQuery(switchListOptions());
  const save = useSaveDraft(draft.program);
  const sound = draft.problems.length === 0;
  useHotkeys([
    ["mod+Z", () => editing.undo?.()],
    ["mod+shift+Z", () => editing.redo?.()],
  ]);
  // Also where somebody types: the browser's own way to save a page is of no use there.
  useHotkeys([["mod+S", () => { if (may && changed && !save.busy) save.save(text, draft, editing.saved); }]], [], true);
  const write = (next: string) => {
    editing.write(next, Date.now());
  };
  const goTo = (path: string) => {
    if (hasForm(path)) setJump({ path });
    onAsText(!hasForm(path));
  };
  return (
    <Stack gap="lg">
      <Panel
        title={t`Draft`}
        hint={t`Nothing here touches a member before it is published.`}
        actions={
          may && (
            <Group gap="xs">
              <ActionIcon variant="default" size="lg" aria-label={t`Take back`} disabled={editing.undo === undefined} onClick={editing.undo}>
                <IconArrowBackUp size={18} aria-hidden />
              </ActionIcon>
              <ActionIcon variant="default" size="lg" aria-label={t`Do again`} disabled={editing.redo === undefined} onClick={editing.redo}>
                <IconArrowForwardUp size={18} aria-hidden />
              </ActionIcon>
              <Button variant="default" disabled={!changed} onClick={editing.discard}>
                <Trans>Discard</Trans>
              </Button>
              <Button
                variant={changed ? "filled" : "default"}
                disabled={!changed}
                loading={save.busy}
                onClick={() => {
                  save.save(text, draft, editing.saved);
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
          <CountingBanner program={draft.program} />
          <PlannedBanner program={draft.program} published={published} />
          {editing.outdated ? (
            <Alert variant="default" icon={<IconInfoCircle size={18} aria-hidden />} title={t`The draft was saved by somebody else meanwhile`}>
              <Trans>Your changes are still here, and not saved. Saving replaces what was saved meanwhile: look before you save, or discard yours.</Trans>
            </Alert>
          ) : (
            editing.found && (
              <Alert variant="default" icon={<IconInfoCircle size={18} aria-hidden />} title={t`Changes that were not saved are here again`}>
                <Trans>They were kept on this device. Save them, or discard them.</Trans>
              </Alert>
            )
          )}
          <Problems
            problems={draft.problems}
            stale={changed}
            onJump={goTo}
          />
          {sound && !changed && <Warnings draft={draft} onJump={goTo} />}
          <Group>
            <SegmentedControl
              aria-label={t`How the draft is shown`}
              data={[
                { value: "form", label: t`Forms` },
                { value: "text", label: t`Text` },
              ]}
              value={asText ? "text" : "form"}
              onChange={(next) => {
                setJump(undefined);
                onAsText(next === "text");
              }}
            />
          </Group>
          <Suspense fallback={<Loading lines={8} />}>
            {asText ? (
              <DocumentEditor label={t`Program document`} value={text} flaws={draft.problems} readOnly={!may} onChange={write} />
            ) : (
              <ProgramForm program={draft.program} wanted={section} text={text} problems={draft.problems} off={switches.data?.data ?? []} readOnly={!may} jump={jump} onText={write} />
            )}
          </Suspense>
        </Stack>
      </Panel>
      {sound && newest !== undefined && newest > 0 && <Changes program={draft.program} old={newest} revision={draft.revision} />}
      {sound && may && <Flaws key={draft.revision} program={draft.program} />}
    </Stack>
  );
}
