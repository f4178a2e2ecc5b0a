/** The door: signing in, and the forced first change of a one-time password. Shown in place of everything else, at whatever address. */
import { Button, PasswordInput, TextInput } from "@mantine/core";

import { useEffect, useRef, useState } from "react";
import { ApiProblem } from "#web/api/api-problem.ts";
import { call } from "#web/api/call.ts";
import type { Schemas } from "#web/api/generated.ts";
import { queryClient } from "#web/api/query-client.ts";
import { enterSession, productVersion, realm, type SessionState } from "#web/api/session.ts";
import { Icon } from "#web/components/icon.tsx";
import { ProblemNote } from "#web/components/states.tsx";
import { signInTexts } from "#web/i18n/texts/sign-in.ts";
import { useAct } from "#web/components/use-act.ts";
import { useText } from "#web/i18n/language.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import classes from "#web/pages/sign-in/sign-in.module.css";

/** Where a session began or got a new password: nothing that was loaded before it is shown in it. */
const enter = (opened: Schemas["NewSession"]): void => {
  queryClient.clear();
  enterSession(opened);
};

const Frame = ({ title, children }: { readonly title: string; readonly children: React.ReactNode }): React.ReactElement => {
  const t = useText();
  useEffect(() => {
    document.title = `${title} · Behalf · ${realm}`;
  }, [title]);
  return (
    <main className={classes.door}>
      <div className={classes.sheet}>
        <p className={classes.brand}>
          <Icon name="mark" size={22} /> Behalf
        </p>
        <h1 className={classes.title}>{title}</h1>
        {children}
      </div>
      <p className={classes.foot}>
        {t(signInTexts.realm, { realm })} · {productVersion}
      </p>
    </main>
  );
};

/** Seconds that are left of a delay after failures. */
const useCountdown = (error: Error | null): number => {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    const seconds = error instanceof ApiProblem ? (error.retryAfterSeconds ?? 0) : 0;
    setLeft(seconds);
    if (seconds === 0) return undefined;
    const end = performance.now() + seconds * 1000;
    const timer = setInterval(() => {
      const now = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      setLeft(now);
      if (now === 0) clearInterval(timer);
    }, 250);
    return () => clearInterval(timer);
  }, [error]);
  return left;
};

const SignIn = ({ ended }: { readonly ended: boolean }): React.ReactElement => {
  const t = useText();
  const [account, setAccount] = useState("");
  const [password, setPassword] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const signing = useAct({
    mutationFn: () => call("POST /api/v1/sessions", { body: { account: account.trim(), password, kind: "browser" } }),
    onSuccess: enter,
    onError: () => {
      field.current?.select();
      field.current?.focus();
    },
  });
  const wait = useCountdown(signing.error);
  const wrong = signing.error instanceof ApiProblem && signing.error.code === "identity.wrong-credentials";
  return (
    <Frame title={t(signInTexts.title)}>
      <p className={classes.note}>{t(ended ? signInTexts.ended : signInTexts.firstNote)}</p>
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (!signing.isPending && wait === 0) signing.mutate();
        }}
      >
        <TextInput
          label={t(wordTexts.account)}
          name="account"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          withAsterisk={false}
          maxLength={256}
          value={account}
          onChange={(event) => setAccount(event.currentTarget.value)}
          autoFocus
        />
        <PasswordInput
          ref={field}
          label={t(wordTexts.password)}
          name="password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          maxLength={1024}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {wait > 0 ? (
          <p role="alert" className={classes.wrong}>
            {t(signInTexts.wait, { count: wait })}
          </p>
        ) : wrong ? (
          <p role="alert" className={classes.wrong}>
            {t(signInTexts.wrong)}
          </p>
        ) : (
          <ProblemNote error={signing.error} />
        )}
        <Button type="submit" loading={signing.isPending} disabled={wait > 0}>
          {t(signInTexts.title)}
        </Button>
      </form>
    </Frame>
  );
};

const ChangePassword = ({ name }: { readonly name: string }): React.ReactElement => {
  const t = useText();
  const [next, setNext] = useState("");
  const [again, setAgain] = useState("");
  const [differ, setDiffer] = useState(false);
  const changing = useAct({
    mutationFn: () => call("POST /api/v1/password", { body: { current: null, new: next } }),
    onSuccess: enter,
  });
  return (
    <Frame title={t(signInTexts.changeTitle)}>
      <p className={classes.note}>{t(signInTexts.changeNote)}</p>
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          setDiffer(next !== again);
          if (next === again && !changing.isPending) changing.mutate();
        }}
      >
        <input type="text" autoComplete="username" value={name} readOnly hidden />
        <PasswordInput
          label={t(wordTexts.newPassword)}
          autoComplete="new-password"
          required
          withAsterisk={false}
          maxLength={1024}
          value={next}
          onChange={(event) => setNext(event.currentTarget.value)}
          autoFocus
        />
        <PasswordInput
          label={t(wordTexts.newPasswordAgain)}
          autoComplete="new-password"
          required
          withAsterisk={false}
          maxLength={1024}
          value={again}
          onChange={(event) => setAgain(event.currentTarget.value)}
        />
        {differ ? (
          <p role="alert" className={classes.wrong}>
            {t(wordTexts.passwordsDiffer)}
          </p>
        ) : (
          <ProblemNote error={changing.error} />
        )}
        <Button type="submit" loading={changing.isPending}>
          {t(signInTexts.set)}
        </Button>
      </form>
    </Frame>
  );
};

export const SignInPage = ({ state }: { readonly state: SessionState }): React.ReactElement =>
  state.kind === "password-due" ? <ChangePassword name={state.name} /> : <SignIn ended={state.kind === "signed-out" && state.ended} />;
