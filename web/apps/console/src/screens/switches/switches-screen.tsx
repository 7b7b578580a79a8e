import { Trans, useLingui } from "@lingui/react/macro";
import { switchListOptions } from "@perennial/api-admin/queries";
import { Page, Stack } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";

import { Answer } from "../../shell/answer";
import { Everything } from "./everything";
import { ProgramSwitches } from "./program-switches";
import { WhatIsOff } from "./what-is-off";

/** The stop button: for everything, for a program, for a part of one. */
export function SwitchesScreen() {
  const { t } = useLingui();
  const switches = useQuery(switchListOptions());
  return (
    <Page
      title={t`Stop button`}
      intro={
        <Trans>
          What is switched off gives nothing from the very next order on. Returns, expiry and corrections by hand go on, and what was
          given stays.
        </Trans>
      }
    >
      <Answer query={switches}>
        {({ data }) => {
          const off = data.filter((each) => each.off);
          return (
            <Stack gap="lg">
              <Everything off={off} />
              <WhatIsOff off={off} />
              <ProgramSwitches off={off} />
            </Stack>
          );
        }}
      </Answer>
    </Page>
  );
}
