import { useLingui } from "@lingui/react/macro";
import { reportListOptions } from "@perennial/api-admin/queries";
import { Page, Panel } from "@perennial/ui";
import { IconChevronRight } from "@perennial/ui/icons";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { useSpoken } from "../../i18n/spoken";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import classes from "./reports.module.css";

/** Every report that the server has, with its own words. */
export function ReportsScreen() {
  const { t } = useLingui();
  const { code: workspace } = useWorkspace();
  const reports = useQuery(reportListOptions({ query: useSpoken() }));
  return (
    <Page title={t`Reports`} intro={t`What happened, in figures that say how they are worked out.`}>
      <Panel title={t`All reports`} flush>
        <Answer query={reports}>
          {({ data }) => (
            <ul className={classes.list}>
              {data.map(({ name, title, description }) => (
                <li key={name}>
                  <Link to="/$workspace/reports/$report" params={{ workspace, report: name }} className={classes.report}>
                    <span className={classes.words}>
                      <bdi className={classes.title}>{title}</bdi>
                      <bdi className={classes.about}>{description}</bdi>
                    </span>
                    <IconChevronRight size={18} className={classes.arrow} aria-hidden />
                  </Link>
                </li>
              ))}
            </ul>
          )}
        </Answer>
      </Panel>
    </Page>
  );
}
