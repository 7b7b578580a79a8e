import { Trans, useLingui } from "@lingui/react/macro";
import { Loading, Page, Stack } from "@perennial/ui";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";

import { useWorkspace } from "../../session/workspace";
import type { CodeRow } from "./csv";
import type { ImportedCodes } from "./imported";

/** Comes when a list is there to be looked at. */
const Preview = lazy(() => import("./preview"));
const FileForm = lazy(async () => ({ default: (await import("./file-form")).FileForm }));
const Imported = lazy(async () => ({ default: (await import("./imported")).Imported }));

export interface Wanted {
  reward: string;
  name: string;
  rows: readonly CodeRow[];
  allowWeak: boolean;
}

/** Take codes over that were made elsewhere: choose, look at every bad row, and only then write. */
export function ImportCodesScreen() {
  const { t } = useLingui();
  const { code: workspace } = useWorkspace();
  const [wanted, setWanted] = useState<Wanted>();
  const [turn, setTurn] = useState(0);
  const [done, setDone] = useState<ImportedCodes>();
  return (
    <Page
      title={t`Import codes`}
      intro={t`Codes that were printed or made elsewhere. Nothing is written before you have seen which rows would be left out.`}
      trail={
        <Link to="/$workspace/vouchers" params={{ workspace }}>
          <Trans>Vouchers</Trans>
        </Link>
      }
    >
      {done === undefined ? (
        <Stack gap="lg">
          <Suspense fallback={<Loading />}>
            <FileForm
              onChosen={(chosen) => {
                setWanted(chosen);
                setTurn(turn + 1);
              }}
            />
          </Suspense>
          {wanted !== undefined && (
            <Suspense fallback={<Loading />}>
              <Preview key={turn} turn={turn} wanted={wanted} onDone={setDone} />
            </Suspense>
          )}
        </Stack>
      ) : (
        <Suspense fallback={<Loading />}>
          <Imported imported={done} />
        </Suspense>
      )}
    </Page>
  );
}
