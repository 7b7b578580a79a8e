import { useLingui } from "@lingui/react/macro";
import { Skeleton, Stack } from "@mantine/core";

/** The shape of what is on its way. */
export function Loading({ lines = 4 }: { lines?: number }) {
  const { t } = useLingui();
  return (
    <Stack gap="sm" role="status" aria-label={t`Loading`}>
      {Array.from({ length: lines }, (_, index) => (
        <Skeleton key={index} height={18} width={`${String(96 - index * 13)}%`} />
      ))}
    </Stack>
  );
}
