import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { Badge } from "@perennial/ui";
import { Link } from "@tanstack/react-router";

import { useFormat } from "../../i18n/format";
import { useProgramName } from "../../program/use-program-name";
import { useWorkspace } from "../../session/workspace";
import classes from "./calendar.module.css";
import { columns } from "./months";
import type { Row } from "./rows";
import { KINDS } from "./states";

/** One campaign, or another thing with a date, across the days of the month. */
export function CalendarRow({ row, days }: { row: Row; days: readonly string[] }) {
  const { t } = useLingui();
  const nameOf = useProgramName();
  return (
    <li className={classes.row}>
      <div className={classes.label}>
        <RowName row={row} />
        <span className={classes.about}>
          <bdi>{nameOf(row.program)}</bdi>
          {row.kind !== "campaign" && <> · {t(KINDS[row.kind])}</>}
          {row.times > 1 && (
            <>
              {" · "}
              <Plural value={row.times} one="# time" other="# times" />
            </>
          )}
        </span>
        {row.state === "draft" && (
          <Badge tone="plain">
            <Trans>Draft</Trans>
          </Badge>
        )}
        {row.overlaps.length > 0 && <Meets names={row.overlaps} />}
      </div>
      <Track row={row} days={days} />
    </li>
  );
}

function RowName({ row }: { row: Row }) {
  const { code: workspace } = useWorkspace();
  if (row.kind !== "campaign" || row.id === null) return <bdi className={classes.name}>{row.name}</bdi>;
  return (
    <Link
      className={classes.name}
      to="/$workspace/campaigns/$program/$campaign"
      params={{ workspace, program: row.program, campaign: row.id }}
    >
      <bdi>{row.name}</bdi>
    </Link>
  );
}

function Meets({ names }: { names: readonly string[] }) {
  const format = useFormat();
  return (
    <Badge tone="warn">
      <Trans>Meets {format.list(names)}</Trans>
    </Badge>
  );
}

function Track({ row, days }: { row: Row; days: readonly string[] }) {
  const format = useFormat();
  const spoken = row.bars.map(({ first, last }) => format.days(days[first] ?? "", days[last] ?? ""));
  return (
    <div className={classes.track} style={{ gridTemplateColumns: columns(days.length) }} role="img" aria-label={format.list(spoken)}>
      {row.bars.map((bar) => (
        <span
          key={bar.first}
          className={classes.bar}
          data-state={row.state}
          data-kind={row.kind === "campaign" ? undefined : "moment"}
          style={{ gridColumn: `${String(bar.first + 1)} / ${String(bar.last + 2)}` }}
        />
      ))}
    </div>
  );
}
