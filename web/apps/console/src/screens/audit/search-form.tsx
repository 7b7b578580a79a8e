import { Trans, useLingui } from "@lingui/react/macro";
import { Button, Group, SimpleGrid, TextInput } from "@perennial/ui";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { useWorkspace } from "../../session/workspace";
import type { AuditSearch } from "./route";

/** By who, what, when and words. The address keeps it, so that it can be sent to a colleague. */
export function SearchForm({ search }: { search: AuditSearch }) {
  const { t } = useLingui();
  const { code: workspace } = useWorkspace();
  const navigate = useNavigate();
  const [wanted, setWanted] = useState(search);
  const field = (name: keyof AuditSearch) => ({
    value: wanted[name] ?? "",
    onChange: (event: { currentTarget: { value: string } }) => {
      setWanted({ ...wanted, [name]: event.currentTarget.value });
    },
  });
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
        <TextInput label={t`What was done`} placeholder="role., program.published" dir="ltr" {...field("action")} />
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
