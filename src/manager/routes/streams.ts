/** Live views as server-sent events: a run's output with resume by offset, one run's changes, and the changes of all visible runs. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { decide } from "#access/decide.ts";
import { fail } from "#kernel/problem.ts";
import { checkedPiece, chunkJson } from "#manager/log-file.ts";
import { lineJson } from "#manager/log-lines.ts";
import { aboutRun, byRunId, missingRun, offsetParameter, runOf } from "#manager/routes/runs.ts";
import { runJson, runSummaryJson } from "#manager/routes/run-view.ts";
import { route, type Route, type RouteQuestion } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";
import { Bell } from "#manager/web/bell.ts";
import type { EventStream } from "#manager/web/event-stream.ts";
import { admit } from "#manager/web/guard.ts";

/** Even if a hint is lost, a stream looks again after this time. */
const lookAgainMs = 2000;
/** Changes of all runs are sent in batches: a page cannot show more, and a query per change would cost more than the run. */
const batchMs = 100;
const mostPerBatch = 100;
/** A page that shows lines gets the newest ones only, this often at most: it asks for those between when somebody scrolls there. */
const lineBatchMs = 40;
const newestLines = 200;

/** Whatever a stream does after the answer has begun ends the stream, never the process. */
const inBackground = ({ log }: Services, stream: EventStream, work: () => Promise<void>): void => {
  work().then(
    () => stream.close("end"),
    (error: unknown) => {
      log.error({ err: error }, "a stream failed");
      stream.close("general.internal");
    },
  );
};

const openStream = (services: Services, question: RouteQuestion, request: FastifyRequest, reply: FastifyReply): EventStream =>
  services.streams.open(request, reply, async () => {
    // Today's facts also for what the stream filters from now on.
    request.caller = await admit(services.identity, request, question, { stream: true });
  });

/** What rings when a run's output grows or the run changes, and knows when the output began anew. */
const followOutput = ({ controller, feed }: Services, runId: string): { readonly bell: Bell; emptied: boolean; stop(): void } => {
  const bell = new Bell();
  const stops = [
    controller.onLog(runId, (size) => {
      if (size === -1) output.emptied = true;
      bell.ring();
    }),
    feed.onRun((changed) => {
      if (changed === runId) bell.ring();
    }),
  ];
  const output = {
    bell,
    emptied: false,
    stop: () => {
      for (const stop of stops) stop();
    },
  };
  return output;
};

const sendLog = async (services: Services, stream: EventStream, runId: string, from: number): Promise<void> => {
  const { jobs, logFiles } = services;
  const output = followOutput(services, runId);
  try {
    let offset = from;
    while (!stream.closed) {
      if (output.emptied) {
        // A new attempt begins its output anew.
        output.emptied = false;
        offset = 0;
        await stream.send({ id: 0, event: "restart", data: { offset: 0 } });
      }
      // Asked before reading: what is written before the end is then read before the end is told.
      const run = await jobs.getRun(runId);
      const piece = await logFiles.read(runId, offset);
      for (const chunk of piece.chunks) {
        if (stream.closed || output.emptied) break;
        await stream.send({ id: chunk.nextOffset, event: "log", data: chunkJson(chunk) });
        offset = chunk.nextOffset;
      }
      if (output.emptied || (!piece.atEnd && !piece.damaged)) continue;
      if (run === null || run.state === "ended" || piece.damaged) {
        await stream.send({ event: "end", data: { result: run?.result ?? null, offset, damaged: piece.damaged } });
        return;
      }
      await output.bell.wait(lookAgainMs, stream.signal);
    }
  } finally {
    output.stop();
  }
};

const sendLines = async (services: Services, stream: EventStream, runId: string, known: number): Promise<void> => {
  const { jobs, logLines } = services;
  const output = followOutput(services, runId);
  try {
    /** The last line that was sent, and its text: it may go on. */
    let sent = known;
    let last = "";
    while (!stream.closed) {
      if (output.emptied) {
        output.emptied = false;
        sent = 0;
        last = "";
        await stream.send({ event: "restart", data: {} });
      }
      const run = await jobs.getRun(runId);
      const { items, total, complete } = await logLines.read(runId, null, newestLines);
      const newest = items.at(-1);
      const text = newest === undefined ? "" : `${newest.line} ${newest.cut} ${newest.text}`;
      if (total > sent || text !== last) {
        const fresh = items.filter(({ line }) => line >= Math.max(1, sent));
        await stream.send({ event: "lines", data: { total, complete, items: fresh.map(lineJson) } });
        sent = total;
        last = text;
        if (complete) await new Promise((resolve) => setTimeout(resolve, lineBatchMs));
      }
      if (!complete || output.emptied) continue;
      if (run === null || run.state === "ended") {
        await stream.send({ event: "end", data: { result: run?.result ?? null, total } });
        return;
      }
      await output.bell.wait(lookAgainMs, stream.signal);
    }
  } finally {
    output.stop();
  }
};

const sendRun = async ({ jobs, feed }: Services, stream: EventStream, runId: string, request: FastifyRequest): Promise<void> => {
  const bell = new Bell();
  const stop = feed.onRun((changed) => {
    if (changed === runId) bell.ring();
  });
  try {
    let last = "";
    while (!stream.closed) {
      const run = await jobs.getRun(runId);
      const reader = request.caller?.principal;
      if (run === null || reader === undefined) return;
      const text = JSON.stringify([run.state, run.result, run.attempt, run.cancel]);
      if (text !== last) await stream.send({ event: "run", data: runJson(run, reader) });
      last = text;
      if (run.state === "ended") return;
      await bell.wait(lookAgainMs, stream.signal);
    }
  } finally {
    stop();
  }
};

const sendAll = async (
  { jobs, feed, controller }: Services,
  stream: EventStream,
  request: FastifyRequest,
  resumed: boolean,
): Promise<void> => {
  const changed = new Set<string>();
  let nodesChanged = false;
  let overflowed = false;
  const bell = new Bell();
  const stops = [
    feed.onRun((runId) => {
      if (changed.size < mostPerBatch * 10) changed.add(runId);
      else overflowed = true;
      bell.ring();
    }),
    controller.onNodes(() => {
      nodesChanged = true;
      bell.ring();
    }),
  ];
  try {
    // What happened in between is not kept: the reader loads its list again.
    if (resumed) await stream.send({ event: "resync", data: {} });
    while (!stream.closed) {
      await bell.wait(60_000, stream.signal);
      await new Promise((resolve) => setTimeout(resolve, batchMs));
      if (overflowed) {
        overflowed = false;
        changed.clear();
        await stream.send({ event: "resync", data: {} });
      }
      const ids = [...changed].slice(0, mostPerBatch);
      for (const id of ids) changed.delete(id);
      if (changed.size > 0) bell.ring();
      const access = request.caller?.principal.access;
      if (nodesChanged) {
        nodesChanged = false;
        if (access !== undefined && decide({ permission: "manager:nodes:view" }, access).effect === "permit")
          await stream.send({ event: "nodes", data: {} });
      }
      if (ids.length === 0 || access === undefined) continue;
      for (const id of ids) {
        const run = await jobs.getRun(id);
        if (
          run !== null &&
          decide({ permission: "controller:runs:view", path: run.job, controller: run.controller }, access).effect === "permit"
        )
          await stream.send({ event: "run", data: runSummaryJson(run) });
      }
    }
  } finally {
    for (const stop of stops) stop();
  }
};

const resumeOffset = (request: FastifyRequest, asked: number): number => {
  const given = request.headers["last-event-id"];
  if (given === undefined || given === "") return asked;
  if (typeof given !== "string" || !/^\d{1,15}$/.test(given))
    return fail("input.invalid-value", "`Last-Event-ID` is not one that this stream gave", { hint: "start again without it" });
  return Number(given);
};

export const streamRoutes = (services: Services): Route[] => {
  const about = aboutRun(services);
  const logQuestion = { may: "controller:runs:log", about, missing: missingRun } as const;
  const runQuestion = { may: "controller:runs:view", about, missing: missingRun } as const;
  const allQuestion = { may: "controller:runs:view", refined: "each run is asked about by its job" } as const;
  return [
    route({
      method: "GET",
      url: "/api/v1/runs/:id/log/stream",
      summary: "The run's output as it is written (`log`), until it has ended (`end`)",
      question: logQuestion,
      params: byRunId,
      query: z.object({ offset: offsetParameter }),
      headers: { "last-event-id": "id of the last event that was received: goes on behind it" },
      produces: "text/event-stream",
      handle: async ({ params, query, request, reply }) => {
        const offset = resumeOffset(request, query.offset);
        if (offset > 0) checkedPiece(await services.logFiles.read(params.id, offset, 1), offset);
        const stream = openStream(services, logQuestion, request, reply);
        inBackground(services, stream, () => sendLog(services, stream, params.id, offset));
        return reply;
      },
    }),
    route({
      method: "GET",
      url: "/api/v1/runs/:id/log/lines/stream",
      summary: "How many lines the run's output has and the newest of them, as they are written (`lines`), until it has ended (`end`)",
      question: logQuestion,
      params: byRunId,
      query: z.object({
        known: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0).describe("lines that the reader has"),
      }),
      produces: "text/event-stream",
      handle: async ({ params, query, request, reply }) => {
        const stream = openStream(services, logQuestion, request, reply);
        inBackground(services, stream, () => sendLines(services, stream, params.id, query.known));
        return reply;
      },
    }),
    route({
      method: "GET",
      url: "/api/v1/runs/:id/events",
      summary: "The run each time its state changes (`run`), until it has ended",
      question: runQuestion,
      params: byRunId,
      produces: "text/event-stream",
      handle: async ({ request, reply }) => {
        const { id } = runOf(request);
        const stream = openStream(services, runQuestion, request, reply);
        inBackground(services, stream, () => sendRun(services, stream, id, request));
        return reply;
      },
    }),
    route({
      method: "GET",
      url: "/api/v1/events",
      summary: "Every visible run as it changes (`run`), nodes that come and go (`nodes`), `resync` when a list must be loaded again",
      question: allQuestion,
      produces: "text/event-stream",
      handle: async ({ request, reply }) => {
        const stream = openStream(services, allQuestion, request, reply);
        inBackground(services, stream, () => sendAll(services, stream, request, request.headers["last-event-id"] !== undefined));
        return reply;
      },
    }),
  ];
};
