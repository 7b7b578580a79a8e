import { Trans, useLingui } from "@lingui/react/macro";
import type { BatchView } from "@perennial/api-admin";
import { Page } from "@perennial/ui";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { useWorkspace } from "../../session/workspace";
import { CodesForm } from "./codes-form";
import { Done } from "./done";

/** Make many codes at once, and watch them come. */
export function NewCodesScreen() {
  const { t } = useLingui();
  const { code: workspace } = useWorkspace();
  const [made, setMade] = useState<BatchView>();
  return (
    <Page
      title={t`Make codes`}
      intro={t`Up to a million at once, each different. All of them are there at the end, or none.`}
      trail={
        <Link to="/$workspace/vouchers" params={{ workspace }}>
          <Trans>Vouchers</Trans>
        </Link>
      }
    >
      {made === undefined ? <CodesForm onMade={setMade} /> : <Done batch={made} />}
    </Page>
  );
}
