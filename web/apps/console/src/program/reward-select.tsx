import { Trans, useLingui } from "@lingui/react/macro";
import { Alert, NativeSelect } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";

import { Answer } from "../shell/answer";
import { poolRewardsOptions } from "./rewards";

export interface RewardSelectProps {
  value: string;
  error: string | undefined;
  onChange: (reference: string) => void;
}

/** The reward that codes are for, out of those that have a code for each. */
export function RewardSelect({ value, error, onChange }: RewardSelectProps) {
  const { t } = useLingui();
  const rewards = useQuery(poolRewardsOptions);
  return (
    <Answer query={rewards} lines={1}>
      {(found) =>
        found.length === 0 ? (
          <Alert color="pine" variant="default">
            <Trans>
              No published reward has codes of its own yet. Give one a pattern such as THANKS-######## in its program, and publish it.
            </Trans>
          </Alert>
        ) : (
          <NativeSelect
            label={t`What the codes are good for`}
            data={[
              { value: "", label: "–" },
              ...found.map(({ reference, name, pattern }) => ({ value: reference, label: pattern === undefined ? name : `${name} · ${pattern}` })),
            ]}
            value={value}
            error={error}
            onChange={(event) => {
              onChange(event.currentTarget.value);
            }}
          />
        )
      }
    </Answer>
  );
}
