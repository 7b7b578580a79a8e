import { useLingui } from "@lingui/react/macro";
import { factorsGetOptions } from "@perennial/api-admin/queries";
import { Page, Stack } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";

import { Answer } from "../../shell/answer";
import { App } from "./app";
import { Name } from "./name";
import { Passkeys } from "./passkeys";
import { Password } from "./password";
import { Sessions } from "./sessions";

/** The own account: who, how to sign in, and where one is signed in. */
export function AccountScreen() {
  const { t } = useLingui();
  const factors = useQuery(factorsGetOptions());
  return (
    <Page title={t`My account`} intro={t`It is the same in every workspace.`}>
      <Stack gap="lg">
        <Name />
        <Password />
        <Answer query={factors}>
          {(found) => (
            <>
              <App factors={found} />
              <Passkeys factors={found} />
            </>
          )}
        </Answer>
        <Sessions />
      </Stack>
    </Page>
  );
}
