import { useLingui } from "@lingui/react/macro";
import { PasswordInput, type PasswordInputProps } from "@perennial/ui";

const LEAST = 12;

/** A password that there is already. */
export function PasswordField(props: PasswordInputProps) {
  const { t } = useLingui();
  return (
    <PasswordInput
      autoComplete="current-password"
      required
      withAsterisk={false}
      visibilityToggleButtonProps={{ "aria-label": t`Show the password` }}
      {...props}
    />
  );
}

/** A password that is made up now. */
export function NewPassword(props: PasswordInputProps) {
  const { t } = useLingui();
  return <PasswordField description={t`At least 12 characters; a sentence does well.`} autoComplete="new-password" minLength={LEAST} {...props} />;
}
