/** How an account is: sign and word. */
import type { Schemas } from "#web/api/generated.ts";
import { accountStateTexts } from "#web/i18n/texts/accounts.ts";
import { useText } from "#web/i18n/language.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import classes from "#web/pages/accounts/accounts.module.css";

export const accountStateWords = {
  enabled: accountStateTexts.enabled,
  disabled: wordTexts.disabled,
  "password-due": accountStateTexts.passwordDue,
  "never-signed-in": accountStateTexts.neverSignedIn,
} as const;

export const AccountState = ({ account }: { readonly account: Schemas["Account"] }): React.ReactElement => {
  const t = useText();
  const [tone, sign, text] = account.disabled
    ? (["bad", "⊘", wordTexts.disabled] as const)
    : account.mustChangePassword
      ? (["warn", "!", accountStateTexts.passwordDue] as const)
      : (["good", "✓", accountStateTexts.enabled] as const);
  return (
    <span className={classes.state} data-tone={tone}>
      <span aria-hidden="true">{sign} </span>
      {t(text)}
    </span>
  );
};
