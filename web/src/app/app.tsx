/** The door, or the frame with its pages: which, is the session's state. */
import { Button } from "@mantine/core";
import { RouterProvider } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useSyncExternalStore } from "react";
import { queryClient } from "#web/api/query-client.ts";
import { session } from "#web/api/session.ts";
import { router } from "#web/app/router.ts";
import { EmptyState } from "#web/components/states.tsx";
import { stateTexts } from "#web/i18n/texts/common.ts";
import { shellTexts } from "#web/i18n/texts/shell.ts";
import { useText } from "#web/i18n/language.ts";
import { part } from "#web/components/part.tsx";
import { anyNote } from "#web/components/notify.ts";

const SignInPage = lazy(() => import("#web/pages/sign-in/sign-in-page.tsx").then((page) => ({ default: page.SignInPage })));
const Notes = part(() => import("#web/components/notes.tsx").then((module) => module.Notes), { quiet: true });

const Replaced = (): React.ReactElement => {
  const t = useText();
  return (
    <main>
      <EmptyState
        title={t(shellTexts.replacedTitle)}
        hint={t(shellTexts.replacedText)}
        action={<Button onClick={() => location.reload()}>{t(stateTexts.reload)}</Button>}
      />
    </main>
  );
};

export const App = (): React.ReactElement => {
  const state = useSyncExternalStore(session.subscribe, session.get);
  const noted = useSyncExternalStore(anyNote.subscribe, anyNote.get);
  const isIn = state.kind === "signed-in";
  useEffect(() => {
    // SECURITY: what a session loaded goes with it.
    if (!isIn) queryClient.clear();
  }, [isIn]);
  if (state.kind === "replaced") return <Replaced />;
  return (
    <>
      <Suspense fallback={null}>{isIn ? <RouterProvider router={router} /> : <SignInPage state={state} />}</Suspense>
      {noted ? <Notes options={{ onFail: () => anyNote.set(false) }} /> : null}
    </>
  );
};
