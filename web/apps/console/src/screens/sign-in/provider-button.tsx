import { Trans } from "@lingui/react/macro";
import { signinSingleMutation } from "@perennial/api-admin/queries";
import { Alert, Button, Stack } from "@perennial/ui";
import { useMutation } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";

import { Wrong } from "../../shell/wrong";

/** The way by the company's own provider: it takes the whole page there, and back. */
export function ProviderButton({ name }: { name: string }) {
  const problem = useSearch({ strict: false, select: (search) => search.problem });
  const begin = useMutation({
    ...signinSingleMutation(),
    onSuccess: ({ address }) => {
      window.location.assign(address);
    },
  });
  return (
    <Stack gap="md" mt="md">
      <Wrong error={begin.error} />
      {!begin.isError && problem !== undefined && (
        <Alert color="red" variant="default" role="alert">
          <Trans>{name} has not signed you in.</Trans>
        </Alert>
      )}
      <Button
        variant="default"
        size="md"
        loading={begin.isPending}
        onClick={() => {
          begin.mutate({});
        }}
      >
        <Trans>Sign in with {name}</Trans>
      </Button>
    </Stack>
  );
}
