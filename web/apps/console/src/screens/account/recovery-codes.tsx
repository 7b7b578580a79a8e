import { Trans, useLingui } from "@lingui/react/macro";
import { Alert, Button, Code, CopyButton, Group, SimpleGrid } from "@perennial/ui";

import { saveFile } from "../../shell/save-file";

/** The codes for when the app is lost, shown this once. */
export function RecoveryCodes({ codes }: { codes: readonly string[] }) {
  const { t } = useLingui();
  return (
    <Alert color="pine" variant="default" title={t`Keep these recovery codes`}>
      <Trans>Each opens the door once when the app is lost. They are not shown again.</Trans>
      <SimpleGrid cols={{ base: 2, sm: 5 }} my="sm" spacing="xs" aria-label={t`Recovery codes`} role="list">
        {codes.map((code) => (
          <Code key={code} dir="ltr" role="listitem">
            {code}
          </Code>
        ))}
      </SimpleGrid>
      <Group gap="xs">
        <CopyButton value={codes.join("\n")}>
          {({ copied, copy }) => (
            <Button size="xs" variant="default" onClick={copy}>
              {copied ? <Trans>Copied</Trans> : <Trans>Copy them</Trans>}
            </Button>
          )}
        </CopyButton>
        <Button
          size="xs"
          variant="default"
          onClick={() => {
            saveFile("recovery-codes.txt", `${codes.join("\n")}\n`, "text/plain");
          }}
        >
          <Trans>Save as a file</Trans>
        </Button>
      </Group>
    </Alert>
  );
}
