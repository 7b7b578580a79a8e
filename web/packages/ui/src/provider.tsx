import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "@mantine/spotlight/styles.css";
import "./tokens.css";

import { DirectionProvider, MantineProvider, useDirection } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { setNonce } from "get-nonce";
import { type ReactNode, useEffect } from "react";

import { theme, variables } from "./theme";

export type Direction = "ltr" | "rtl";

/** The nonce that this page allows style elements with; browsers hide it from everything but this property. */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
}

setNonce(styleNonce());

/** Theme, direction and notices for everything below. */
export function UiProvider({ direction, children }: { direction: Direction; children: ReactNode }) {
  return (
    <DirectionProvider initialDirection={direction} detectDirection={false}>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={variables}
        defaultColorScheme="auto"
        getStyleNonce={styleNonce}
      >
        <Follow direction={direction} />
        <Notifications position="bottom-right" limit={4} containerWidth={380} />
        {children}
      </MantineProvider>
    </DirectionProvider>
  );
}

function Follow({ direction }: { direction: Direction }) {
  const { setDirection } = useDirection();
  useEffect(() => {
    setDirection(direction);
  }, [direction, setDirection]);
  return null;
}
