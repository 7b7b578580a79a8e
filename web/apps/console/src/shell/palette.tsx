import { msg } from "@lingui/core/macro";
import { useLingui } from "@lingui/react/macro";
import { programListOptions } from "@perennial/api-admin/queries";
import { Spotlight, type SpotlightActionData } from "@perennial/ui";
import { IconHierarchy2, IconLanguage, IconSearch, IconUser } from "@perennial/ui/icons";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { speak } from "../i18n/catalogs";
import { LOCALES } from "../i18n/locales";
import { useMay } from "../session/may";
import { useWorkspace } from "../session/workspace";
import { paletteStore } from "./palette-store";
import { usePlaces } from "./use-places";

const GROUPS = { members: msg`Members`, places: msg`Places`, programs: msg`Programs`, languages: msg`Language` };

/** Everything by name, from the keyboard. */
export default function Palette() {
  const { t } = useLingui();
  const [query, setQuery] = useState("");
  const actions = useActions(query.trim());
  return (
    <Spotlight
      store={paletteStore}
      actions={actions}
      query={query}
      onQueryChange={setQuery}
      shortcut={null}
      clearQueryOnClose
      scrollable
      maxHeight={420}
      nothingFound={t`Nothing of that name.`}
      searchProps={{
        leftSection: <IconSearch size={18} aria-hidden />,
        placeholder: t`A member's id, a program, a place…`,
        "aria-label": t`Find anything`,
      }}
    />
  );
}

function useActions(query: string) {
  const { t } = useLingui();
  const navigate = useNavigate();
  const { code: workspace } = useWorkspace();
  const groups = usePlaces();
  const reads = useMay("read");
  const programs = useQuery({ ...programListOptions(), enabled: reads });
  const places: SpotlightActionData[] = groups.flatMap((group) => group.places).map((place) => ({
    id: place.to,
    label: t(place.label),
    leftSection: <place.icon size={18} aria-hidden />,
    onClick: () => void navigate({ to: place.to, params: { workspace } }),
  }));
  const found: SpotlightActionData[] = (programs.data?.data ?? []).map(({ program, name }) => ({
    id: `program:${program}`,
    label: name,
    keywords: program,
    leftSection: <IconHierarchy2 size={18} aria-hidden />,
    onClick: () => void navigate({ to: "/$workspace/programs/$program", params: { workspace, program } }),
  }));
  const languages: SpotlightActionData[] = LOCALES.map((locale) => ({
    id: `language:${locale.code}`,
    label: locale.name,
    keywords: locale.code,
    leftSection: <IconLanguage size={18} aria-hidden />,
    onClick: () => void speak(locale),
  }));
  const member: SpotlightActionData[] = query === "" || !reads ? [] : [
    {
      id: "member",
      label: t`Look for the member “${query}”`,
      keywords: query,
      leftSection: <IconUser size={18} aria-hidden />,
      onClick: () => void navigate({ to: "/$workspace/members", params: { workspace }, search: { find: query } }),
    },
  ];
  return [
    { group: t(GROUPS.places), actions: places },
    { group: t(GROUPS.programs), actions: found },
    { group: t(GROUPS.languages), actions: languages },
    { group: t(GROUPS.members), actions: member },
  ].filter((group) => group.actions.length > 0);
}
