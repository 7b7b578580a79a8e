import { Trans, useLingui } from "@lingui/react/macro";
import { programDiffOptions } from "@perennial/api-admin/queries";
import { Panel, Text } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";

import { useFormat } from "../../i18n/format";
import { useSpoken } from "../../i18n/spoken";
import { Answer } from "../../shell/answer";
import classes from "./program.module.css";

/** What publishing would change, in words. */
export function Changes({ program, old, revision }: { program: string; old: number; revision: number }) {
  const { t } = useLingui();
  const format = useFormat();
  const options = programDiffOptions({ path: { id: program }, query: { old: String(old), ...useSpoken() } });
  const diff = useQuery({ ...options, queryKey: [...options.queryKey, revision] as never });
  return (
    <Panel title={t`What would change`} hint={t`The saved draft beside version ${format.number(old)}, which runs.`}>
      <Answer query={diff} lines={2}>
        {({ changes }) =>
          changes.length === 0 ? (
            <Text c="dimmed" size="sm">
              <Trans>Nothing: the draft says what the version says.</Trans>
            </Text>
          ) : (
            <ul className={classes.changes}>
              {changes.map((change) => (
                <li key={`${change.path}/${change.words}`} className={classes.change}>
                  <bdi>{change.words}</bdi>
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
    </Panel>
  );
}
