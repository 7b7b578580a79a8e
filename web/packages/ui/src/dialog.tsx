import type { ModalRootProps } from "@mantine/core";
import { lazy, type ReactNode, Suspense, useState } from "react";

export interface DialogProps {
  opened: boolean;
  onClose: () => void;
  title: ReactNode;
  size?: ModalRootProps["size"];
  children: ReactNode;
}

/** No screen needs it before somebody opens something. */
const DialogFrame = lazy(() => import("./dialog-frame"));

/** Something that has to be read or answered before anything else goes on. */
export function Dialog(props: DialogProps) {
  const [wanted, setWanted] = useState(props.opened);
  if (props.opened && !wanted) setWanted(true);
  if (!wanted) return null;
  return (
    <Suspense fallback={null}>
      <DialogFrame {...props} />
    </Suspense>
  );
}
