import { Trans, useLingui } from "@lingui/react/macro";
import type { AppView } from "@perennial/api-admin";
import { totpConfirmMutation } from "@perennial/api-admin/queries";
import { Button, Code, Group, Loading, Stack, Text, TextInput } from "@perennial/ui";
import { useMutation } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";

import { toldBy } from "../../shell/problem";

const Qr = lazy(() => import("@perennial/ui/qr"));

/** Scan, and show with a first code that it worked. */
export function NewApp({ app, onAdded }: { app: AppView; onAdded: (recovery: readonly string[]) => void }) {
  const { t } = useLingui();
  const [code, setCode] = useState("");
  const confirm = useMutation({
    ...totpConfirmMutation(),
    onSuccess: ({ codes }) => {
      onAdded(codes);
    },
  });
  return (
    <Group gap="xl" align="flex-start">
      <Suspense fallback={<Loading lines={3} />}>
        <Qr text={app.uri} label={t`QR code for the app`} />
      </Suspense>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          confirm.mutate({ body: { code: code.replace(/\s/g, "") } });
        }}
      >
        <Stack gap="sm" maw={360}>
          <Text size="sm">
            <Trans>Scan it with the app, or enter this secret by hand:</Trans>
          </Text>
          <Code dir="ltr">{app.secret.replace(/(.{4})(?=.)/g, "$1 ")}</Code>
          <TextInput
            label={t`The code that it shows now`}
            inputMode="numeric"
            autoComplete="one-time-code"
            dir="ltr"
            required
            withAsterisk={false}
            value={code}
            error={confirm.isError ? toldBy(confirm.error).words : undefined}
            onChange={(event) => {
              setCode(event.currentTarget.value);
            }}
          />
          <div>
            <Button type="submit" loading={confirm.isPending}>
              <Trans>Turn it on</Trans>
            </Button>
          </div>
        </Stack>
      </form>
    </Group>
  );
}
