import { useLingui } from "@lingui/react/macro";
import { Modal } from "@mantine/core";

import type { DialogProps } from "./dialog";

/** What is around a dialog, once one is opened. */
export default function DialogFrame({ opened, onClose, title, size, children }: DialogProps) {
  const { t } = useLingui();
  return (
    <Modal.Root opened={opened} onClose={onClose} size={size} centered>
      <Modal.Overlay />
      <Modal.Content>
        <Modal.Header role="presentation">
          <Modal.Title fw={650}>{title}</Modal.Title>
          <Modal.CloseButton aria-label={t`Close`} />
        </Modal.Header>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
