/** How people put things in: dialogs and editors that say what is wrong before the server does. */
export { ConfirmDialog, type ConfirmDialogProps, DialogForm, type DialogFormProps } from "./dialog-form";
export { ReasonDialog, type ReasonDialogProps } from "./reason-dialog";
