/** The cockpit at `/` and below every address of its pages, its files, and the description of the API. */
import { z } from "zod";
import { chooseCoding, loadCockpitFiles, type CockpitFiles } from "#manager/cockpit/cockpit-files.ts";
import { newNonce, renderCockpit, renderNotBuilt, type CockpitStart } from "#manager/cockpit/render.ts";
import { fail } from "#kernel/problem.ts";
import { route, type Route } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";
import { channelOf } from "#manager/web/channel.ts";
import { cookieToken } from "#manager/web/guard.ts";
import { securityHeaders } from "#manager/web/security-headers.ts";
import { csrfTokenOf } from "#identity/session-store.ts";
import type { FastifyReply, FastifyRequest } from "fastify";

const question = {
  public: "without a session it is the sign-in form; it shows nothing that its session may not read through the API",
} as const;

/** Addresses below these are never pages. */
const notPages = /^\/(?:api|assets)(?:\/|$)/;

/** A person's browser that opens an address; scripts and images that miss are told so, and are not given a document. */
const isNavigation = (request: FastifyRequest): boolean => {
  const destination = request.headers["sec-fetch-dest"];
  return destination === undefined ? (request.headers.accept ?? "*/*").includes("text/html") : destination === "document";
};

const unknownRoute = (request: FastifyRequest): never =>
  fail("input.unknown-route", `there is no \`GET ${(request.url.split("?")[0] ?? "").slice(0, 200)}\``);

export const pageRoutes = ({ identity, realm, version, openApi }: Services): Route[] => {
  let files: CockpitFiles | null = null;
  /** Asked again while there is none, so that building it does not need a restart. */
  const built = (): CockpitFiles | null => (files ??= loadCockpitFiles());

  const startOf = async (request: FastifyRequest, tls: boolean): Promise<CockpitStart> => {
    const token = cookieToken(request, tls);
    const open = token === null ? null : await identity.sessionOf(token, { feed: true });
    return {
      realm: realm.name,
      version,
      session:
        token === null || open === null || open.kind !== "browser"
          ? null
          : { name: open.principal.name, csrf: csrfTokenOf(token), mustChangePassword: open.mustChangePassword },
    };
  };

  const sendCockpit = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const channel = channelOf(request.raw.socket);
    const tls = channel?.kind === "tcp" && channel.tls;
    const nonce = newNonce();
    const start = await startOf(request, tls);
    const found = built();
    void reply.headers(securityHeaders({ tls, nonce })).type("text/html; charset=utf-8");
    return found === null
      ? reply.code(503).send(renderNotBuilt(start, nonce))
      : reply.code(200).send(renderCockpit(found.index, start, nonce));
  };

  return [
    route({
      method: "GET",
      url: "/",
      summary: "The cockpit",
      question,
      produces: "text/html",
      handle: ({ request, reply }) => sendCockpit(request, reply),
    }),
    route({
      method: "GET",
      url: "/*",
      summary: "The cockpit at the address of one of its pages, so that it survives a reload",
      question,
      produces: "text/html",
      handle: ({ request, reply }) =>
        notPages.test(request.url) || !isNavigation(request) ? unknownRoute(request) : sendCockpit(request, reply),
    }),
    route({
      method: "GET",
      url: "/assets/:name",
      summary: "A file of the cockpit; its name holds its hash",
      question: { public: "the cockpit's code and style: the same for everybody, part of the product" },
      params: z.object({ name: z.string().max(200) }),
      produces: "application/octet-stream",
      handle: async ({ params, request, reply }) => {
        const file = built()?.assets.get(params.name);
        if (file === undefined) return unknownRoute(request);
        const coding = chooseCoding(file, request.headers["accept-encoding"]);
        const content = await file.open(coding);
        if (content === null) return unknownRoute(request);
        return reply
          .headers({
            "content-type": file.type,
            "cache-control": "public, max-age=31536000, immutable",
            vary: "accept-encoding",
            "content-length": String(file.sizes[coding] ?? 0),
            ...(coding === "identity" ? {} : { "content-encoding": coding }),
          })
          .send(content);
      },
    }),
    route({
      method: "GET",
      url: "/api/openapi.json",
      summary: "This description",
      question: { public: "it describes the product, not this instance" },
      answer: z.record(z.string(), z.unknown()),
      handle: async () => openApi(),
    }),
  ];
};
