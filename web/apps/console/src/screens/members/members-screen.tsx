import { Trans, useLingui } from "@lingui/react/macro";
import { Button, EmptyState, Page, Panel, TextInput } from "@perennial/ui";
import { IconSearch, IconUsers } from "@perennial/ui/icons";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { useWorkspace } from "../../session/workspace";
import { Found } from "./found";
import classes from "./members.module.css";
import { recentMembers } from "./recent";
import { membersRoute } from "./route";

/** Find a member by whatever is at hand. */
export function MembersScreen() {
  const { t } = useLingui();
  const { find } = membersRoute.useSearch();
  return (
    <Page
      title={t`Members`}
      intro={t`By name, your own id, an e-mail address, a phone number, a card or a voucher's code.`}
    >
      <Panel>
        <FindForm key={find} find={find ?? ""} />
      </Panel>
      {find === undefined ? <Recent /> : <Found find={find} />}
    </Page>
  );
}

function FindForm({ find }: { find: string }) {
  const { t } = useLingui();
  const { code: workspace } = useWorkspace();
  const navigate = useNavigate();
  const [words, setWords] = useState(find);
  return (
    <form
      role="search"
      className={classes.search}
      onSubmit={(event) => {
        event.preventDefault();
        const wanted = words.trim();
        void navigate({
          to: "/$workspace/members",
          params: { workspace },
          search: wanted === "" ? {} : { find: wanted },
        });
      }}
    >
      <TextInput
        className={classes.field}
        aria-label={t`Find a member`}
        placeholder={t`customer-1, ada@example.org, +1 212 555 0100…`}
        leftSection={<IconSearch size={18} aria-hidden />}
        value={words}
        dir="auto"
        onChange={(event) => {
          setWords(event.currentTarget.value);
        }}
      />
      <Button type="submit">
        <Trans>Find</Trans>
      </Button>
    </form>
  );
}

function Recent() {
  const { t } = useLingui();
  const { code: workspace } = useWorkspace();
  const recent = recentMembers(workspace);
  if (recent.length === 0) {
    return (
      <Panel>
        <EmptyState icon={<IconUsers size={26} />} title={t`Who would you like to know?`}>
          <Trans>
            Everybody who ordered or signed up is here. A customer becomes a member by joining a program; most programs do that
            with the first order.
          </Trans>
        </EmptyState>
      </Panel>
    );
  }
  return (
    <Panel title={t`Looked at lately`} hint={t`On this device.`}>
      <ul className={classes.recent}>
        {recent.map((customer) => (
          <li key={customer}>
            <Link to="/$workspace/members/$customer" params={{ workspace, customer }} dir="auto">
              {customer}
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
