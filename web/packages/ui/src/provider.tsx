import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "@mantine/spotlight/styles.css";
import "./tokens.css";

import { DirectionProvider, MantineProvider, useDirection } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { setNonce } from "get-nonce";
import { type ReactNode, useEffect, useMemo } from "react";

import { type Brand, themeOf, variablesOf } from "./theme";

export type Direction = "ltr" | "rtl";

/** The nonce that this page allows style elements with; browsers hide it from everything but this property. */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
}

setNonce(styleNonce());

export interface UiProviderProps {
  direction: Direction;
  /** The colors to wear; else those of the house. */
  brand?: Brand;
  children: ReactNode;
}

/** Theme, direction and notices for everything below. */
export function UiProvider({ direction, brand, children }: UiProviderProps) {
  const { light, dark } = brand ?? {};
  const [theme, variables] = useMemo(() => {
    const worn = light === undefined || dark === undefined ? undefined : { light, dark };
    return [themeOf(worn), variablesOf(worn)];
  }, [light, dark]);
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
