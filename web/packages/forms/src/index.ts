/** How people put things in: dialogs and editors that say what is wrong before the server does. */
export { ReasonDialog, type ReasonDialogProps } from "./reason-dialog";
