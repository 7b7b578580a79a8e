import { Trans, useLingui } from "@lingui/react/macro";
import type { AuditEntryView } from "@perennial/api-admin";
import { Badge } from "@perennial/ui";

import { useFormat } from "../../i18n/format";
import { useActor } from "../../session/use-actor";
import { ACTIONS } from "./actions";
import classes from "./audit.module.css";
import { changesOf } from "./changes";

/** One entry: who did what to which thing, why, and what is different. */
export function Entry({ entry }: { entry: AuditEntryView }) {
  const { t } = useLingui();
  const format = useFormat();
  const actorOf = useActor();
  const changes = changesOf(entry.before, entry.after);
  const said = ACTIONS[entry.action];
  const done = said === undefined ? entry.action : t(said);
  return (
    <article className={classes.entry} aria-label={`${done} ${entry.object}`}>
      <div className={classes.head}>
        <Badge tone="info">
          <bdi>{done}</bdi>
        </Badge>
        <bdi className={classes.object}>{entry.object}</bdi>
        <span className={classes.when}>
          <bdi>{actorOf(entry.actor)}</bdi> · <time dateTime={entry.at}>{format.moment(entry.at)}</time>
        </span>
      </div>
      {entry.reason != null && entry.reason !== "" && (
        <p className={classes.reason} dir="auto">
          {entry.reason}
        </p>
      )}
      {changes.length > 0 && (
        <details>
          <summary>
            <Trans>What is different</Trans>
          </summary>
          <table className={classes.changes}>
            <thead>
              <tr>
                <th scope="col">{t`Field`}</th>
                <th scope="col">{t`Before`}</th>
                <th scope="col">{t`After`}</th>
              </tr>
            </thead>
            <tbody>
              {changes.map(({ path, before, after }) => (
                <tr key={path}>
                  <th scope="row" dir="ltr">
                    <code>{path}</code>
                  </th>
                  <td className={classes.before} dir="auto">
                    {before ?? "–"}
                  </td>
                  <td className={classes.after} dir="auto">
                    {after ?? "–"}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </article>
  );
}
