/** What one does about oneself: profile, theme, language, leaving. */
import { Button, Menu, useMantineColorScheme } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { signOut } from "#web/components/sign-out.ts";
import { notifyProblem } from "#web/components/notify.ts";
import { chooseLanguage, useLanguageChoice, useText } from "#web/i18n/language.ts";
import { languageTexts, navigationTexts, shellTexts } from "#web/i18n/texts/shell.ts";
import classes from "#web/app/shell.module.css";

const leave = (everywhere: boolean): void => void signOut(everywhere).catch(notifyProblem);

const Choice = ({
  chosen,
  children,
  choose,
}: {
  readonly chosen: boolean;
  readonly children: string;
  readonly choose: () => void;
}): React.ReactElement => (
  <Menu.Item role="menuitemradio" aria-checked={chosen} rightSection={chosen ? "✓" : null} onClick={choose} closeMenuOnClick={false}>
    {children}
  </Menu.Item>
);

export const AccountMenu = ({ openSheet, name }: { readonly openSheet: () => void; readonly name: string }): React.ReactElement => {
  const t = useText();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const language = useLanguageChoice();
  const [opened, setOpened] = useState(true);
  return (
    <Menu position="bottom-end" width={230} opened={opened} onChange={setOpened}>
      <Menu.Target>
        <Button variant="subtle" color="gray" size="compact-sm" className={classes.account} aria-label={t(shellTexts.account, { name })}>
          {name}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component={Link} to="/profile">
          {t(navigationTexts.profile)}
        </Menu.Item>
        <Menu.Item onClick={openSheet} rightSection={<kbd>?</kbd>}>
          {t(shellTexts.shortcuts)}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t(shellTexts.theme)}</Menu.Label>
        <Choice chosen={colorScheme === "light"} choose={() => setColorScheme("light")}>
          {t(shellTexts.themeLight)}
        </Choice>
        <Choice chosen={colorScheme === "dark"} choose={() => setColorScheme("dark")}>
          {t(shellTexts.themeDark)}
        </Choice>
        <Choice chosen={colorScheme === "auto"} choose={() => setColorScheme("auto")}>
          {t(shellTexts.themeSystem)}
        </Choice>
        <Menu.Divider />
        <Menu.Label>{t(shellTexts.language)}</Menu.Label>
        <Choice chosen={language === "en"} choose={() => chooseLanguage("en")}>
          {t(languageTexts.en)}
        </Choice>
        <Choice chosen={language === "de"} choose={() => chooseLanguage("de")}>
          {t(languageTexts.de)}
        </Choice>
        <Choice chosen={language === "system"} choose={() => chooseLanguage("system")}>
          {t(languageTexts.system)}
        </Choice>
        <Menu.Divider />
        <Menu.Item onClick={() => leave(false)}>{t(shellTexts.signOut)}</Menu.Item>
        <Menu.Item onClick={() => leave(true)}>{t(shellTexts.signOutEverywhere)}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
};
