/** One-time passwords, shown this once. SECURITY: they live in the dialog's state only, never in storage, an address or a cache; closing it forgets them. */
import { Button, CopyButton, Group, Modal } from "@mantine/core";
import { useDialog } from "#web/components/use-dialog.ts";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { passwordTexts } from "#web/i18n/texts/passwords.ts";
import { useText } from "#web/i18n/language.ts";
import classes from "#web/components/one-time-passwords.module.css";

export interface OneTimePassword {
  readonly account: string;
  readonly password: string;
}

export interface OneTimePasswordsProps {
  readonly passwords: readonly OneTimePassword[];
  readonly onClose: () => void;
}

export const OneTimePasswords = ({ passwords, onClose }: OneTimePasswordsProps): React.ReactElement | null => {
  const t = useText();
  const { turn, opened } = useDialog(passwords.length > 0);
  if (turn === 0) return null;
  return (
    <Modal
      key={turn}
      opened={opened}
      onClose={onClose}
      title={t(passwordTexts.title)}
      // A stray click must not take away what is shown only once.
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
      centered
    >
      <p>{t(passwordTexts.about)}</p>
      <dl className={classes.list}>
        {passwords.map(({ account, password }) => (
          <div key={account} className={classes.one}>
            <dt>{account}</dt>
            <dd>
              <code>{password}</code>
              <CopyButton value={password}>
                {({ copied, copy }) => (
                  <Button size="compact-xs" variant="default" onClick={copy} aria-label={t(passwordTexts.copyOf, { account })}>
                    {t(copied ? commonTexts.copied : commonTexts.copy)}
                  </Button>
                )}
              </CopyButton>
            </dd>
          </div>
        ))}
      </dl>
      <Group justify="flex-end">
        <Button onClick={onClose}>{t(passwordTexts.noted)}</Button>
      </Group>
    </Modal>
  );
};
