/** What runs, what failed, what waits, how the nodes are. */
import { createLazyRoute } from "@tanstack/react-router";
import { Page } from "#web/components/page.tsx";
import { navigationTexts } from "#web/i18n/texts/shell.ts";
import { useText } from "#web/i18n/language.ts";

const OverviewPage = (): React.ReactElement => {
  const t = useText();
  return <Page title={t(navigationTexts.overview)}>{null}</Page>;
};

export const lazyRoute = createLazyRoute("/")({ component: OverviewPage });
