/** What one does about oneself: profile, theme, language, leaving. */
import { Button, Menu, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { Link, useRouter } from "@tanstack/react-router";
import { onBackOrForward } from "#web/app/back-or-forward.ts";
import { useEffect, useState } from "react";
import { signOut } from "#web/components/sign-out.ts";
import { notifyProblem } from "#web/components/notify.ts";
import { chooseLanguage, useLanguageChoice, useText, type LanguageChoice } from "#web/i18n/language.ts";
import { languageTexts, navigationTexts, shellTexts, shortcutTexts } from "#web/i18n/texts/shell.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import classes from "#web/app/shell.module.css";

const leave = (everywhere: boolean): void => void signOut(everywhere).catch(notifyProblem);

export const AccountMenu = ({ openSheet, name }: { readonly openSheet: () => void; readonly name: string }): React.ReactElement => {
  const t = useText();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const language = useLanguageChoice();
  const [opened, setOpened] = useState(true);
  const router = useRouter();
  useEffect(() => onBackOrForward(router.history, () => setOpened(false)), [router]);
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
          {t(shortcutTexts.title)}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t(wordTexts.theme)}</Menu.Label>
        <Menu.RadioGroup value={colorScheme} onChange={(chosen) => setColorScheme(chosen as MantineColorScheme)}>
          <Menu.RadioItem value="light">{t(shellTexts.themeLight)}</Menu.RadioItem>
          <Menu.RadioItem value="dark">{t(shellTexts.themeDark)}</Menu.RadioItem>
          <Menu.RadioItem value="auto">{t(shellTexts.themeSystem)}</Menu.RadioItem>
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Label>{t(wordTexts.language)}</Menu.Label>
        <Menu.RadioGroup value={language} onChange={(chosen) => chooseLanguage(chosen as LanguageChoice)}>
          <Menu.RadioItem value="en">{t(languageTexts.en)}</Menu.RadioItem>
          <Menu.RadioItem value="de">{t(languageTexts.de)}</Menu.RadioItem>
          <Menu.RadioItem value="system">{t(languageTexts.system)}</Menu.RadioItem>
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item onClick={() => leave(false)}>{t(shellTexts.signOut)}</Menu.Item>
        <Menu.Item onClick={() => leave(true)}>{t(wordTexts.signOutEverywhere)}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
};
