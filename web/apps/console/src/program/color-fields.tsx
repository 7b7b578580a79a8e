import { Trans, useLingui } from "@lingui/react/macro";
import type { JudgedColor } from "@perennial/api-admin";
import { Alert, Button, ColorField, Group, SimpleGrid, Stack, Text } from "@perennial/ui";
import type { ReactNode } from "react";

import { useFormat } from "../i18n/format";
import type { Colors } from "./use-colors";

const LEAST = 4.5;

/** The colors of a workspace; what cannot be read is said in words, with the nearest that can. */
export function ColorFields({ colors, readOnly = false }: { colors: Colors; readOnly?: boolean }) {
  const { t } = useLingui();
  const { seen } = colors;
  const noColor = t`A color is written as #1d6b4a.`;
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <ColorField
          label={t`Color`}
          description={t`Of buttons and links, here and in what members see; empty: that of the house.`}
          pick={t`Pick the color`}
          placeholder={seen?.light.color ?? ""}
          value={colors.color}
          error={!colors.isColor && noColor}
          disabled={readOnly}
          onChange={colors.setColor}
        />
        <ColorField
          label={t`Color in the dark`}
          description={t`On dark grounds; empty: the nearest that can be read there.`}
          pick={t`Pick the color in the dark`}
          placeholder={seen?.dark.color ?? ""}
          value={colors.color === "" ? "" : colors.dark}
          error={!colors.isDark && noColor}
          disabled={readOnly || colors.color === ""}
          onChange={colors.setDark}
        />
      </SimpleGrid>
      {seen !== undefined && !seen.light.readable && (
        <Unreadable judged={seen.light} title={t`This color is too pale`} onTake={colors.setColor}>
          <Trans>Text in it could not be read on a light ground.</Trans>
        </Unreadable>
      )}
      {seen !== undefined && !seen.dark.readable && (
        <Unreadable judged={seen.dark} title={t`The color in the dark is too dark`} onTake={colors.setDark}>
          <Trans>Text in it could not be read on a dark ground.</Trans>
        </Unreadable>
      )}
    </Stack>
  );
}

interface UnreadableProps {
  judged: JudgedColor;
  title: string;
  children: ReactNode;
  onTake: (color: string) => void;
}

function Unreadable({ judged, title, children, onTake }: UnreadableProps) {
  const format = useFormat();
  const ratio = format.number(Number(judged.contrast), 2);
  const least = format.number(LEAST, 1);
  return (
    <Alert variant="default" role="status" title={title}>
      <Text size="sm" mb="xs">
        {children} <Trans>Its contrast is {ratio}; {least} is the least.</Trans>
      </Text>
      <Group>
        <Button
          size="xs"
          variant="default"
          onClick={() => {
            onTake(judged.nearest);
          }}
        >
          <Trans>
            Take the nearest that works: <bdi>{judged.nearest}</bdi>
          </Trans>
        </Button>
      </Group>
    </Alert>
  );
}
