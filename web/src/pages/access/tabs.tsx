/** The parts of Access, below the heading of each. */
import { Link } from "@tanstack/react-router";
import { accessTexts } from "#web/i18n/texts/access.ts";
import { useText } from "#web/i18n/language.ts";
import classes from "#web/pages/access/access.module.css";

const parts = [
  ["/access", accessTexts.roles],
  ["/access/assignments", accessTexts.assignments],
  ["/access/who-can", accessTexts.whoCan],
  ["/access/what-if", accessTexts.whatIf],
  ["/access/tests", accessTexts.tests],
] as const;

export const AccessTabs = (): React.ReactElement => {
  const t = useText();
  return (
    <nav aria-label={t(accessTexts.parts)} className={classes.tabs}>
      {parts.map(([to, text]) => (
        <Link key={to} to={to} activeOptions={{ exact: true, includeSearch: false }}>
          {t(text)}
        </Link>
      ))}
    </nav>
  );
};
