/** When a page throws, and when there is none: said inside the frame, so that the rest keeps working. */
import { Button, Group } from "@mantine/core";
import { Link, useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useLiveState } from "#web/api/live.ts";
import { asProblem } from "#web/api/api-problem.ts";
import { Page } from "#web/components/page.tsx";
import { EmptyState } from "#web/components/states.tsx";
import { commonTexts, stateTexts } from "#web/i18n/texts/common.ts";
import { useText } from "#web/i18n/language.ts";

/** How the bundler and the browsers say that the code of a page did not come. */
const notLoaded = /preload CSS|dynamically imported module|importing a module script/i;

/** Its code did not come. Where the manager is away the page comes with it; where there is a newer cockpit only loading that one helps. */
const NotLoaded = (): React.ReactElement => {
  const t = useText();
  const live = useLiveState();
  const isAway = live === "offline" || live === "connecting";
  const [wasAway, setWasAway] = useState(isAway);
  if (isAway && !wasAway) setWasAway(true);
  useEffect(() => {
    if (wasAway && live === "live") location.reload();
  }, [wasAway, live]);
  return (
    <Page title={t(wasAway ? stateTexts.unreachable : stateTexts.notLoaded)}>
      <EmptyState
        title={t(wasAway ? stateTexts.comesBack : stateTexts.notLoadedHint)}
        action={
          <Button size="xs" variant="default" onClick={() => location.reload()}>
            {t(stateTexts.reload)}
          </Button>
        }
      />
    </Page>
  );
};

export const PageFailed = (props: ErrorComponentProps): React.ReactElement =>
  notLoaded.test(asProblem(props.error).message) ? <NotLoaded /> : <Crashed {...props} />;

const Crashed = ({ error, reset }: ErrorComponentProps): React.ReactElement => {
  const t = useText();
  const router = useRouter();
  return (
    <Page title={t(stateTexts.crashed)}>
      <EmptyState
        title={t(stateTexts.crashedHint)}
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
