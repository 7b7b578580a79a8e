import { useLingui } from "@lingui/react/macro";
import { factorsGetOptions } from "@perennial/api-admin/queries";
import { Loading, Page, Stack } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";

import { Answer } from "../../shell/answer";
import { Name } from "./name";
import { Password } from "./password";
import { Sessions } from "./sessions";

/** Come when it is known what there is to sign in with. */
const App = lazy(async () => ({ default: (await import("./app")).App }));
const Passkeys = lazy(async () => ({ default: (await import("./passkeys")).Passkeys }));

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
            <Suspense fallback={<Loading lines={6} />}>
              <App factors={found} />
              <Passkeys factors={found} />
            </Suspense>
          )}
        </Answer>
        <Sessions />
      </Stack>
    </Page>
  );
}
