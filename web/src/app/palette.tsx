/** Ctrl/Cmd-K: type where to go or what to do, Enter. A combobox with a list, as the keyboard and screen readers expect it. */
import { Modal, useMantineColorScheme } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useId, useState, useSyncExternalStore } from "react";
import { mayAnywhere, useAccess } from "#web/api/access.ts";
import { commands, type Command } from "#web/components/commands.ts";
import { useFoundObjects, type FoundObject } from "#web/app/find-objects.ts";
import { matching } from "#web/app/match.ts";
import { navigation } from "#web/app/pages.ts";
import { takeTypedAhead } from "#web/app/typed-ahead.ts";
import { signOut } from "#web/components/sign-out.ts";
import { useText } from "#web/i18n/language.ts";
import { navigationTexts, paletteTexts, shellTexts, shortcutTexts } from "#web/i18n/texts/shell.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import classes from "#web/app/palette.module.css";

export interface PaletteProps {
  readonly onClose: () => void;
  readonly openSheet: () => void;
}

export const Palette = ({ onClose, openSheet }: PaletteProps): React.ReactElement => {
  const t = useText();
  const navigate = useNavigate();
  const access = useAccess();
  const { setColorScheme } = useMantineColorScheme();
  const offered = useSyncExternalStore(commands.subscribe, commands.get);
  const [words, setWords] = useState("");
  const [at, setAt] = useState(0);
  const listId = useId();
  // Closed before it had the focus: the keys are the page's again.
  useEffect(() => () => void takeTypedAhead(), []);

  const pages = navigation
    .filter(
      ({ may }) => access === null || may.length === 0 || may.some((permission) => mayAnywhere(permission, access).effect === "permit"),
    )
    .map((entry): Command => ({ id: entry.to, text: t(entry.text), run: () => void navigate({ to: entry.to }) }));
  const theme = t(wordTexts.theme);
  const actions: readonly Command[] = [
    ...offered,
    { id: "theme-light", text: `${theme}: ${t(shellTexts.themeLight)}`, run: () => setColorScheme("light") },
    { id: "theme-dark", text: `${theme}: ${t(shellTexts.themeDark)}`, run: () => setColorScheme("dark") },
    { id: "theme-auto", text: `${theme}: ${t(shellTexts.themeSystem)}`, run: () => setColorScheme("auto") },
    { id: "sheet", text: t(shortcutTexts.title), run: openSheet },
    { id: "sign-out", text: t(shellTexts.signOut), run: () => void signOut(false) },
  ];
  const objects = useFoundObjects(words);
  const commandOf = ({ id, text, to }: FoundObject): Command => ({ id, text, run: () => void navigate({ to }) });
  const groups = [
    { title: t(shellTexts.navigation), found: matching(pages, words) },
    { title: t(navigationTexts.jobs), found: objects.jobs.map(commandOf) },
    { title: t(navigationTexts.runs), found: objects.runs.map(commandOf) },
    { title: t(navigationTexts.nodes), found: objects.nodes.map(commandOf) },
    { title: t(paletteTexts.actions), found: matching(actions, words) },
  ].filter(({ found }) => found.length > 0);
  const flat = groups.flatMap(({ found }) => found);
  const chosen = flat[Math.min(at, flat.length - 1)];
  const optionId = (command: Command): string => `${listId}-${command.id.replaceAll(/[^\w]/g, "_")}`;
  const run = (command: Command | undefined): void => {
    if (command === undefined) return;
    onClose();
    command.run();
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.key === "Enter") run(chosen);
    else if (event.key === "ArrowDown") setAt((at + 1) % Math.max(1, flat.length));
    else if (event.key === "ArrowUp") setAt((at - 1 + flat.length) % Math.max(1, flat.length));
    else return;
    event.preventDefault();
  };
  return (
    <Modal.Root opened onClose={onClose} size="lg" yOffset="12vh" transitionProps={{ duration: 0 }}>
      <Modal.Overlay />
      <Modal.Content aria-label={t(paletteTexts.title)}>
        <input
          className={classes.input}
          role="combobox"
          aria-label={t(paletteTexts.title)}
          aria-expanded="true"
          aria-controls={listId}
          aria-activedescendant={chosen === undefined ? undefined : optionId(chosen)}
          placeholder={t(paletteTexts.placeholder)}
          value={words}
          onChange={(event) => {
            setWords(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
          onFocus={() => {
            const early = takeTypedAhead();
            if (early !== "") setWords(words + early);
          }}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
        />
        <div id={listId} role="listbox" aria-label={t(paletteTexts.title)} className={classes.list}>
          {groups.map(({ title, found }) => (
            <div key={title} role="group" aria-label={title}>
              <div className={classes.group} aria-hidden="true">
                {title}
              </div>
              {found.map((command) => (
                <div
                  key={command.id}
                  id={optionId(command)}
                  role="option"
                  aria-selected={command === chosen}
                  className={classes.option}
                  ref={(element) => {
                    if (command === chosen) element?.scrollIntoView({ block: "nearest" });
                  }}
                  onMouseMove={() => setAt(flat.indexOf(command))}
                  onClick={() => run(command)}
                >
                  {command.text}
                </div>
              ))}
            </div>
          ))}
        </div>
        <p className={flat.length === 0 ? classes.nothing : "visually-hidden"} role="status">
          {flat.length === 0 ? t(paletteTexts.nothing) : t(paletteTexts.results, { count: flat.length })}
        </p>
      </Modal.Content>
    </Modal.Root>
  );
};
