import { useLingui } from "@lingui/react/macro";
import type { SwitchObject } from "@perennial/api-admin";
import { switchListQueryKey, switchSetMutation } from "@perennial/api-admin/queries";
import { tellDone, tellFailed } from "@perennial/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { toldBy } from "../../shell/problem";

export interface Turn {
  object: SwitchObject;
  off: boolean;
  reason: string;
}

/** Switches something off or on; what is done can be undone at once. */
export function useSwitch() {
  const { t } = useLingui();
  const cache = useQueryClient();
  const mutation = useMutation({
    ...switchSetMutation(),
    onSettled: () => cache.invalidateQueries({ queryKey: switchListQueryKey() }),
    onError: (error) => {
      tellFailed(t`Nothing was switched`, toldBy(error).detail);
    },
  });
  function turn({ object, off, reason }: Turn, onDone?: () => void): void {
    mutation.mutate(
      { body: { object, off, reason } },
      {
        onSuccess: () => {
          onDone?.();
          const back = { object, off: !off, reason: t`Undone: ${reason}` };
          tellDone(off ? t`Switched off` : t`Switched on again`, {
            label: t`Undo`,
            run: () => {
              turn(back);
            },
          });
        },
      },
    );
  }
  return { turn, busy: mutation.isPending };
}

export function sameObject(one: SwitchObject, other: SwitchObject): boolean {
  return one.kind === other.kind && (one.program ?? "") === (other.program ?? "") && (one.id ?? "") === (other.id ?? "");
}
