import { Trans, useLingui } from "@lingui/react/macro";
import { Button, Group, NativeSelect, SimpleGrid, TextInput } from "@perennial/ui";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { useWorkspace } from "../../session/workspace";
import { ACTIONS } from "./actions";
import type { AuditSearch } from "./route";

/** By who, what, when and words. The address keeps it, so that it can be sent to a colleague. */
export function SearchForm({ search }: { search: AuditSearch }) {
  const { t, i18n } = useLingui();
  const { code: workspace } = useWorkspace();
  const navigate = useNavigate();
  const [wanted, setWanted] = useState(search);
  const field = (name: keyof AuditSearch) => ({
    value: wanted[name] ?? "",
    onChange: (event: { currentTarget: { value: string } }) => {
      setWanted({ ...wanted, [name]: event.currentTarget.value });
    },
  });
  const known = Object.entries(ACTIONS).map(([value, said]) => ({ value, label: t(said) }));
  known.sort((one, other) => one.label.localeCompare(other.label, i18n.locale));
  // The address may ask for the beginning of a name, such as `role.`.
  const asked = search.action === undefined || search.action in ACTIONS ? [] : [{ value: search.action, label: search.action }];
  const actions = [{ value: "", label: t`Anything` }, ...asked, ...known];
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        const kept = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value.trim() !== ""));
        void navigate({ to: "/$workspace/audit", params: { workspace }, search: kept });
      }}
    >
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }}>
        <TextInput label={t`Words`} placeholder={t`in reasons, before and after`} dir="auto" {...field("text")} />
        <TextInput label={t`Who`} placeholder="ada@example.org" dir="auto" {...field("actor")} />
        <NativeSelect label={t`What was done`} data={actions} {...field("action")} />
        <TextInput label={t`To what`} placeholder="program/points" dir="ltr" {...field("object")} />
        <TextInput type="date" label={t`First day`} {...field("since")} />
        <TextInput type="date" label={t`Last day`} {...field("until")} />
      </SimpleGrid>
      <Group mt="md">
        <Button type="submit">
          <Trans>Search</Trans>
        </Button>
      </Group>
    </form>
  );
}
