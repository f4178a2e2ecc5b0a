/** The parts of Accounts. */
import { Parts } from "#web/components/parts.tsx";
import { accountsTexts, failedTexts } from "#web/i18n/texts/accounts.ts";
import { useText } from "#web/i18n/language.ts";
import { navigationTexts } from "#web/i18n/texts/shell.ts";

export const AccountsTabs = ({ within }: { readonly within?: "/accounts" }): React.ReactElement => {
  const t = useText();
  return (
    <Parts
      label={t(accountsTexts.parts)}
      {...(within === undefined ? {} : { within })}
      parts={[
        ["/accounts", t(navigationTexts.accounts)],
        ["/failed-logins", t(failedTexts.title)],
      ]}
    />
  );
};
