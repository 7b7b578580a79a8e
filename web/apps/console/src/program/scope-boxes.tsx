import { useLingui } from "@lingui/react/macro";
import type { Scope } from "@perennial/api-admin";
import { Checkbox, Input, SimpleGrid } from "@perennial/ui";

import { useMay } from "../session/may";
import { ALL_SCOPES, SCOPES } from "./scopes";

export interface ScopeBoxesProps {
  label: string;
  chosen: readonly Scope[];
  error: string | undefined;
  onChange: (chosen: Scope[]) => void;
}

/** Choose scopes; those that one lacks oneself cannot be given. */
export function ScopeBoxes({ label, chosen, error, onChange }: ScopeBoxesProps) {
  const { t } = useLingui();
  const all = useMay("admin");
  return (
    <Input.Wrapper label={label} labelElement="div" error={error}>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xs" mt={6} role="group" aria-label={label}>
        {ALL_SCOPES.map((scope) => (
          <ScopeBox
            key={scope}
            label={t(SCOPES[scope])}
            scope={scope}
            all={all}
            checked={chosen.includes(scope)}
            onChange={(on) => {
              onChange(on ? [...chosen, scope] : chosen.filter((each) => each !== scope));
            }}
          />
        ))}
      </SimpleGrid>
    </Input.Wrapper>
  );
}

function ScopeBox({ label, scope, all, checked, onChange }: { label: string; scope: Scope; all: boolean; checked: boolean; onChange: (on: boolean) => void }) {
  const own = useMay(scope);
  return (
    <Checkbox
      size="sm"
      label={label}
      disabled={!own && !all}
      checked={checked}
      onChange={(event) => {
        onChange(event.currentTarget.checked);
      }}
    />
  );
}
