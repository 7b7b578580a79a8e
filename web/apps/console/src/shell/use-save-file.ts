import { tellFailed } from "@perennial/ui";
import { useMutation } from "@tanstack/react-query";

import { toldBy } from "./problem";
import { saveFile } from "./save-file";

/** Asks for a text and hands it over as a file; `failed` says what was not done where there is none. */
export function useSaveFile<Asked = void>(
  ask: (asked: Asked) => Promise<{ data: unknown }>,
  nameOf: (asked: Asked) => string,
  failed: string,
  type?: string,
) {
  const mutation = useMutation({
    mutationFn: async (asked: Asked) => {
      const { data } = await ask(asked);
      saveFile(nameOf(asked), String(data), type);
    },
    onError: (error) => {
      tellFailed(failed, toldBy(error).detail);
    },
  });
  return { save: mutation.mutate, busy: mutation.isPending };
}
