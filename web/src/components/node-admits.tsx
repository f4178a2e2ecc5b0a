/** Whom a node's own table lets in, as the node last told: all of it, or who holds one role. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { mayAnywhere, useAccess } from "#web/api/access.ts";
import { call } from "#web/api/call.ts";
import type { Operations, Schemas } from "#web/api/generated.ts";
import { Loaded, LoadingState } from "#web/components/states.tsx";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { useText } from "#web/i18n/language.ts";
import { admitsTexts } from "#web/i18n/texts/node-admits.ts";
import classes from "#web/components/node-admits.module.css";

type Table = Operations["GET /api/v1/nodes/{node}/table"]["answer"];
type Entry = Table["entries"][number];
type NodeRole = Entry["roles"][number];
type Verdict = Schemas["Verdict"];

const viewNodesPermission = "manager:nodes:view";
const groupMark = "group:";
const roles: readonly NodeRole[] = ["monitor", "configurator", "operator", "administrator", "auditor"];

const tableQuery = (node: string, role: NodeRole | null) =>
  queryOptions({
    queryKey: ["nodes", "table", node, role],
    queryFn: ({ signal }) =>
      call("GET /api/v1/nodes/{node}/table", { path: { node }, query: role === null ? {} : { role } }, { signal, background: true }),
  });

const Subject = ({ entry: { subject, name } }: { readonly entry: Entry }): React.ReactElement => {
  const t = useText();
  if (subject === "authenticated") return <span>{t(admitsTexts.everybody)}</span>;
  if (subject.startsWith(groupMark)) return <span>{t(admitsTexts.group, { name: subject.slice(groupMark.length) })}</span>;
  return name === null ? <code>{subject}</code> : <span title={subject}>{name}</span>;
};

export const NodeAdmits = ({ node, role = null }: { readonly node: string; readonly role?: NodeRole | null }): React.ReactElement => {
  const t = useText();
  const access = useAccess();
  const maySee = access !== null && mayAnywhere(viewNodesPermission, access).effect === "permit";
  const query = useQuery({ ...tableQuery(node, role), enabled: maySee });
  if (access === null) return <LoadingState />;
  if (!maySee) return <p className="soft">{t(admitsTexts.hidden)}</p>;
  return (
    <Loaded query={query}>
      {({ entries, total, isCut, reported }) =>
        reported ? (
          <>
            {total === 0 ? <p>{t(wordTexts.nobody)}</p> : null}
            {entries.length === 0 ? null : (
              <ul className={classes.entries}>
                {entries.map((entry) => (
                  <li key={entry.subject}>
                    <Subject entry={entry} /> <span className="soft">{entry.roles.join(", ")}</span>
                  </li>
                ))}
              </ul>
            )}
            {total > entries.length ? <p className="soft">{t(admitsTexts.unnamed, { count: total - entries.length })}</p> : null}
            {isCut ? <p className="soft">{t(admitsTexts.cut)}</p> : null}
          </>
        ) : (
          <p className="soft">{t(admitsTexts.notTold)}</p>
        )
      }
    </Loaded>
  );
};

/** Beside a refusal by a node's table: who holds the role that was missing. Nothing beside any other verdict. */
export const WhoMayThere = ({ verdict }: { readonly verdict: Verdict | undefined }): React.ReactElement | null => {
  const t = useText();
  if (verdict === undefined || verdict.part !== "where" || verdict.effect === "permit") return null;
  const { node, requires } = verdict.facts ?? {};
  const role = roles.find((one) => one === requires);
  if (typeof node !== "string" || role === undefined) return null;
  return (
    <>
      <span className="soft">{t(admitsTexts.whoCan, { node })}</span>
      <NodeAdmits node={node} role={role} />
    </>
  );
};
