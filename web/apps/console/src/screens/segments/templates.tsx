import { Trans, useLingui } from "@lingui/react/macro";
import { segmentTemplatesOptions } from "@perennial/api-admin/queries";
import { Panel } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { useSpoken } from "../../i18n/spoken";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import classes from "./segments.module.css";

/** Segments that most shops want, ready to be looked at. */
export function Templates() {
  const { t } = useLingui();
  const { code: workspace } = useWorkspace();
  const templates = useQuery(segmentTemplatesOptions({ query: useSpoken() }));
  return (
    <Panel title={t`Ready-made`} hint={t`Each shows its count and some customers before anything is saved, and can be changed.`}>
      <Answer query={templates}>
        {({ data }) => (
          <ul className={classes.templates}>
            {data.map((template) => (
              <li key={template.id}>
                <Link className={classes.template} to="/$workspace/new-segment" params={{ workspace }} search={{ template: template.id }}>
                  <strong>{template.name}</strong>
                  <span>{template.words}</span>
                </Link>
              </li>
            ))}
            <li>
              <Link className={classes.template} to="/$workspace/new-segment" params={{ workspace }}>
                <strong>
                  <Trans>Your own</Trans>
                </strong>
                <span>
                  <Trans>Write the condition yourself.</Trans>
                </span>
              </Link>
            </li>
          </ul>
        )}
      </Answer>
    </Panel>
  );
}
