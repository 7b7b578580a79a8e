import { Trans, useLingui } from "@lingui/react/macro";
import { Button, Input, Panel, Stack } from "@perennial/ui";
import { IconPlus } from "@perennial/ui/icons";

import { evenly, type Kind, NEW_VARIANT, type Part } from "./plan";
import { ShareInput } from "./share-input";
import type { PartProps } from "./trial-form";
import { Variant } from "./variant";

const MOST = 6;

/** The control, and what is compared with it. */
export function Variants({ plan, missing, parts, onChange }: PartProps & { parts: Record<Kind, Part[]> }) {
  const { t } = useLingui();
  const { variants } = plan;
  return (
    <Panel title={t`Who gets what`} hint={t`Chosen by lot, the same for a member every time. What the shares leave takes no part.`}>
      <Stack gap="lg">
        <ShareInput
          label={t`The control, which gets the program as it is: share in percent`}
          value={plan.control}
          onChange={(control) => {
            onChange({ control });
          }}
        />
        {variants.map((variant, place) => (
          <Variant
            key={place}
            number={place + 1}
            variant={variant}
            parts={parts}
            missing={(field) => missing.has(`${String(place)}/${field}`)}
            onChange={(change) => {
              onChange({ variants: variants.with(place, { ...variant, ...change }) });
            }}
            onRemove={
              variants.length > 1
                ? () => {
                    onChange(evenly(variants.toSpliced(place, 1)));
                  }
                : undefined
            }
          />
        ))}
        {missing.has("shares") && (
          <Input.Error role="alert">
            <Trans>Every share is above 0, with at most one digit behind the point, and together they are at most 100 percent.</Trans>
          </Input.Error>
        )}
        {variants.length < MOST && (
          <div>
            <Button
              variant="default"
              leftSection={<IconPlus size={16} aria-hidden />}
              onClick={() => {
                onChange(evenly([...variants, NEW_VARIANT]));
              }}
            >
              <Trans>One more variant</Trans>
            </Button>
          </div>
        )}
      </Stack>
    </Panel>
  );
}
