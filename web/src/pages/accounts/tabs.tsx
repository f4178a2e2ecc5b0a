/** The parts of Accounts. */
import { Link } from "@tanstack/react-router";
import { accountsTexts } from "#web/i18n/texts/accounts.ts";
import { useText } from "#web/i18n/language.ts";
import classes from "#web/pages/accounts/accounts.module.css";

export const AccountsTabs = (): React.ReactElement => {
  const t = useText();
  return (
    <nav aria-label={t(accountsTexts.parts)} className={classes.tabs}>
      <Link to="/accounts" activeOptions={{ exact: true, includeSearch: false }}>
        {t(accountsTexts.title)}
      </Link>
      <Link to="/failed-logins" activeOptions={{ exact: true, includeSearch: false }}>
        {t(accountsTexts.failedLogins)}
      </Link>
    </nav>
  );
};
