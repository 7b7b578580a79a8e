import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { Trans, useLingui } from "@lingui/react/macro";
import { Button, Fieldset, NativeSelect, SimpleGrid, Stack, TextInput } from "@perennial/ui";

import { FIGURES, type Kind, KINDS, type Part, type VariantPlan, WAYS } from "./plan";
import { ShareInput } from "./share-input";

interface VariantProps {
  number: number;
  variant: VariantPlan;
  parts: Record<Kind, Part[]>;
  missing: (field: string) => boolean;
  onChange: (change: Partial<VariantPlan>) => void;
  /** Without it the variant cannot be removed. */
  onRemove: (() => void) | undefined;
}

const WAY_WORDS: Record<(typeof WAYS)[number], MessageDescriptor> = {
  figure: msg`Another figure`,
  instead: msg`Another part in its place`,
  off: msg`Without it`,
  on: msg`Only this variant gets it`,
};

const KIND_WORDS: Record<Kind, MessageDescriptor> = { rules: msg`An earning rule`, rewards: msg`A reward`, campaigns: msg`A campaign`, messages: msg`A message` };

/** One variant: its share, and the one thing in which it differs. */
export function Variant({ number, variant, parts, missing, onChange, onRemove }: VariantProps) {
  const { t } = useLingui();
  return (
    <Fieldset legend={t`Variant ${number}`}>
      <Stack gap="md" maw="42rem">
        <TextInput
          label={t`Name of the variant`}
          value={variant.name}
          error={missing("name") && t`Give it a name.`}
          onChange={(event) => {
            onChange({ name: event.currentTarget.value });
          }}
        />
        <ShareInput
          value={variant.share}
          onChange={(share) => {
            onChange({ share });
          }}
        />
        <Difference variant={variant} parts={parts} missing={missing} onChange={onChange} />
        {onRemove !== undefined && (
          <div>
            <Button size="xs" variant="default" onClick={onRemove}>
              <Trans>Remove the variant</Trans>
            </Button>
          </div>
        )}
      </Stack>
    </Fieldset>
  );
}

function Difference({ variant, parts, missing, onChange }: Omit<VariantProps, "number" | "onRemove">) {
  const { t } = useLingui();
  const { way, kind, part, other } = variant;
  const ways = kind in FIGURES ? WAYS : WAYS.filter((each) => each !== "figure");
  const options = way === "figure" ? parts[kind].filter(({ figure }) => figure !== undefined) : parts[kind];
  const figure = parts[kind].find(({ id }) => id === part)?.figure;
  const named = (list: readonly Part[]) => [{ value: "", label: "–" }, ...list.map(({ id, name }) => ({ value: id, label: name === id ? id : `${name} (${id})` }))];
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <NativeSelect
          label={t`It differs in`}
          data={KINDS.map((each) => ({ value: each, label: t(KIND_WORDS[each]) }))}
          value={kind}
          onChange={(event) => {
            const next = KINDS.find((each) => each === event.currentTarget.value) ?? kind;
            onChange({ kind: next, part: "", other: "", figure: "", way: way === "figure" && !(next in FIGURES) ? "off" : way });
          }}
        />
        <NativeSelect
          label={t`How`}
          data={ways.map((each) => ({ value: each, label: t(WAY_WORDS[each]) }))}
          value={way}
          onChange={(event) => {
            onChange({ way: WAYS.find((each) => each === event.currentTarget.value) ?? way, part: "", other: "", figure: "" });
          }}
        />
      </SimpleGrid>
      <NativeSelect
        label={t`Which one`}
        data={named(options)}
        value={part}
        error={missing("part") && t`Choose one.`}
        onChange={(event) => {
          onChange({ part: event.currentTarget.value });
        }}
      />
      {way === "instead" && (
        <NativeSelect
          label={t`In its place`}
          data={named(options.filter(({ id }) => id !== part))}
          value={other}
          error={missing("other") && t`Choose one.`}
          onChange={(event) => {
            onChange({ other: event.currentTarget.value });
          }}
        />
      )}
      {way === "figure" && (
        <TextInput
          label={kind === "rewards" ? t`Price in points` : t`Points`}
          description={figure === undefined ? undefined : t`The control has ${figure}.`}
          inputMode="numeric"
          dir="ltr"
          maw="20rem"
          value={variant.figure}
          error={missing("figure") && t`A whole number above 0.`}
          onChange={(event) => {
            onChange({ figure: event.currentTarget.value.trim() });
          }}
        />
      )}
    </>
  );
}
