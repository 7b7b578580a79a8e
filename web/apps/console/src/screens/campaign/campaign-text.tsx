import { Trans, useLingui } from "@lingui/react/macro";
import type { CampaignDocument } from "@perennial/api-admin";
import { Button, Group, Loading, Panel, SegmentedControl, Stack } from "@perennial/ui";
import { lazy, Suspense, useState } from "react";
import { stringify } from "yaml";

import { useMay } from "../../session/may";
import { RemoveButton } from "./remove-button";
import { useSaveCampaign } from "./use-save-campaign";

const CampaignForm = lazy(() => import("../../editor/campaign-form"));
const DocumentEditor = lazy(() => import("@perennial/forms/document-editor"));

const ITS_PATH = /^campaigns\[[^\]]+\]\.?/;

/** What the campaign says in the draft, to be written there; what runs stays as it is until it is published. */
export default function CampaignText({ answer }: { answer: CampaignDocument }) {
  const { t } = useLingui();
  const may = useMay("programs");
  const kept = stringify(answer.document ?? answer.published);
  const [text, setText] = useState(kept);
  const [seen, setSeen] = useState(answer.revision);
  if (seen !== answer.revision) {
    setSeen(answer.revision);
    setText(kept);
  }
  const [asText, setAsText] = useState(false);
  const problems = (answer.problems ?? []).map((each) => ({ ...each, path: each.path.replace(ITS_PATH, "") }));
  const { program, id } = answer.campaign;
  const { save, busy } = useSaveCampaign(program, id);
  const changed = text !== kept;
  return (
    <Panel
      title={t`What it says`}
      hint={t`A part of the program's draft. Nothing here touches a member before the program is published.`}
      actions={
        may && (
          <Group gap="xs">
            {answer.document !== null && <RemoveButton answer={answer} />}
            <Button
              disabled={!changed}
              variant={changed ? "filled" : "default"}
              loading={busy}
              onClick={() => {
                save(text, answer.revision, kept);
              }}
            >
              <Trans>Save to the draft</Trans>
            </Button>
          </Group>
        )
      }
    >
      <Stack gap="md">
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
