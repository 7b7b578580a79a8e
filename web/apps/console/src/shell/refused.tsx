import { Trans, useLingui } from "@lingui/react/macro";
import { EmptyState, Page, Panel } from "@perennial/ui";
import { IconLock } from "@perennial/ui/icons";
import { useSuspenseQuery } from "@tanstack/react-query";

import { useRoleName } from "../program/roles";
import { sessionOptions } from "../session/session";
import { useWorkspace } from "../session/workspace";
import { LinkButton } from "./link-button";

/** In kind words, why a screen is not for this person. */
export default function Refused() {
  const { t } = useLingui();
  const { code: workspace } = useWorkspace();
  const { data } = useSuspenseQuery(sessionOptions);
  const role = useRoleName()(data.role);
  const title = data.second_factor_needed ? t`A second step first` : t`This is not part of your role`;
  return (
    <Page title={title}>
      <Panel>
        <EmptyState
          icon={<IconLock size={26} />}
          title={data.name}
          action={
            <LinkButton to="/$workspace/account" params={{ workspace }} variant="default">
              <Trans>My account</Trans>
            </LinkButton>
          }
        >
          {data.second_factor_needed ? (
            <Trans>This workspace wants more than a password. Add an app with codes or a passkey to your account, and go on.</Trans>
          ) : (
            <Trans>Your role here is {role}. Who looks after staff and roles can give you another one.</Trans>
          )}
        </EmptyState>
      </Panel>
    </Page>
  );
}
