/** What was changed from one draft to another, line by line. */
import { renderFolder } from "#access/folders.ts";
import { renderGrant } from "#access/permission-spelling.ts";
import { diffDrafts, type DraftOp } from "#access/role-draft-diff.ts";
import type { RoleDraft } from "#access/role-draft.ts";
import { roleTexts } from "#web/i18n/texts/access.ts";
import { useText } from "#web/i18n/language.ts";
import type { Translate } from "#web/i18n/text.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import classes from "#web/pages/access/access.module.css";

const opLine = (op: DraftOp, t: Translate): { readonly added: boolean; readonly text: string } => {
  if (op.op === "rename") return { added: true, text: t(roleTexts.renamed, { from: op.from, to: op.to }) };
  const added = op.op.startsWith("insert");
  const where = op.scope === "default" ? "" : ` (${op.scope})`;
  if (op.op === "insert-scope" || op.op === "remove-scope") return { added, text: t(roleTexts.controllerPart, { controller: op.scope }) };
  if (op.op === "insert-permission" || op.op === "remove-permission") return { added, text: `${renderGrant(op.entry)}${where}` };
  return { added, text: `${renderFolder(op.entry.path, op.entry.recursive)}${where}` };
};

export const DraftChanges = ({ from, to }: { readonly from: RoleDraft; readonly to: RoleDraft }): React.ReactElement => {
  const t = useText();
  const ops = diffDrafts(from, to);
  if (ops.length === 0) return <p className="soft">{t(wordTexts.nothing)}</p>;
  return (
    <ul className={classes.changes}>
      {ops.map((op) => {
        const { added, text } = opLine(op, t);
        return (
          <li key={JSON.stringify(op)} data-added={added}>
            <span aria-hidden="true">{added ? "+ " : "− "}</span>
            <span className="visually-hidden">{t(added ? roleTexts.added : roleTexts.removed)} </span>
            <code>{text}</code>
          </li>
        );
      })}
    </ul>
  );
};
