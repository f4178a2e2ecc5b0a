/** The record: reading it, verifying it, and its head to keep elsewhere (K1). */
import { z } from "zod";
import type { ChainState } from "#audit/chain-watch.ts";
import { listAudit, type AuditFilter } from "#audit/list-audit.ts";
import type { CompiledAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import type { AuditRecord, ChainPosition, SeenPlace } from "#audit/record.ts";
import { auditedWithin, jobsOfRuns } from "#jobs/audited-object.ts";
import { seeRoles } from "#manager/routes/explain.ts";
import { count, instant, isoOf, line, pageOf } from "#manager/routes/fields.ts";
import { route, type Route } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";
import type { WitnessFiles, WitnessHead } from "#manager/witness-files.ts";
import { foldersOf, seesEveryFolder } from "#manager/visible.ts";

const headSchema = z.object({ writer: z.string(), sequence: z.int(), hash: z.string() });

const recordSchema = z
  .object({
    writer: z.string(),
    sequence: z.int(),
    at: instant,
    actor: z.string().describe("access ID, or the part of Behalf that did it"),
    actorName: z.string().nullable().describe("of the account today; null: no account, or the caller may not see accounts"),
    action: z.string(),
    object: z.string(),
    phase: z.enum(["opened", "completed", "failed", "refused", "noted"]),
    opened: z.int().nullable().describe("sequence of the record that opened this act"),
    detail: z.unknown(),
    hash: z.string(),
    previous: z.string(),
  })
  .meta({ id: "AuditRecord" });

const viewAudit = "manager:auditlog:view";

/** What the store is asked for: a reader with folders gets records about jobs and runs in them only. */
const limitFor = (access: CompiledAccess): Pick<AuditFilter, "within"> => {
  const within = seesEveryFolder(access) ? null : (auditedWithin(foldersOf(access, viewAudit)) ?? null);
  return within === null ? {} : { within };
};

/** The records that the reader may see, each asked about by the path of its job. */
const visibleRecords = async (
  { store }: Services,
  access: CompiledAccess,
  records: readonly AuditRecord[],
): Promise<readonly AuditRecord[]> => {
  if (seesEveryFolder(access)) return records;
  const jobs = await jobsOfRuns(
    store.read,
    records.map((record) => record.object).filter((object) => object.startsWith("run_")),
  );
  return records.filter(({ object }) => {
    const path = object.startsWith("/") ? object : jobs.get(object);
    return path !== undefined && decide({ permission: viewAudit, path }, access).effect === "permit";
  });
};

const exact = (max: number): z.ZodOptional<z.ZodString> => line(max).min(1).optional();

const witnessSchema = z.strictObject({
  node: z.strictObject({ id: line(100).min(1), name: line(300).min(1) }),
  publicKey: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/)
    .describe("the node's own, as the node itself printed it"),
});
const witnessId = line(60).min(1);

const verdictSchema = z.object({
  ok: z.boolean(),
  records: z.int(),
  chains: z.int(),
  unfinishedActs: z.int().describe("opened and never completed: under way, or a process ended in their midst"),
  findings: z.array(z.object({ kind: z.string(), writer: z.string().nullable(), sequence: z.int().nullable(), text: z.string() })),
  furtherFindings: z.int(),
});
const reportSchema = verdictSchema.extend({ checkpoints: z.int(), receipts: z.int(), head: headSchema.nullable() });

const placeSchema = headSchema.extend({ at: instant });
const chainSchema = z
  .object({
    head: placeSchema,
    checkpoint: placeSchema.nullable().describe("the last one that was signed, and when"),
    verified: verdictSchema
      .extend({
        at: instant.describe("when the last verification began"),
        wholeAt: instant.describe("when the last one of all records began; the manager verifies what came since by itself"),
        upTo: z.int().describe("last record of this process's chain that was looked at"),
      })
      .nullable()
      .describe("null: none has ended since the manager started"),
    underWay: z.int().nullable().describe("records that the verification under way has read; null: none is"),
  })
  .meta({ id: "AuditChain" });

type Finding = { kind: string; writer: string | null; sequence: number | null; text: string };

/**
 * SECURITY: the key comes from the node, not from the database under verification: whoever rewrote the record could have replaced the
 * key in it as well. That the two differ is a finding of its own (K1).
 */
const compareKeys = async ({ store }: Services, witness: WitnessHead): Promise<Finding[]> => {
  const known = await store.read.selectFrom("nodes").select("public_key").where("id", "=", witness.node.id).executeTakeFirst();
  if (known?.public_key === witness.publicKey) return [];
  const text =
    known === undefined
      ? `node \`${witness.node.name}\` brings a journal but is not in the manager's records`
      : `node \`${witness.node.name}\` has another key than the manager's records say`;
  return [{ kind: "node-key", writer: null, sequence: null, text }];
};

const verify = async (
  services: Services,
  trustedHead: ChainPosition | undefined,
  witness: ReturnType<WitnessFiles["take"]> | null,
): Promise<z.input<typeof reportSchema>> => {
  const head = services.audit.head();
  const report = await services.chain.verify({
    ...(trustedHead === undefined ? {} : { trustedHead }),
    ...(witness === null ? {} : { receipts: [{ nodeName: witness.node.name, publicKey: witness.publicKey, receipts: witness.receipts }] }),
  });
  const strangers = witness === null ? [] : await compareKeys(services, witness);
  const findings = [...strangers, ...report.findings];
  return { ...report, ok: report.ok && strangers.length === 0, chains: report.chains.length, head, findings };
};

const placeJson = ({ atMs, ...place }: SeenPlace): z.input<typeof placeSchema> => ({ ...place, at: isoOf(atMs) });

const chainJson = ({ head, checkpoint, verified, underWay }: ChainState): z.input<typeof chainSchema> => {
  const told = { head: placeJson(head), checkpoint: checkpoint === null ? null : placeJson(checkpoint), underWay };
  if (verified === null) return { ...told, verified };
  const { atMs, wholeAtMs, findings, ...verdict } = verified;
  return { ...told, verified: { ...verdict, findings: [...findings], at: isoOf(atMs), wholeAt: isoOf(wholeAtMs) } };
};

export const auditRoutes = (services: Services): Route[] => {
  const { store, audit, chain, witnesses, identity } = services;
  return [
    route({
      method: "GET",
      url: "/api/v1/audit",
      summary: "Audit records, newest first",
      question: {
        may: viewAudit,
        refined: "a reader with folders sees the records of jobs and runs in them; what belongs to no folder needs every folder",
      },
      query: z.object({
        actor: exact(300).describe("access ID or part; for those who may see accounts also the name of an account"),
        action: exact(100).describe("exact, or with a final `*`"),
        object: exact(1200),
        phase: z.enum(["opened", "completed", "failed", "refused", "noted"]).optional(),
        from: instant.optional(),
        to: instant.optional(),
        limit: count(1, 200, 50),
        cursor: z.string().max(200).optional(),
      }),
      answer: pageOf(recordSchema),
      handle: async ({ caller, query }) => {
        const { access } = caller.principal;
        const { actor, action, object, phase, from, to } = query;
        // SECURITY: the record is not yet the list of accounts (W7; `audit-names.test.ts`).
        const named = decide({ permission: seeRoles }, access).effect === "permit";
        const account = actor === undefined || !named ? null : await identity.findAccount(actor);
        const page = await listAudit(
          store.read,
          {
            ...(actor === undefined ? {} : { actors: [actor, ...(account === null ? [] : [account.accessId])] }),
            ...(action === undefined ? {} : { action }),
            ...(object === undefined ? {} : { object }),
            ...(phase === undefined ? {} : { phase }),
            ...(from === undefined ? {} : { fromMs: Date.parse(from) }),
            ...(to === undefined ? {} : { toMs: Date.parse(to) }),
            ...limitFor(access),
          },
          query.cursor ?? null,
          query.limit,
        );
        const records = await visibleRecords(services, access, page.records);
        const names = await identity.namesOf(named ? records.map((record) => record.actor) : []);
        return {
          items: records.map(({ at, detail, ...record }) => ({
            ...record,
            actorName: names.get(record.actor) ?? null,
            at: isoOf(at),
            detail: JSON.parse(detail) as unknown,
          })),
          nextCursor: page.next,
        };
      },
    }),
    route({
      method: "GET",
      url: "/api/v1/audit/head",
      summary: "Head of this process's chain, to keep elsewhere",
      question: { may: "manager:auditlog:verify" },
      answer: headSchema,
      handle: async () => audit.head(),
    }),
    route({
      method: "GET",
      url: "/api/v1/audit/chain",
      summary: "How the chain stands: head, last checkpoint, and what the last verification came to",
      question: { may: "manager:auditlog:verify" },
      answer: chainSchema,
      handle: async () => chainJson(chain.state()),
    }),
    route({
      method: "POST",
      url: "/api/v1/audit/witnesses",
      summary: "Begin to show a node's journal for a verification; its receipts follow in pages, within ten minutes each",
      question: { may: "manager:auditlog:verify" },
      body: witnessSchema,
      answer: z.object({ id: z.string().describe("one at a time: another one of the same principal replaces it") }),
      status: 201,
      handle: async ({ body, caller }) => {
        const { accessId } = caller.principal;
        const id = witnesses.begin(accessId, body);
        await audit.note({
          actor: accessId,
          action: "audit.witness",
          object: body.node.name,
          detail: { witness: id, nodeId: body.node.id },
        });
        return { id };
      },
    }),
    route({
      method: "POST",
      url: "/api/v1/audit/witnesses/:id/receipts",
      summary: "Add a page of a node's journal; a page that was sent before changes nothing",
      question: { may: "manager:auditlog:verify" },
      params: z.object({ id: witnessId }),
      body: z.strictObject({
        after: z.int().min(0).max(10_000_000).describe("how many receipts come before this page"),
        receipts: z
          .array(z.string().regex(/^[\x21-\x7e]{1,65536}$/))
          .max(10_000)
          .describe("as `behalf node journal` prints them, oldest first"),
      }),
      answer: z.object({ receipts: z.int().describe("how many there are now") }),
      handle: async ({ params, body, caller }) => ({
        receipts: witnesses.add(caller.principal.accessId, params.id, body.after, body.receipts),
      }),
    }),
    route({
      method: "POST",
      url: "/api/v1/audit/verify",
      summary: "Verify the record, also against a trusted head or a node's journal",
      question: { may: "manager:auditlog:verify" },
      body: z.strictObject({
        head: z.strictObject({ writer: line(100).min(1), sequence: z.int().min(0), hash: z.string().regex(/^[0-9a-f]{64}$/) }).optional(),
        witness: witnessId.optional().describe("id of a node's journal that was shown before; used up by this"),
      }),
      answer: reportSchema,
      handle: async ({ body, caller }) => {
        const { accessId } = caller.principal;
        const witness = body.witness === undefined ? null : witnesses.take(accessId, body.witness);
        try {
          await audit.note({ actor: accessId, action: "audit.verify", object: "audit" });
          return await verify(services, body.head, witness);
        } finally {
          witness?.drop();
        }
      },
    }),
  ];
};
