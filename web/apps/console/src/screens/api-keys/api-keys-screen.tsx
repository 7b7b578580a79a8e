import type { MessageDescriptor } from "@lingui/core";
import { Trans, useLingui } from "@lingui/react/macro";
import type { KeyView } from "@perennial/api-admin";
import { keyListOptions } from "@perennial/api-admin/queries";
import { Badge, Button, Code, type Column, DataTable, Dialog, EmptyState, Loading, Page, Panel, useDisclosure } from "@perennial/ui";
import { IconKey, IconPlus } from "@perennial/ui/icons";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";

import { useFormat } from "../../i18n/format";
import { SCOPES } from "../../program/scopes";
import { Answer } from "../../shell/answer";
import { RevokeButton } from "./revoke-button";

/** Comes when somebody wants a key. */
const KeyForm = lazy(async () => ({ default: (await import("./key-form")).KeyForm }));

/** The keys by which programs call the API. */
export function ApiKeysScreen() {
  const { t } = useLingui();
  const [making, { open, close }] = useDisclosure(false);
  const query = useQuery(keyListOptions());
  const columns = useColumns();
  return (
    <Page
      title={t`API keys`}
      intro={t`By these, programs do what their scopes allow: the shop, the till, an export. Each belongs in one place alone.`}
      actions={
        <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={open}>
          <Trans>New key</Trans>
        </Button>
      }
    >
      <Panel title={t`Keys of this workspace`} flush>
        <Answer query={query}>
          {({ data }) =>
            data.length === 0 ? (
              <EmptyState icon={<IconKey size={26} />} title={t`No key yet`}>
                <Trans>A shop needs one with the scope to send orders. Make it here, and keep it where the shop keeps its secrets.</Trans>
              </EmptyState>
            ) : (
              <DataTable label={t`Keys of this workspace`} columns={columns} rows={data} keyOf={(row) => row.id} />
            )
          }
        </Answer>
      </Panel>
      <Dialog opened={making} onClose={close} title={t`New key`} size="lg">
        <Suspense fallback={<Loading lines={6} />}>
          <KeyForm onClose={close} />
        </Suspense>
      </Dialog>
    </Page>
  );
}

function useColumns(): Column<KeyView>[] {
  const { t } = useLingui();
  const format = useFormat();
  const said = (scope: string) => {
    const words = (SCOPES as Partial<Record<string, MessageDescriptor>>)[scope];
    return words === undefined ? scope : t(words);
  };
  return [
    { id: "name", title: t`Name`, cell: ({ name }) => <bdi>{name}</bdi> },
    { id: "prefix", title: t`Begins with`, cell: ({ prefix }) => <Code dir="ltr">{prefix}…</Code> },
    { id: "scopes", title: t`Scopes`, cell: ({ scopes }) => format.list(scopes.map(said)) },
    { id: "at", title: t`Made`, cell: ({ created_at: at }) => format.date(at) },
    { id: "end", title: t`Ends`, cell: ({ expires_at: at }) => (at == null ? t`never` : format.date(at)) },
    {
      id: "revoke",
      title: t`State`,
      cell: (key) =>
        key.revoked_at == null ? (
          <RevokeButton apiKey={key} />
        ) : (
          <Badge tone="bad">
            <Trans>revoked</Trans>
          </Badge>
        ),
    },
  ];
}
