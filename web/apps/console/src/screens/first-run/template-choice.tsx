import { useLingui } from "@lingui/react/macro";
import type { ProgramTemplateEntry } from "@perennial/api-admin";
import { Panel } from "@perennial/ui";
import { useNavigate } from "@tanstack/react-router";

import classes from "./first-run.module.css";
import { firstRunRoute } from "./route";

export interface TemplateChoiceProps {
  templates: readonly ProgramTemplateEntry[];
  chosen: string;
}

/** The programs that ship, one of them chosen. */
export function TemplateChoice({ templates, chosen }: TemplateChoiceProps) {
  const { t } = useLingui();
  const navigate = useNavigate({ from: firstRunRoute.fullPath });
  return (
    <Panel title={t`1. A template`}>
      <fieldset className={classes.templates} aria-label={t`Template`}>
        {templates.map(({ id, title, description }) => (
          <label key={id} className={classes.template}>
            <input
              type="radio"
              name="template"
              value={id}
              checked={id === chosen}
              onChange={() => void navigate({ search: { template: id }, replace: true, resetScroll: false })}
            />
            <strong dir="auto">{title}</strong>
            <span className={classes.description} dir="auto">
              {description}
            </span>
          </label>
        ))}
      </fieldset>
    </Panel>
  );
}
