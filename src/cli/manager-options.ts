/** The manager's settings as flags of `behalf up` and `behalf manager`, from the one table of settings. */
import { Option, type Command } from "commander";
import { settingFlag, settingsOf, settingVariable, type Setting } from "#kernel/settings.ts";

/** Flags that the commands declare themselves, or that never come from a person. */
const elsewhere = new Set(["data", "owner-uid", "manager-account", "agent-account", "leave-running"]);
const handedOn = (): Setting[] => settingsOf("manager").filter((setting) => !elsewhere.has(setting.name) && setting.secret !== true);

/** Adds the flags. Secret settings are left out: they come from the environment or a file, never from a command line. */
export const managerOptions = (command: Command): void => {
  for (const setting of handedOn()) {
    const placeholder = setting.kind === "boolean" ? "" : ` <${setting.placeholder.toLowerCase()}>`;
    const words = [setting.default === null ? null : `default ${setting.default}`, settingVariable(setting.name)].filter(
      (word) => word !== null,
    );
    const option = new Option(`${settingFlag(setting.name)}${placeholder}`, `${setting.description} (${words.join(", ")})`);
    if (setting.kind === "list") option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
    command.addOption(option);
  }
};

const attribute = (name: string): string => name.replaceAll(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase());

/** The given flags again as arguments, for the manager's own process. */
export const managerArgs = (flags: Readonly<Record<string, unknown>>): string[] =>
  handedOn().flatMap((setting) => {
    const value = flags[attribute(setting.name)];
    if (value === undefined) return [];
    if (Array.isArray(value)) return value.flatMap((one) => [settingFlag(setting.name), String(one)]);
    return setting.kind === "boolean" ? [settingFlag(setting.name)] : [settingFlag(setting.name), String(value)];
  });
