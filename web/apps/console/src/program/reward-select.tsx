import { Trans, useLingui } from "@lingui/react/macro";
import { Alert, Select } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";

import { Answer } from "../shell/answer";
import { type PoolReward, poolRewardsOptions } from "./rewards";

export interface RewardSelectProps {
  value: string;
  error: string | undefined;
  onChange: (reference: string, reward: PoolReward) => void;
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
          <Select
            label={t`What the codes are good for`}
            data={found.map(({ reference, name, pattern }) => ({ value: reference, label: pattern === undefined ? name : `${name} · ${pattern}` }))}
            value={value === "" ? null : value}
            error={error}
            allowDeselect={false}
            onChange={(chosen) => {
              const reward = found.find(({ reference }) => reference === chosen);
              if (reward !== undefined) onChange(reward.reference, reward);
            }}
          />
        )
      }
    </Answer>
  );
}
