import { Button, type ButtonProps } from "@perennial/ui";
import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, Ref } from "react";

type AnchorProps = ButtonProps & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof ButtonProps> & { ref?: Ref<HTMLAnchorElement> };

function ButtonAnchor(props: AnchorProps) {
  return <Button component="a" {...props} />;
}

/** A button that leads somewhere: a link that can be opened in another tab like any other. */
export const LinkButton = createLink(ButtonAnchor);
