import { Trans, useLingui } from "@lingui/react/macro";
import type { CampaignDocument } from "@perennial/api-admin";
import { Alert, Button, Group, Loading, Panel, SegmentedControl, Stack } from "@perennial/ui";
import { IconInfoCircle } from "@perennial/ui/icons";
import { lazy, Suspense, useState } from "react";
import { stringify } from "yaml";

import { arrived, begin, discarded, isChanged, type Saved, savedAs, typedOn } from "../../editor/editing";
import { readKept, useKept } from "../../editor/kept";
import { useMay } from "../../session/may";
import { useWorkspace } from "../../session/workspace";
import { RemoveButton } from "./remove-button";
import { useSaveCampaign } from "./use-save-campaign";

const CampaignForm = lazy(() => import("../../editor/campaign-form"));
const DocumentEditor = lazy(() => import("@perennial/forms/document-editor"));

const ITS_PATH = /^campaigns\[[^\]]+\]\.?/;

/** What the campaign says in the draft, to be written there; what runs stays as it is until it is published. */
export default function CampaignText({ answer }: { answer: CampaignDocument }) {
  const { t } = useLingui();
  const may = useMay("programs");
  const { code: workspace } = useWorkspace();
  const key = `perennial.campaign.${workspace}.${answer.campaign.program}.${answer.campaign.id}`;
  const kept = savedIn(answer);
  const [editing, setEditing] = useState(() => begin(kept, readKept(key)));
  if (editing.seen !== kept.revision) setEditing(arrived(editing, kept));
  useKept(key, editing);
  const { text } = editing;
  const setText = (next: string) => {
    setEditing((now) => typedOn(now, next, Date.now()));
  };
  const [asText, setAsText] = useState(false);
  const problems = (answer.problems ?? []).map((each) => ({ ...each, path: each.path.replace(ITS_PATH, "") }));
  const { program, id } = answer.campaign;
  const { save, busy } = useSaveCampaign(program, id);
  const changed = isChanged(editing);
  return (
    <Panel
      title={t`What it says`}
      hint={t`A part of the program's draft. Nothing here touches a member before the program is published.`}
      actions={
        may && (
          <Group gap="xs">
            {answer.document !== null && <RemoveButton answer={answer} />}
            <Button variant="default" disabled={!changed} onClick={() => { setEditing((now) => discarded(now, kept)); }}>
              <Trans>Discard</Trans>
            </Button>
            <Button
              disabled={!changed}
              variant={changed ? "filled" : "default"}
              loading={busy}
              onClick={() => {
                save(text, answer.revision, kept.document, (saved, sent) => {
                  setEditing((now) => savedAs(now, savedIn(saved), sent));
                });
              }}
            >
              <Trans>Save to the draft</Trans>
            </Button>
          </Group>
        )
      }
    >
      <Stack gap="md">
        {editing.outdated && changed ? (
          <Alert variant="default" icon={<IconInfoCircle size={18} aria-hidden />} title={t`The campaign was saved by somebody else meanwhile`}>
            <Trans>Your changes are still here, and not saved. Saving replaces what was saved meanwhile: look before you save, or discard yours.</Trans>
          </Alert>
        ) : (
          editing.found &&
          changed && (
            <Alert variant="default" icon={<IconInfoCircle size={18} aria-hidden />} title={t`Changes that were not saved are here again`}>
              <Trans>They were kept on this device. Save them, or discard them.</Trans>
            </Alert>
          )
        )}
        <Group>
          <SegmentedControl
            aria-label={t`How the campaign is shown`}
            data={[
              { value: "form", label: t`Form` },
              { value: "text", label: t`Text` },
            ]}
            value={asText ? "text" : "form"}
            onChange={(next) => {
              setAsText(next === "text");
            }}
          />
        </Group>
        <Suspense fallback={<Loading lines={6} />}>
          {asText ? (
            <DocumentEditor label={t`What it says`} value={text} flaws={problems} readOnly={!may} onChange={setText} />
          ) : (
            <CampaignForm program={program} text={text} problems={problems} readOnly={!may} onText={setText} />
          )}
        </Suspense>
      </Stack>
    </Panel>
  );
}

function savedIn({ document, published, revision }: CampaignDocument): Saved {
  return { document: stringify(document ?? published), revision };
}
