/** The status page at `/`, and the description of the API. */
import { z } from "zod";
import { newNonces, renderPage, type PageStart } from "#manager/page/render.ts";
import { route, type Route } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";
import { channelOf } from "#manager/web/channel.ts";
import { cookieToken } from "#manager/web/guard.ts";
import { securityHeaders } from "#manager/web/security-headers.ts";
import { csrfTokenOf } from "#identity/session-store.ts";

export const pageRoutes = ({ identity, realm, version, openApi }: Services): Route[] => [
  route({
    method: "GET",
    url: "/",
    summary: "The status page",
    question: { public: "without a session it is the sign-in form; it shows nothing that its session may not read through the API" },
    produces: "text/html",
    handle: async ({ request, reply }) => {
      const channel = channelOf(request.raw.socket);
      const tls = channel?.kind === "tcp" && channel.tls;
      const token = cookieToken(request, tls);
      const open = token === null ? null : await identity.sessionOf(token, { feed: true });
      const session: PageStart["session"] =
        token === null || open === null || open.kind !== "browser"
          ? null
          : { name: open.principal.name, csrf: csrfTokenOf(token), mustChangePassword: open.mustChangePassword };
      const nonces = newNonces();
      return reply
        .headers(securityHeaders({ tls, nonces }))
        .type("text/html; charset=utf-8")
        .send(renderPage({ realm: realm.name, version, session }, nonces));
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
