import { Trans, useLingui } from "@lingui/react/macro";
import { Alert } from "@perennial/ui";
import { IconAlertTriangle } from "@perennial/ui/icons";

/** Said instead of forms where a text is no document: forms would show it as empty. */
export function Unreadable() {
  const { t } = useLingui();
  return (
    <Alert color="red" variant="default" icon={<IconAlertTriangle size={18} aria-hidden />} title={t`The text cannot be read as forms`}>
      <Trans>Something in it is not written as YAML. Nothing is lost: mend it as text, and the forms are here again.</Trans>
    </Alert>
  );
}
