/** Text to take along: a command or a token, with a button that copies it. */
import { Button } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { useText } from "#web/i18n/language.ts";
import classes from "#web/components/copyable.module.css";

export const Copyable = ({ text, label }: { readonly text: string; readonly label?: string }): React.ReactElement => {
  const t = useText();
  const clipboard = useClipboard({ timeout: 2000 });
  return (
    <div className={classes.copyable}>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls */}
      <code tabIndex={0} aria-label={label}>
        {text}
      </code>
      <Button size="compact-xs" variant="default" onClick={() => clipboard.copy(text)}>
        {t(clipboard.copied ? commonTexts.copied : commonTexts.copy)}
      </Button>
    </div>
  );
};
