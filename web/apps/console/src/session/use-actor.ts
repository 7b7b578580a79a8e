import { useLingui } from "@lingui/react/macro";

const PERSON = "staff ";
const KEY = "key ";
const SERVER = "cli ";

/** Who did something, from what the server notes of it: the address of a person, or what else it was. */
export function useActor(): (noted: string) => string {
  const { t } = useLingui();
  return (noted) => {
    if (noted.startsWith(PERSON)) return noted.slice(PERSON.length);
    if (noted.startsWith(KEY)) return t`the key ${noted.slice(KEY.length)}`;
    if (noted.startsWith(SERVER)) return t`${noted.slice(SERVER.length)} on the server`;
    return noted;
  };
}
