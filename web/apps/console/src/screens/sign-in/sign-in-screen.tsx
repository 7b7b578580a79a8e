import { Trans } from "@lingui/react/macro";
import { signinWaysOptions } from "@perennial/api-admin/queries";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { Answer } from "../../shell/answer";
import { Door } from "../../shell/door";
import { CodeForm } from "./code-form";
import { PasswordForm } from "./password-form";
import { ProviderButton } from "./provider-button";
import { SetupForm } from "./setup-form";

/** The door: password, second step, and on a fresh installation the first person. */
export function SignInScreen() {
  const ways = useQuery(signinWaysOptions());
  const [ticket, setTicket] = useState<string>();
  const goOn = useGoOn();
  return (
    <Door foot={<Trans>Customers who come back every season.</Trans>}>
      <Answer query={ways}>
        {({ needs_setup, single_sign_on }) => {
          if (needs_setup) return <SetupForm onDone={goOn} />;
          if (ticket !== undefined) return <CodeForm ticket={ticket} onDone={goOn} />;
          return (
            <>
              <PasswordForm onTicket={setTicket} onDone={goOn} />
              {single_sign_on != null && <ProviderButton name={single_sign_on} />}
            </>
          );
        }}
      </Answer>
    </Door>
  );
}

function useGoOn(): () => void {
  const next = useSearch({ strict: false, select: (search) => search.next });
  const cache = useQueryClient();
  const router = useRouter();
  return () => {
    cache.clear();
    router.history.push(next ?? "/");
  };
}
