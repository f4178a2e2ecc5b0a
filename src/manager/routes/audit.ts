/** The record: reading it, verifying it, and its head to keep elsewhere (K1). */
import { z } from "zod";
import { readCheckpointFile } from "#audit/checkpoint.ts";
import { listAudit } from "#audit/list-audit.ts";
import { verifyAudit } from "#audit/verify-chain.ts";
import type { NodeWitness } from "#audit/verify-receipts.ts";
import { problem, ProblemError } from "#kernel/problem.ts";
import { count, instant, isoOf, line, pageOf } from "#manager/routes/fields.ts";
import { route, type Route } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";

const headSchema = z.object({ writer: z.string(), sequence: z.int(), hash: z.string() });

const recordSchema = z
  .object({
    writer: z.string(),
    sequence: z.int(),
    at: instant,
    actor: z.string(),
    action: z.string(),
    object: z.string(),
    phase: z.enum(["opened", "completed", "failed", "refused", "noted"]),
    opened: z.int().nullable().describe("sequence of the record that opened this act"),
    detail: z.unknown(),
    hash: z.string(),
    previous: z.string(),
  })
  .meta({ id: "AuditRecord" });

const exact = (max: number): z.ZodOptional<z.ZodString> => line(max).min(1).optional();
/** A node's receipts come as one body: about 2 KiB each, so this is some ten thousand runs. */
const maxWitnessBytes = 32 * 1024 * 1024;

/** Which node signed: read from the unchecked payload only to find the key that checks it. */
const nodeIdOfReceipt = (jws: string): string | null => {
  try {
    const payload = JSON.parse(Buffer.from(jws.split(".")[1] ?? "", "base64url").toString("utf8")) as { node?: { id?: unknown } };
    return typeof payload.node?.id === "string" ? payload.node.id : null;
  } catch {
    return null;
  }
};

const witnessesOf = async ({ store }: Services, receipts: readonly string[]): Promise<NodeWitness[]> => {
  const byNode = Map.groupBy(receipts, nodeIdOfReceipt);
  const witnesses: NodeWitness[] = [];
  for (const [nodeId, lines] of byNode) {
    const node = nodeId === null ? undefined : await store.read.selectFrom("nodes").select(["name", "public_key"]).where("id", "=", nodeId).executeTakeFirst();
    if (node === undefined) throw new ProblemError(problem("input.invalid-value", "the journal holds receipts of a node that is not known here", { at: { path: "receipts" }, hint: "export it on a node of this manager: `behalf node journal > FILE`" }));
    witnesses.push({ nodeName: node.name, publicKey: node.public_key, receipts: lines });
  }
  return witnesses;
};

export const auditRoutes = (services: Services): Route[] => {
  const { store, audit, auditKey, checkpointFile } = services;
  return [
    route({
      method: "GET",
      url: "/api/v1/audit",
      summary: "Audit records, newest first",
      question: { may: "manager:auditlog:view" },
      query: z.object({
        actor: exact(300),
        action: exact(100).describe("exact, or with a final `*`"),
        object: exact(1200),
        phase: z.enum(["opened", "completed", "failed", "refused", "noted"]).optional(),
        from: instant.optional(),
        to: instant.optional(),
        limit: count(1, 200, 50),
        cursor: z.string().max(200).optional(),
      }),
      answer: pageOf(recordSchema),
      handle: async ({ query }) => {
        const { actor, action, object, phase, from, to } = query;
        const page = await listAudit(
          store.read,
          {
            ...(actor === undefined ? {} : { actor }),
            ...(action === undefined ? {} : { action }),
            ...(object === undefined ? {} : { object }),
            ...(phase === undefined ? {} : { phase }),
            ...(from === undefined ? {} : { fromMs: Date.parse(from) }),
            ...(to === undefined ? {} : { toMs: Date.parse(to) }),
          },
          query.cursor ?? null,
          query.limit,
        );
        return {
          items: page.records.map(({ at, detail, ...record }) => ({ ...record, at: isoOf(at), detail: JSON.parse(detail) as unknown })),
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
      method: "POST",
      url: "/api/v1/audit/verify",
      summary: "Verify the record, also against a trusted head or a node's journal",
      question: { may: "manager:auditlog:verify" },
      bodyLimit: maxWitnessBytes,
      body: z.strictObject({
        head: z.strictObject({ writer: line(100).min(1), sequence: z.int().min(0), hash: z.string().regex(/^[0-9a-f]{64}$/) }).optional(),
        receipts: z.array(z.string().max(64 * 1024)).max(100_000).optional().describe("lines of `behalf node journal`, from the node itself"),
      }),
      answer: z.object({
        ok: z.boolean(),
        records: z.int(),
        chains: z.int(),
        checkpoints: z.int(),
        receipts: z.int(),
        unfinishedActs: z.int(),
        head: headSchema.nullable(),
        findings: z.array(z.object({ kind: z.string(), writer: z.string().nullable(), sequence: z.int().nullable(), text: z.string() })),
        furtherFindings: z.int(),
      }),
      handle: async ({ body, caller }) => {
        await audit.note({ actor: caller.principal.accessId, action: "audit.verify", object: "audit" });
        const head = audit.head();
        const report = await verifyAudit({
          read: store.read,
          checkpoints: readCheckpointFile(checkpointFile),
          publicKey: auditKey,
          ...(body.head === undefined ? {} : { trustedHead: body.head }),
          ...(body.receipts === undefined ? {} : { receipts: await witnessesOf(services, body.receipts) }),
        });
        return { ...report, chains: report.chains.length, head, findings: report.findings.map(({ kind, writer, sequence, text }) => ({ kind, writer, sequence, text })) };
      },
    }),
  ];
};
