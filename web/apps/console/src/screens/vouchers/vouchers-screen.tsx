import { Trans, useLingui } from "@lingui/react/macro";
import { Button, Group, Page, Panel, TextInput } from "@perennial/ui";
import { IconPlus, IconSearch, IconUpload } from "@perennial/ui/icons";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { useMay } from "../../session/may";
import { useWorkspace } from "../../session/workspace";
import { LinkButton } from "../../shell/link-button";
import { OneCode } from "./one-code";
import { Pools } from "./pools";
import { vouchersRoute } from "./route";

/** Every pool of codes, and any single code by what somebody reads from it. */
export function VouchersScreen() {
  const { t } = useLingui();
  const { code: workspace } = useWorkspace();
  const { code } = vouchersRoute.useSearch();
  const may = useMay("vouchers");
  return (
    <Page
      title={t`Vouchers`}
      intro={t`Codes that are good for a reward: made or imported in pools, given to members one by one, and gift cards.`}
      actions={
        may && (
          <>
            <LinkButton to="/$workspace/import-codes" params={{ workspace }} variant="default" leftSection={<IconUpload size={18} aria-hidden />}>
              <Trans>Import codes</Trans>
            </LinkButton>
            <LinkButton to="/$workspace/new-codes" params={{ workspace }} leftSection={<IconPlus size={18} aria-hidden />}>
              <Trans>Make codes</Trans>
            </LinkButton>
          </>
        )
      }
    >
      <Panel title={t`Look a code up`} hint={t`Upper and lower case, spaces and dashes do not matter.`}>
        <CodeForm key={code} code={code ?? ""} />
      </Panel>
      {code !== undefined && <OneCode code={code} />}
      <Pools />
    </Page>
  );
}

function CodeForm({ code }: { code: string }) {
  const { t } = useLingui();
  const { code: workspace } = useWorkspace();
  const navigate = useNavigate();
  const [words, setWords] = useState(code);
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        const wanted = words.trim();
        void navigate({ to: "/$workspace/vouchers", params: { workspace }, search: wanted === "" ? {} : { code: wanted } });
      }}
    >
      <Group gap="sm">
        <TextInput
          flex="1 1 14rem"
          aria-label={t`Code`}
          placeholder="SUMMER-7K2M-9QXR"
          leftSection={<IconSearch size={18} aria-hidden />}
          dir="ltr"
          value={words}
          onChange={(event) => {
            setWords(event.currentTarget.value);
          }}
        />
        <Button type="submit">
          <Trans>Look up</Trans>
        </Button>
      </Group>
    </form>
  );
}
