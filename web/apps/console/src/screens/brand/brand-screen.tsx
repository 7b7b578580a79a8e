import { Trans, useLingui } from "@lingui/react/macro";
import type { BrandBody, BrandView } from "@perennial/api-admin";
import { Button, Group, Loading, Page, Panel, tellDone, tellFailed } from "@perennial/ui";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";

import { useFormat } from "../../i18n/format";
import { ColorFields } from "../../program/color-fields";
import { MemberCards } from "../../program/member-cards";
import { type Colors, useColors, useKeepColors } from "../../program/use-colors";
import { useMay } from "../../session/may";
import { sessionOptions } from "../../session/session";
import { useWorkspace } from "../../session/workspace";
import { toldBy } from "../../shell/problem";

const SOME_POINTS = 1_240;

/** The colors of the workspace: chosen, judged, seen at once, kept, and taken back. */
export function BrandScreen() {
  const { t } = useLingui();
  const format = useFormat();
  const { name } = useWorkspace();
  const may = useMay("programs");
  const colors = useColors();
  return (
    <Page
      title={t`Colors`}
      intro={t`The colors of this workspace: the console wears them, and so does what members see.`}
    >
      <Panel title={t`What is yours`} hint={t`Every color is checked: its text must be readable for everybody.`}>
        <ColorFields colors={colors} readOnly={!may} />
      </Panel>
      <Panel title={t`How it looks`} hint={t`On a light and on a dark ground, with a made-up member.`}>
        {colors.seen === undefined ? (
          <Loading lines={4} />
        ) : (
          <MemberCards
            colors={colors.seen}
            title={name}
            who="Anna"
            stands={[{ amount: format.points(SOME_POINTS), unit: t`points` }]}
          />
        )}
      </Panel>
      {may && <Keep colors={colors} />}
    </Page>
  );
}

function Keep({ colors }: { colors: Colors }) {
  const { t } = useLingui();
  const { brand } = useSuspenseQuery(sessionOptions).data;
  const keepColors = useKeepColors();
  const save = useMutation({
    mutationFn: keepColors,
    onError: (error) => {
      tellFailed(t`The colors were not changed`, toldBy(error).words);
    },
  });
  function keep(body: BrandBody, before: BrandView) {
    save.mutate(body, {
      onSuccess: () => {
        tellDone(t`These are the colors now`, { label: t`Undo`, run: () => { putBack(before); } });
      },
    });
  }
  function putBack({ color, dark_color }: BrandView) {
    colors.setColor(color ?? "");
    colors.setDark(dark_color ?? "");
    save.mutate({ color, dark_color });
  }
  return (
    <Group justify="flex-end">
      <Button
        disabled={!colors.changed || !colors.usable}
        loading={save.isPending}
        onClick={() => {
          keep(colors.body, brand);
        }}
      >
        <Trans>Keep these colors</Trans>
      </Button>
    </Group>
  );
}
