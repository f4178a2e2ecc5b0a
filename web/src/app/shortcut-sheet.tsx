/** `?`: every key that means something. */
import { Modal } from "@mantine/core";
import { navigation } from "#web/app/pages.ts";
import { useText } from "#web/i18n/language.ts";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { shortcutTexts } from "#web/i18n/texts/shell.ts";
import classes from "#web/app/shortcut-sheet.module.css";

const Keys = ({ keys, between }: { readonly keys: readonly string[]; readonly between?: string }): React.ReactElement => (
  <span>
    {keys.map((key, index) => (
      <span key={key}>
        {index === 0 ? "" : (between ?? " ")}
        <kbd className={classes.key}>{key}</kbd>
      </span>
    ))}
  </span>
);

const List = ({ rows }: { readonly rows: readonly (readonly [meaning: string, keys: React.ReactNode])[] }): React.ReactElement => (
  <dl className={classes.list}>
    {rows.map(([meaning, keys]) => (
      <div key={meaning}>
        <dt>{meaning}</dt>
        <dd>{keys}</dd>
      </div>
    ))}
  </dl>
);

export const ShortcutSheet = ({ onClose }: { readonly onClose: () => void }): React.ReactElement => {
  const t = useText();
  const then = ` ${t(shortcutTexts.thenKey)} `;
  return (
    <Modal opened onClose={onClose} title={t(shortcutTexts.title)} closeButtonProps={{ "aria-label": t(commonTexts.close) }}>
      <h3>{t(shortcutTexts.everywhere)}</h3>
      <List
        rows={[
          [t(shortcutTexts.palette), <Keys key="k" keys={[t(shortcutTexts.keyControl), "K"]} />],
          [t(shortcutTexts.sheet), <Keys key="s" keys={["?"]} />],
          [t(shortcutTexts.filter), <Keys key="f" keys={["/"]} />],
          [t(shortcutTexts.close), <Keys key="c" keys={["Esc"]} />],
          ...navigation.map(
            (entry) =>
              [t(shortcutTexts.goTo, { page: t(entry.text) }), <Keys key={entry.to} keys={["g", entry.key]} between={then} />] as const,
          ),
        ]}
      />
      <h3>{t(shortcutTexts.inTables)}</h3>
      <List
        rows={[
          [t(shortcutTexts.rows), <Keys key="r" keys={["↓", "↑", "j", "k"]} />],
          [t(shortcutTexts.firstLast), <Keys key="h" keys={[t(shortcutTexts.keyHome), t(shortcutTexts.keyEnd)]} />],
          [t(shortcutTexts.open), <Keys key="e" keys={[t(shortcutTexts.keyEnter)]} />],
        ]}
      />
    </Modal>
  );
};
