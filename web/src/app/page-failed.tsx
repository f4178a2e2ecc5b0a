/** When a page throws, and when there is none: said inside the frame, so that the rest keeps working. */
import { Button, Group } from "@mantine/core";
import { Link, useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { asProblem } from "#web/api/api-problem.ts";
import { Page } from "#web/components/page.tsx";
import { EmptyState } from "#web/components/states.tsx";
import { commonTexts, stateTexts } from "#web/i18n/texts/common.ts";
import { useText } from "#web/i18n/language.ts";

/** As browsers and the bundler say that a page's code or styles did not come. */
const notLoaded = /dynamically imported module|importing a module script failed|preload CSS/i;

export const PageFailed = ({ error, reset }: ErrorComponentProps): React.ReactElement => {
  const t = useText();
  const router = useRouter();
  const isAway = notLoaded.test(asProblem(error).message);
  return (
    <Page title={t(isAway ? stateTexts.notLoaded : stateTexts.crashed)}>
      <EmptyState
        title={t(isAway ? stateTexts.notLoadedHint : stateTexts.crashedHint)}
        hint={<code lang="en">{asProblem(error).message}</code>}
        action={
          <Group gap="xs">
            <Button
              size="xs"
              variant="default"
              onClick={() => {
                reset();
                void router.invalidate();
              }}
            >
              {t(commonTexts.retry)}
            </Button>
            <Button size="xs" onClick={() => location.reload()}>
              {t(stateTexts.reload)}
            </Button>
          </Group>
        }
      />
    </Page>
  );
};

export const NotFoundPage = (): React.ReactElement => {
  const t = useText();
  return (
    <Page title={t(stateTexts.pageNotFound)}>
      <EmptyState title={t(stateTexts.pageNotFoundHint)} action={<Link to="/">{t(stateTexts.toOverview)}</Link>} />
    </Page>
  );
};
