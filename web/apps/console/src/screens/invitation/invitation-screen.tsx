import { Trans, useLingui } from "@lingui/react/macro";
import { invitationLook } from "@perennial/api-admin";
import { EmptyState } from "@perennial/ui";
import { IconLock } from "@perennial/ui/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useState } from "react";

import { toldBy } from "../../shell/problem";
import { Answer } from "../../shell/answer";
import { Door } from "../../shell/door";
import { AcceptForm } from "./accept-form";

/** The token of the link; browsers keep what is behind the `#` to themselves. */
function tokenOfAddress(): string {
  return new URLSearchParams(window.location.hash.slice(1)).get("token") ?? "";
}

/** Somebody was invited: who they are, and the way in. */
export function InvitationScreen() {
  const { t } = useLingui();
  const [token] = useState(tokenOfAddress);
  const cache = useQueryClient();
  const router = useRouter();
  const query = useQuery({
    queryKey: ["invitation", token],
    queryFn: async ({ signal }) => {
      try {
        return (await invitationLook({ body: { token }, throwOnError: true, signal })).data;
      } catch (error) {
        const { status } = toldBy(error);
        if (status >= 400 && status < 500) return null;
        throw error;
      }
    },
  });
  return (
    <Door>
      <Answer query={query}>
        {(invited) =>
          invited === null ? (
            <EmptyState icon={<IconLock size={26} />} title={t`This link opens nothing`}>
              <Trans>It was used, withdrawn, or is older than seven days. Ask whoever sent it for another one.</Trans>
            </EmptyState>
          ) : (
            <AcceptForm
              invited={invited}
              token={token}
              onDone={() => {
                cache.clear();
                router.history.push("/");
              }}
            />
          )
        }
      </Answer>
    </Door>
  );
}
