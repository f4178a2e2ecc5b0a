/** What an account may, all its roles together, decided with the manager's own rules; each line opens the explanation. */
import { Switch, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { compileAccess, type CompiledAccess } from "#access/compile.ts";
import { decideAnywhere } from "#access/decide.ts";
import { renderFolder } from "#access/folders.ts";
import { permissionLeaves, type PermissionLeaf } from "#access/permissions.ts";
import type { Role } from "#access/question.ts";
import type { Verdict } from "#access/verdict.ts";
import { readRoleText } from "#identity/rules/role-text.ts";
import { explain } from "#web/components/explain.ts";
import { allRolesQuery } from "#web/components/all-roles.ts";
import type { Schemas } from "#web/api/generated.ts";
import { Loaded } from "#web/components/states.tsx";
import { WhyButton } from "#web/components/why-button.tsx";
import { ReasonText, useMeaning } from "#web/components/engine-text.tsx";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { mergedTexts } from "#web/i18n/texts/accounts.ts";
import { useText } from "#web/i18n/language.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { roleTexts } from "#web/i18n/texts/access.ts";
import classes from "#web/pages/accounts/accounts.module.css";

interface Merged {
  readonly leaf: PermissionLeaf;
  readonly effect: "permit" | "deny";
  readonly denied: boolean;
  readonly because: Verdict["because"];
  /** Controllers where it is otherwise. */
  readonly otherwise: readonly string[];
}

const mergedOf = (access: CompiledAccess): readonly Merged[] =>
  permissionLeaves.map((leaf) => {
    const general = decideAnywhere({ permission: leaf.permission }, access);
    const otherwise = leaf.defaultScopeOnly
      ? []
      : [...access.controllers.keys()].filter(
          (controller) => decideAnywhere({ permission: leaf.permission, controller }, access).effect !== general.effect,
        );
    return {
      leaf,
      effect: general.effect,
      denied: general.because.rule === "may.denied",
      because: general.because,
      otherwise,
    };
  });

const rolesOf = (account: Schemas["Account"], all: readonly Schemas["Role"][]): readonly Role[] =>
  all
    .filter((role) => role.service === account.service && account.roles.includes(role.name))
    .flatMap((role) => {
      const read = readRoleText(role.yaml);
      return read.ok ? [{ id: role.id, ...read.value }] : [];
    });

const Table = ({
  account,
  all,
}: {
  readonly account: Schemas["Account"];
  readonly all: readonly Schemas["Role"][];
}): React.ReactElement => {
  const t = useText();
  const meaningOf = useMeaning();
  const [words, setWords] = useState("");
  const [everything, setEverything] = useState(false);
  const roles = useMemo(() => rolesOf(account, all), [account, all]);
  const merged = useMemo(() => mergedOf(compileAccess({ accessId: account.accessId, name: account.name, roles })), [account, roles]);
  const folders = [
    ...new Set(roles.flatMap((role) => role.scopes.flatMap((scope) => scope.folders.map((one) => renderFolder(one.path, one.recursive))))),
  ];
  const wanted = words.trim().toLowerCase();
  const shown = merged.filter(
    ({ leaf, effect, denied, otherwise }) =>
      (everything || effect === "permit" || denied || otherwise.length > 0) &&
      (leaf.permission.includes(wanted) || meaningOf(leaf).text.toLowerCase().includes(wanted)),
  );
  return (
    <>
      <p>
        {folders.length === 0 ? t(mergedTexts.everyFolder) : t(mergedTexts.folders, { folders: folders.join(", ") })}{" "}
        {account.disabled ? <strong>{t(mergedTexts.disabled)}</strong> : null}
      </p>
      <div className={classes.filters}>
        <TextInput
          size="xs"
          type="search"
          aria-label={t(wordTexts.findPermission)}
          placeholder={t(wordTexts.findPermission)}
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
        />
        <Switch size="xs" label={t(mergedTexts.everything)} checked={everything} onChange={() => setEverything(!everything)} />
      </div>
      <ul className={classes.merged} aria-label={t(mergedTexts.title)}>
        {shown.map(({ leaf, effect, denied, because, otherwise }) => (
          <li key={leaf.permission} data-effect={effect} data-denied={denied}>
            <span aria-hidden="true" className={classes.sign}>
              {effect === "permit" ? "✓" : denied ? "⊘" : "·"}
            </span>
            <span className={classes.mergedWords}>
              <code className={classes.permission}>{leaf.permission}</code>{" "}
              <span className="visually-hidden">
                {t(effect === "permit" ? wordTexts.permitted : denied ? roleTexts.denied : mergedTexts.notGranted)}
              </span>
              <span className={classes.because}>
                <ReasonText reason={because} />
              </span>
              {otherwise.length === 0 ? null : <span>{t(mergedTexts.otherwise, { controllers: otherwise.join(", ") })}</span>}
            </span>
            <WhyButton
              subject={leaf.permission}
              word={t(commonTexts.why)}
              onClick={() =>
                explain({
                  permission: leaf.permission,
                  actor: account.accessId,
                  ...(leaf.object === null ? {} : { on: folders[0] === undefined ? "/" : `${folders[0].replace(/\/?\*?$/, "")}/` }),
                })
              }
            />
          </li>
        ))}
      </ul>
      {shown.length === 0 ? <p className="soft">{t(wordTexts.nothing)}</p> : null}
    </>
  );
};

export const MergedPermissions = ({ account }: { readonly account: Schemas["Account"] }): React.ReactElement => (
  <Loaded query={useQuery(allRolesQuery)}>{(all) => <Table account={account} all={all} />}</Loaded>
);
