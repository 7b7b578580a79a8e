import { Trans, useLingui } from "@lingui/react/macro";
import type { DraftView } from "@perennial/api-admin";
import { Alert, Button, Code } from "@perennial/ui";
import { IconInfoCircle } from "@perennial/ui/icons";

import { valueOf } from "../../editor/document";
import { useFormat } from "../../i18n/format";
import { isRecord } from "../../program/records";
import classes from "./program.module.css";

/** What is odd about the saved draft, though it can be published: what it gives back, and conditions that mean nothing. */
export function Warnings({ draft, onJump }: { draft: DraftView; onJump: (path: string) => void }) {
  const { t } = useLingui();
  const format = useFormat();
  const odd = (draft.gives_back ?? []).filter(({ advice }) => advice !== "fine");
  const warnings = draft.assessment?.warnings ?? [];
  if (odd.length === 0 && warnings.length === 0) return null;
  return (
    <Alert variant="default" icon={<IconInfoCircle size={18} aria-hidden />} title={t`Worth a look before you publish`}>
      <ul className={classes.problems}>
        {odd.map(({ wallet: id, advice, ...told }) => {
          const wallet = nameIn(draft.document, id);
          const percent = format.number(Number(told.percent), 2);
          return (
            <li key={id}>
              {advice === "little" ? (
                <Trans>
                  <bdi>{wallet}</bdi> gives back {percent} % of what members spend: less than 3 % is hardly noticed.
                </Trans>
              ) : (
                <Trans>
                  <bdi>{wallet}</bdi> gives back {percent} % of what members spend: more than 10 % is seldom earned with what was sold.
                </Trans>
              )}
            </li>
          );
        })}
        {warnings.map(({ path, words }) => (
          <li key={`${path}/${words}`}>
            {path !== "" && <Code dir="ltr">{path}</Code>} <bdi>{words}</bdi>{" "}
            {path !== "" && (
              <Button size="compact-xs" variant="subtle" aria-label={t`Go there: ${path}`} onClick={() => { onJump(path); }}>
                <Trans>Go there</Trans>
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Alert>
  );
}

/** What a wallet is called in a document. */
function nameIn(document: string, wallet: string): string {
  const wallets: unknown = valueOf(document)?.wallets;
  const found: unknown = Array.isArray(wallets) ? wallets.find((each: unknown) => isRecord(each) && each.id === wallet) : undefined;
  return isRecord(found) && typeof found.name === "string" ? found.name : wallet;
}
