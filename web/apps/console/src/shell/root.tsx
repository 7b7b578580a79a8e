import { Trans, useLingui } from "@lingui/react/macro";
import { EmptyState } from "@perennial/ui";
import { IconLeaf } from "@perennial/ui/icons";
import { Link, Outlet } from "@tanstack/react-router";

export function Root() {
  return <Outlet />;
}

/** An address that leads nowhere. */
export function Lost() {
  const { t } = useLingui();
  return (
    <EmptyState
      icon={<IconLeaf size={26} />}
      title={t`There is nothing at this address`}
      action={
        <Link to="/">
          <Trans>Back to the start</Trans>
        </Link>
      }
    >
      <Trans>The page may have moved, or the link was cut short on its way to you.</Trans>
    </EmptyState>
  );
}
