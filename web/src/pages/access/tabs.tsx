/** The parts of Access, below the heading of each. */
import { Parts } from "#web/components/parts.tsx";
import { accessTexts } from "#web/i18n/texts/access.ts";
import { useText } from "#web/i18n/language.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";

export const AccessTabs = ({ within }: { readonly within?: "/access" | "/access/tests" }): React.ReactElement => {
  const t = useText();
  return (
    <Parts
      label={t(accessTexts.parts)}
      {...(within === undefined ? {} : { within })}
      parts={[
        ["/access", t(wordTexts.roles)],
        ["/access/assignments", t(accessTexts.assignments)],
        ["/access/who-can", t(wordTexts.whoCan)],
        ["/access/what-if", t(accessTexts.whatIf)],
        ["/access/tests", t(accessTexts.tests)],
      ]}
    />
  );
};
