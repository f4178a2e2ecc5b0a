/** Steps of a draft and disputed things of a merge in words: names between backticks, as in the sentences of the manager. Pure. */
import type { Disputed, DisputedValue } from "#access/role-draft-merge.ts";
import type { StepLabel } from "#access/role-draft.ts";
import { draftTexts, roleTexts } from "#web/i18n/texts/access.ts";
import type { Text, Translate } from "#web/i18n/text.ts";

const withController = (words: string, scope: string, t: Translate): string =>
  scope === "default" ? words : t(draftTexts.forController, { words, controller: scope });

const stepTexts = {
  grant: draftTexts.grant,
  deny: draftTexts.deny,
  switch: draftTexts.switch,
  clear: draftTexts.clear,
  "add-folder": draftTexts.addFolder,
  "remove-folder": draftTexts.removeFolder,
  "add-controller": draftTexts.addController,
  "remove-controller": draftTexts.removeController,
  "move-permission": draftTexts.movePermission,
  "move-folder": draftTexts.moveFolder,
  rename: draftTexts.rename,
  replace: draftTexts.replace,
  merge: draftTexts.merge,
  save: draftTexts.save,
} as const satisfies Readonly<Record<StepLabel["key"], Text>>;

export const stepWords = ({ key, value, scope }: StepLabel, t: Translate): string => withController(t(stepTexts[key], { value }), scope, t);

export const disputedWords = (what: Disputed, t: Translate): string => {
  switch (what.about) {
    case "name":
      return t(draftTexts.theName);
    case "permission":
      return withController(`\`${what.permission}\``, what.controller, t);
    case "folder":
      return withController(t(draftTexts.theFolder, { path: what.path }), what.controller, t);
    case "folders":
      return withController(t(draftTexts.theFolders), what.controller, t);
  }
};

export const valueWords = (value: DisputedValue, t: Translate): string => {
  switch (value.is) {
    case "name":
      return `\`${value.name}\``;
    case "permission": {
      const { granted, denied } = value;
      if (granted && denied) return t(draftTexts.grantedAndDenied);
      return t(granted ? roleTexts.granted : denied ? roleTexts.denied : draftTexts.notNamed);
    }
    case "folder":
      return t(value.reach === "none" ? draftTexts.notNamed : value.reach === "below" ? draftTexts.withAllBelow : draftTexts.alone);
    case "folders":
      return value.folders.length === 0 ? t(roleTexts.everyFolder) : value.folders.map((folder) => `\`${folder}\``).join(", ");
  }
};
