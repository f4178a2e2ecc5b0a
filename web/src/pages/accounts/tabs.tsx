/** The parts of Accounts. */
import { Parts } from "#web/components/parts.tsx";
import { accountsTexts } from "#web/i18n/texts/accounts.ts";
import { useText } from "#web/i18n/language.ts";

export const AccountsTabs = (): React.ReactElement => {
  const t = useText();
  return (
    <Parts
      label={t(accountsTexts.parts)}
      parts={[
        ["/accounts", t(accountsTexts.title)],
        ["/failed-logins", t(accountsTexts.failedLogins)],
      ]}
    />
  );
};
