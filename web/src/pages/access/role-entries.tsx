/** The list beside the tree (D79-D81): the entries of one part of a role in their order, its folders, and adding either. */
import { Autocomplete, Button, Checkbox, Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { renderFolder } from "#access/folders.ts";
import { permissionNodes } from "#access/permissions.ts";
import type { RoleScope } from "#access/question.ts";
import { grantKey, type DraftStep } from "#access/role-draft.ts";
import { call } from "#web/api/call.ts";
import { SignButton } from "#web/components/sign-button.tsx";
import { roleTexts } from "#web/i18n/texts/access.ts";
import { useText } from "#web/i18n/language.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import classes from "#web/pages/access/access.module.css";

interface PartProps {
  readonly scope: RoleScope;
  readonly readOnly: boolean;
  /** Whether it was done. */
  readonly onStep: (step: DraftStep) => boolean;
}

const examplePermission = "controller:runs:view";
const exampleFolder = "/finance";
const permissionNames = permissionNodes.map((node) => node.permission);

export const RoleEntries = ({ scope, readOnly, onStep }: PartProps): React.ReactElement => {
  const t = useText();
  const { controller, permissions } = scope;
  const [text, setText] = useState("");
  const [excluded, setExcluded] = useState(false);
  return (
    <>
      {permissions.length === 0 ? <p className="soft">{t(roleTexts.noEntries)}</p> : null}
      <ul className={classes.entries} aria-label={t(roleTexts.entries)}>
        {permissions.map((grant, index) => {
          const { permission } = grant;
          return (
            <li key={grantKey(grant)}>
              <code data-denied={grant.denied}>{permission}</code>
              {readOnly ? (
                <span className="soft">{t(grant.denied ? roleTexts.denied : roleTexts.granted)}</span>
              ) : (
                <span className={classes.entryActs}>
                  <Switch
                    size="xs"
                    label={t(roleTexts.excluded)}
                    aria-label={t(roleTexts.excludedOf, { permission })}
                    checked={grant.denied}
                    onChange={() => onStep({ step: "switch", scope: controller, permission })}
                  />
                  <SignButton
                    label={t(roleTexts.moveUp, { entry: permission })}
                    sign="↑"
                    disabled={index === 0}
                    onClick={() => onStep({ step: "move-permission", scope: controller, from: index, to: index - 1 })}
                  />
                  <SignButton
                    label={t(roleTexts.moveDown, { entry: permission })}
                    sign="↓"
                    disabled={index === permissions.length - 1}
                    onClick={() => onStep({ step: "move-permission", scope: controller, from: index, to: index + 1 })}
                  />
                  <SignButton
                    label={t(roleTexts.removeEntry, { entry: permission })}
                    sign="✕"
                    onClick={() => onStep({ step: "clear", scope: controller, permission })}
                  />
                </span>
              )}
            </li>
          );
        })}
      </ul>
      {readOnly ? null : (
        <form
          className={classes.adding}
          onSubmit={(event) => {
            event.preventDefault();
            if (onStep({ step: excluded ? "deny" : "grant", scope: controller, permission: text.trim() })) {
              setText("");
              setExcluded(false);
            }
          }}
        >
          <Autocomplete
            size="xs"
            label={t(roleTexts.addPermission)}
            placeholder={examplePermission}
            data={permissionNames}
            limit={12}
            maxLength={200}
            value={text}
            onChange={setText}
          />
          <Checkbox size="xs" label={t(roleTexts.excluded)} checked={excluded} onChange={() => setExcluded(!excluded)} />
          <Button size="xs" type="submit" variant="light" disabled={text.trim() === ""}>
            {t(roleTexts.add)}
          </Button>
        </form>
      )}
    </>
  );
};

export interface RoleFoldersProps extends PartProps {
  /** Nobody is limited by this role yet, neither here nor for all controllers. */
  readonly first: boolean;
}

export const RoleFolders = ({ scope, readOnly, onStep, first }: RoleFoldersProps): React.ReactElement => {
  const t = useText();
  const { controller, folders } = scope;
  const [path, setPath] = useState("");
  const [recursive, setRecursive] = useState(true);
  const { data: offers = [] } = useQuery({
    queryKey: ["complete", "folder", path],
    enabled: !readOnly && path !== "",
    queryFn: async ({ signal }) => {
      const { items } = await call("GET /api/v1/complete", { query: { kind: "folder", prefix: path } }, { signal });
      return items.map(({ value }) => value);
    },
    retry: false,
  });
  return (
    <>
      {folders.length === 0 ? <p className="soft">{t(roleTexts.noFolders)}</p> : null}
      <ul className={classes.entries} aria-label={t(wordTexts.folders)}>
        {folders.map((folder) => {
          const entry = renderFolder(folder.path, folder.recursive);
          return (
            <li key={folder.path}>
              <code>{entry}</code>
              {readOnly ? null : (
                <span className={classes.entryActs}>
                  <Checkbox
                    size="xs"
                    label={t(roleTexts.recursive)}
                    aria-label={t(roleTexts.recursiveOf, { folder: folder.path })}
                    checked={folder.recursive}
                    onChange={() => onStep({ step: "add-folder", scope: controller, path: folder.path, recursive: !folder.recursive })}
                  />
                  <SignButton
                    label={t(roleTexts.removeEntry, { entry })}
                    sign="✕"
                    onClick={() => onStep({ step: "remove-folder", scope: controller, path: folder.path })}
                  />
                </span>
              )}
            </li>
          );
        })}
      </ul>
      {readOnly ? null : (
        <form
          className={classes.adding}
          onSubmit={(event) => {
            event.preventDefault();
            if (onStep({ step: "add-folder", scope: controller, path: path.trim(), recursive })) setPath("");
          }}
        >
          <Autocomplete
            size="xs"
            label={t(roleTexts.addFolder)}
            placeholder={exampleFolder}
            data={offers}
            filter={({ options }) => options}
            maxLength={1024}
            value={path}
            onChange={setPath}
          />
          <Checkbox size="xs" label={t(roleTexts.recursive)} checked={recursive} onChange={() => setRecursive(!recursive)} />
          <Button size="xs" type="submit" variant="light" disabled={path.trim() === ""}>
            {t(roleTexts.add)}
          </Button>
        </form>
      )}
      {first && !readOnly ? (
        <p className={classes.warning}>
          <span aria-hidden="true">! </span>
          {t(roleTexts.firstFolder)}
        </p>
      ) : null}
    </>
  );
};
