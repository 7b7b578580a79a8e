import { Trans, useLingui } from "@lingui/react/macro";
import type { CalendarProgram } from "@perennial/api-admin";
import { calendarGetOptions } from "@perennial/api-admin/queries";
import { ActionIcon, Group, Loading, Panel } from "@perennial/ui";
import { IconArrowLeft, IconArrowRight } from "@perennial/ui/icons";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";

import { useFormat } from "../../i18n/format";
import { useNow } from "../../session/clock";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import classes from "./calendar.module.css";
import { CalendarRow } from "./calendar-row";
import { columns, daysOf, monthAfter, monthOf } from "./months";
import { campaignsRoute } from "./route";
import { rowsOf } from "./rows";

/** A month, day by day: what is open when, what else has a date, and what meets. */
export function Calendar() {
  const { t } = useLingui();
  const now = useNow();
  const { month = now && monthOf(now) } = campaignsRoute.useSearch();
  if (month !== undefined) return <Month month={month} today={now?.toISOString().slice(0, 10)} />;
  return (
    <Panel title={t`Calendar`} flush>
      <Loading lines={4} />
    </Panel>
  );
}

function Month({ month, today }: { month: string; today: string | undefined }) {
  const { t } = useLingui();
  const format = useFormat();
  const days = daysOf(month);
  const [first = "", last = ""] = [days[0], days.at(-1)];
  const calendar = useQuery({ ...calendarGetOptions({ query: { from: first, to: last } }), placeholderData: keepPreviousData });
  return (
    <Panel title={t`Calendar`} actions={<Months month={month} label={format.days(first, last)} />} flush>
      <Answer query={calendar}>
        {(view) => {
          const rows = rowsOf(view, days);
          const holidays = new Map(view.holidays.map((holiday) => [holiday.day, holiday.name]));
          return (
            <div className={classes.calendar}>
              <Days days={days} holidays={holidays} today={today} />
              {rows.length === 0 ? (
                <p className={classes.nothing}>
                  <Trans>Nothing opens in these days.</Trans>
                </p>
              ) : (
                <ul className={classes.rows}>
                  {rows.map((row) => (
                    <CalendarRow key={row.key} row={row} days={days} />
                  ))}
                </ul>
              )}
              {view.programs.map((each) => (
                <DraftNote key={each.program} of={each} />
              ))}
              {view.truncated && (
                <p className={classes.nothing}>
                  <Trans>There is more in these days than can be shown.</Trans>
                </p>
              )}
            </div>
          );
        }}
      </Answer>
    </Panel>
  );
}

/** What the calendar cannot show of a program's draft, or what keeps that from being published. */
function DraftNote({ of: { program, name, draft_unreadable: unreadable, draft_problems: problems } }: { of: CalendarProgram }) {
  const { code: workspace } = useWorkspace();
  if (!unreadable && problems.length === 0) return null;
  return (
    <p className={classes.nothing}>
      {unreadable ? (
        <Trans>The draft of {name} has problems: what is planned in it is not shown.</Trans>
      ) : (
        <Trans>The draft of {name} has problems: it cannot be published as it is.</Trans>
      )}{" "}
      <Link to="/$workspace/programs/$program" params={{ workspace, program }}>
        <Trans>See the draft</Trans>
      </Link>
    </p>
  );
}

function Months({ month, label }: { month: string; label: string }) {
  const { t } = useLingui();
  const navigate = useNavigate({ from: campaignsRoute.fullPath });
  const show = (other: string) => void navigate({ search: { month: other }, replace: true, resetScroll: false });
  return (
    <Group gap={6} wrap="nowrap">
      <ActionIcon
        variant="default"
        aria-label={t`The month before`}
        onClick={() => {
          show(monthAfter(month, -1));
        }}
      >
        <IconArrowLeft size={16} className={classes.arrow} aria-hidden />
      </ActionIcon>
      <span className={classes.month} aria-live="polite">
        {label}
      </span>
      <ActionIcon
        variant="default"
        aria-label={t`The month after`}
        onClick={() => {
          show(monthAfter(month, 1));
        }}
      >
        <IconArrowRight size={16} className={classes.arrow} aria-hidden />
      </ActionIcon>
    </Group>
  );
}

/** The days on top; people who hear the page hear the dates with each campaign instead. */
function Days({ days, holidays, today }: { days: readonly string[]; holidays: ReadonlyMap<string, string>; today: string | undefined }) {
  const format = useFormat();
  return (
    <div className={classes.days} style={{ gridTemplateColumns: columns(days.length) }} aria-hidden>
      {days.map((day) => (
        <span
          key={day}
          className={classes.day}
          data-weekend={format.isWeekend(day) || undefined}
          data-holiday={holidays.has(day) || undefined}
          data-today={day === today || undefined}
          title={holidays.get(day)}
        >
          <span className={classes.weekday}>{format.weekday(day)}</span>
          {format.dayOfMonth(day)}
        </span>
      ))}
    </div>
  );
}
