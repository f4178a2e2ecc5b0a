/** The web rules of the security page, each by name, against a whole manager that listens. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, copyFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ProblemError } from "#kernel/problem.ts";
import { raw, send } from "#test/fixtures/http.ts";
import { goodPassword, startManager, type ManagerWorld } from "#test/fixtures/manager.ts";

const current = "/api/v1/sessions/current";

describe("web security", () => {
  let world: ManagerWorld;
  const afters: (() => unknown)[] = [];
  before(async () => {
    world = await startManager({ after: (fn) => void afters.push(fn as () => unknown) });
    await world.person("ann", { permissions: ["manager:administration:accounts", "controller:runs"] });
  });
  after(async () => {
    for (const fn of afters) await fn();
  });

  test("W1: another Host, none, two, or a whole URL is refused before routing", async () => {
    const { port, tcp } = world;
    for (const host of ["evil.example", `evil.example:${port}`, "localhost", `localhost:${port + 1}`, `localhost:${port}.evil.example`]) {
      const answer = await send(tcp, { path: "/", headers: { host } });
      assert.equal(answer.status, 421, host);
      assert.equal(answer.json.code, "manager.wrong-host");
    }
    assert.match(await raw(port, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n"), /^HTTP\/1\.1 421/);
    assert.match(
      await raw(port, `GET / HTTP/1.1\r\nHost: localhost:${port}\r\nHost: evil.example\r\nConnection: close\r\n\r\n`),
      /^HTTP\/1\.1 4(?:00|21)/,
    );
    assert.match(
      await raw(port, `GET http://evil.example/ HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`),
      /^HTTP\/1\.1 421/,
    );
    assert.equal((await send(tcp, { path: "/" })).status, 200);
    assert.equal((await send(tcp, { path: "/", headers: { host: `127.0.0.1:${port}` } })).status, 200);
  });

  test("W1: an event stream checks the Host too", async () => {
    const ann = await world.browser("ann");
    const answer = await ann.ask({ path: "/api/v1/events", headers: { host: `evil.example:${world.port}` } });
    assert.equal(answer.json.code, "manager.wrong-host");
  });

  test("W1: both loopback addresses answer", async (t) => {
    try {
      assert.equal((await send({ ...world.tcp, host: "::1" }, { path: "/" })).status, 200);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EADDRNOTAVAIL") return t.skip("this machine has no ::1");
      throw error;
    }
    assert.equal((await send({ ...world.tcp, host: "127.0.0.1" }, { path: "/" })).status, 200);
  });

  test("W1: when another program holds either loopback address, the port is taken; the hint names --port", async (t) => {
    for (const host of ["127.0.0.1", "::1"]) {
      const other = createServer();
      try {
        await new Promise<void>((resolve, reject) =>
          other.once("error", reject).listen({ host, port: 0, ipv6Only: host === "::1" }, resolve),
        );
      } catch {
        t.diagnostic(`${host} is not there`);
        continue;
      }
      const { port } = other.address() as { port: number };
      await assert.rejects(
        startManager(t, { flags: { port } }),
        (error: unknown) =>
          error instanceof ProblemError && error.problem.code === "manager.port-taken" && error.problem.hint.includes("--port"),
      );
      other.close();
    }
  });

  test("W1: any address but loopback needs TLS", async (t) => {
    await assert.rejects(
      startManager(t, { flags: { host: "0.0.0.0", "allow-host": ["box.example"] } }),
      (error: unknown) => error instanceof ProblemError && error.problem.code === "manager.needs-tls",
    );
    await assert.rejects(
      startManager(t, { flags: { host: "0.0.0.0", tls: "internal" } }),
      (error: unknown) => error instanceof ProblemError && error.problem.code === "manager.setting",
    );
  });

  test("W2: a cookie without the CSRF token is refused on GET, POST and streams alike", async () => {
    const ann = await world.browser("ann");
    for (const sent of [
      { path: current },
      { path: "/api/v1/accounts" },
      { path: "/api/v1/events" },
      { method: "POST", path: "/api/v1/explain", body: { permission: "manager:view" } },
    ]) {
      const none = await send(world.tcp, { ...sent, headers: { cookie: ann.cookie } });
      assert.equal(none.json.code, "manager.csrf", sent.path);
      const wrong = await send(world.tcp, { ...sent, headers: { cookie: ann.cookie, "x-behalf-csrf": `${ann.csrf.slice(1)}x` } });
      assert.equal(wrong.json.code, "manager.csrf", sent.path);
    }
    assert.equal((await ann.ask({ path: current })).status, 200);
  });

  test("W2: another origin, another port of this host, or another site is refused, signing in included", async () => {
    const ann = await world.browser("ann");
    const foreign: Record<string, string>[] = [
      { origin: "http://evil.example" },
      { origin: `http://localhost:${world.port + 1}` },
      { origin: `https://localhost:${world.port}` },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
    ];
    for (const headers of foreign) {
      assert.equal((await ann.ask({ path: current, headers })).json.code, "manager.wrong-origin", JSON.stringify(headers));
      const login = await send(world.tcp, {
        method: "POST",
        path: "/api/v1/sessions",
        body: { account: "ann", password: goodPassword, kind: "browser" },
        headers,
      });
      assert.equal(login.json.code, "manager.wrong-origin", JSON.stringify(headers));
    }
    assert.equal(
      (await ann.ask({ path: current, headers: { origin: `http://localhost:${world.port}`, "sec-fetch-site": "same-origin" } })).status,
      200,
    );
    assert.equal(
      (await send(world.tcp, { path: "/", headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" } })).status,
      200,
      "following a link to the page is allowed",
    );
  });

  test("W2: no CORS, on no answer", async () => {
    const preflight = await send(world.tcp, {
      method: "OPTIONS",
      path: "/api/v1/sessions",
      headers: { origin: "http://evil.example", "access-control-request-method": "POST" },
    });
    assert.equal(preflight.status, 404);
    for (const answer of [preflight, await send(world.tcp, { path: "/api/openapi.json", headers: { origin: "http://evil.example" } })]) {
      assert.deepEqual(
        Object.keys(answer.headers).filter((name) => name.startsWith("access-control")),
        [],
      );
    }
  });

  test("W2: everything that can change something must be JSON", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp", ""]) {
      const answer = await world.owner.ask({
        method: "POST",
        path: "/api/v1/explain",
        body: '{"permission":"manager:view"}',
        headers: type === "" ? {} : { "content-type": type },
      });
      assert.equal(answer.json.code, "input.wrong-content-type", type);
    }
    assert.equal(
      (
        await world.owner.ask({
          method: "POST",
          path: "/api/v1/explain",
          body: '{"permission":"manager:view"}',
          headers: { "content-type": "application/json; charset=utf-8" },
        })
      ).status,
      200,
    );
  });

  test("W2: the session cookie is HttpOnly and SameSite=Strict; a bearer token does not work as a cookie nor a cookie as a bearer token", async () => {
    const login = await send(world.tcp, {
      method: "POST",
      path: "/api/v1/sessions",
      body: { account: "ann", password: goodPassword, kind: "browser" },
    });
    const [cookie = ""] = login.headers["set-cookie"] ?? [];
    assert.match(cookie, /^behalf=/);
    assert.match(cookie, /; HttpOnly/i);
    assert.match(cookie, /; SameSite=Strict/i);
    assert.equal(login.json.token, undefined, "a browser's token is nowhere but in the cookie");
    const cli = await send(world.tcp, {
      method: "POST",
      path: "/api/v1/sessions",
      body: { account: "ann", password: goodPassword, kind: "cli" },
    });
    assert.equal(cli.headers["set-cookie"], undefined);
    const asCookie = await send(world.tcp, {
      path: current,
      headers: { cookie: `behalf=${cli.json.token as string}`, "x-behalf-csrf": "x".repeat(43) },
    });
    assert.equal(asCookie.json.code, "manager.csrf");
    const ofCookie = cookie.slice("behalf=".length).split(";")[0] ?? "";
    const asBearer = (token: string): Promise<number> =>
      send(world.tcp, { path: current, headers: { authorization: `Bearer ${token}` } }).then(({ status }) => status);
    assert.equal(await asBearer(ofCookie), 401);
    assert.equal(await asBearer(cli.json.token as string), 200);
    // It is the same session that its cookie opens.
    const opened = await send(world.tcp, {
      path: current,
      headers: { cookie: `behalf=${ofCookie}`, "x-behalf-csrf": login.json.csrf as string },
    });
    assert.equal(opened.status, 200);
  });

  test("W2: with TLS the cookie is a __Host- one, Secure, and the name is checked with its port", async (t) => {
    const secure = await startManager(t, { flags: { tls: "internal" } });
    const { request } = await import("node:https");
    const answer = await new Promise<{ status: number; cookies: string[]; hsts: string | undefined }>((resolve, reject) => {
      const password = secure.manager.firstPassword?.password;
      const body = JSON.stringify({ account: "root", password, kind: "browser" });
      request(
        {
          host: "127.0.0.1",
          port: secure.port,
          method: "POST",
          path: "/api/v1/sessions",
          rejectUnauthorized: false,
          headers: { host: `localhost:${secure.port}`, "content-type": "application/json", "content-length": Buffer.byteLength(body) },
        },
        (response) => {
          response.resume();
          resolve({
            status: response.statusCode ?? 0,
            cookies: response.headers["set-cookie"] ?? [],
            hsts: response.headers["strict-transport-security"],
          });
        },
      )
        .on("error", reject)
        .end(body);
    });
    assert.equal(answer.status, 201);
    assert.match(answer.cookies[0] ?? "", /^__Host-behalf=[^;]+; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
    assert.ok(answer.hsts);
  });

  test("W3: a session that must change its password reaches two routes, and gets a new id with the new password", async () => {
    await world.owner.ask({ method: "POST", path: "/api/v1/accounts", body: { name: "new", roles: ["administrator"], confirm: true } });
    const reset = await world.owner.ask({ method: "POST", path: "/api/v1/accounts/new/reset-password", body: {} });
    const login = await send(world.tcp, {
      method: "POST",
      path: "/api/v1/sessions",
      body: { account: "new", password: reset.json.oneTimePassword, kind: "cli" },
    });
    assert.equal(login.json.mustChangePassword, true);
    const headers = { authorization: `Bearer ${login.json.token as string}` };
    let open = 0;
    const document = (await send(world.tcp, { path: "/api/openapi.json" })).json as { paths: Record<string, Record<string, unknown>> };
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const method of Object.keys(methods)) {
        if (path === "/api/v1/sessions/current" && method === "delete") continue;
        const answer = await send(world.tcp, {
          method: method.toUpperCase(),
          path: path.replaceAll(/\{[^}]+\}/g, "x"),
          headers,
          ...(method === "get" || method === "delete" ? {} : { body: {} }),
        });
        if (answer.json?.code !== "identity.password-change-due") open += 1;
        else assert.equal(answer.status, 403);
      }
    }
    // The page at its two addresses, its files, this description and the schema of jobs, signing in (public) and changing the password.
    assert.equal(open, 7);
    const changed = await send(world.tcp, {
      method: "POST",
      path: "/api/v1/password",
      body: { current: null, new: goodPassword },
      headers,
    });
    assert.equal(changed.status, 200);
    assert.notEqual(changed.json.sessionId, login.json.sessionId);
    assert.equal((await send(world.tcp, { path: current, headers })).status, 401, "the old session is over");
    assert.equal(
      (await send(world.tcp, { path: current, headers: { authorization: `Bearer ${changed.json.token as string}` } })).status,
      200,
    );
  });

  test("S13: a one-time password works once, and signing out is open to a forced session", async () => {
    const reset = await world.owner.ask({ method: "POST", path: "/api/v1/accounts/new/reset-password", body: {} });
    const body = { account: "new", password: reset.json.oneTimePassword as string, kind: "cli" };
    const first = await send(world.tcp, { method: "POST", path: "/api/v1/sessions", body });
    assert.equal(first.status, 201);
    assert.equal((await send(world.tcp, { method: "POST", path: "/api/v1/sessions", body })).status, 401);
    assert.equal(
      (await send(world.tcp, { method: "DELETE", path: current, headers: { authorization: `Bearer ${first.json.token as string}` } }))
        .status,
      200,
    );
  });

  test("W3: polling and streams do not feed the idle time, people do", async (t) => {
    const idle = await startManager(t, { flags: { "session-idle": "3s" } });
    await idle.person("ida", { permissions: ["manager:administration:accounts"] });
    /** Null: the machine stood still for so long between two uses that nobody could have stayed signed in. */
    const attempt = async (): Promise<{ polled: number | undefined; used: number | undefined } | null> => {
      const polled = await idle.browser("ida");
      const used = await idle.browser("ida");
      let lastUse = Date.now();
      const until = lastUse + 4200;
      while (Date.now() < until) {
        await polled.ask({ path: current, headers: { "x-behalf-background": "1" } });
        const { status } = await used.ask({ path: current });
        if (Date.now() - lastUse > 2500) return null;
        assert.equal(status, 200);
        lastUse = Date.now();
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
      const ended = await polled.ask({ path: current });
      const kept = await used.ask({ path: current });
      return Date.now() - lastUse > 2500 ? null : { polled: ended.status, used: kept.status };
    };
    let found = await attempt();
    while (found === null) found = await attempt();
    assert.deepEqual(found, { polled: 401, used: 200 });
  });

  test("W5: every answer is closed: nothing loaded, framed, sniffed, referred or kept", async () => {
    const answers = [
      await send(world.tcp, { path: "/api/openapi.json" }),
      await send(world.tcp, { path: current }),
      await send(world.tcp, { path: "/no/such/thing" }),
      await send(world.tcp, { path: "/%ff%zz" }),
      await send(world.tcp, { path: "/", headers: { host: "evil" } }),
      await world.owner.ask({ method: "POST", path: "/api/v1/explain", body: "{", headers: { "content-type": "application/json" } }),
    ];
    for (const answer of answers) {
      assert.match(answer.headers["content-security-policy"] as string, /^default-src 'none'; frame-ancestors 'none'/);
      assert.equal(answer.headers["x-content-type-options"], "nosniff");
      assert.equal(answer.headers["referrer-policy"], "no-referrer");
      assert.equal(answer.headers["cache-control"], "no-store");
      assert.equal(answer.headers["x-powered-by"], undefined);
    }
  });

  test("W6: a forwarded-for header is not believed", async () => {
    const login = await send(world.tcp, {
      method: "POST",
      path: "/api/v1/sessions",
      body: { account: "ann", password: goodPassword, kind: "cli" },
      headers: { "x-forwarded-for": "203.0.113.9", forwarded: "for=203.0.113.9" },
    });
    const listed = await world.owner.ask({ path: "/api/v1/accounts/ann/sessions" });
    assert.equal(login.status, 201);
    assert.equal(JSON.stringify(listed.json).includes("203.0.113.9"), false);
  });

  test("W7: a problem never repeats a secret, and a failure shows an id only", async () => {
    const secret = "hunter2-hunter2";
    for (const body of [
      { account: "ann", password: secret, kind: "nonsense" },
      { account: 7, password: secret, kind: "cli", extra: secret },
      { account: "ann", password: [secret], kind: "cli" },
      { account: "ann", password: secret, kind: "cli" },
    ]) {
      const answer = await send(world.tcp, { method: "POST", path: "/api/v1/sessions", body });
      assert.ok(answer.status >= 400);
      assert.equal(answer.text.includes(secret), false, answer.text);
    }
    const broken = await send(world.tcp, {
      method: "POST",
      path: "/api/v1/sessions",
      body: `{"password":"${secret}`,
      headers: { "content-type": "application/json" },
    });
    assert.equal(broken.json.code, "input.malformed-json");
    assert.equal(broken.text.includes(secret), false);
  });

  test("W7: problems are problem+json with code, title, status, detail, hint and an id", async () => {
    const answer = await send(world.tcp, { path: current });
    assert.match(answer.headers["content-type"] as string, /^application\/problem\+json/);
    const { instance, ...rest } = answer.json as Record<string, unknown>;
    assert.match(String(instance), /^err_/);
    assert.deepEqual(rest, {
      type: "/problems/identity.not-signed-in",
      code: "identity.not-signed-in",
      title: "not signed in",
      status: 401,
      detail: "nobody is signed in",
      hint: "sign in with `behalf login`",
    });
    const invalid = await send(world.tcp, {
      method: "POST",
      path: "/api/v1/sessions",
      body: { account: "ann", kind: "cli", passwort: "x" },
    });
    assert.equal(invalid.status, 422);
    assert.equal(invalid.json.code, "input.missing-field");
    assert.equal(invalid.json.detail, "`password` is missing");
    assert.deepEqual(invalid.json.at, { path: "password" });
    assert.deepEqual(invalid.json.also, [
      {
        code: "input.unknown-field",
        message: "the request has no field `passwort`",
        hint: "remove the field or correct its spelling",
        at: { path: "passwort" },
      },
    ]);
  });

  test("W7: a refusal names the deciding rule and nothing of others", async () => {
    const bob = await world.person("bob", { permissions: ["controller:runs:view"] });
    const answer = await bob.ask({ path: "/api/v1/accounts" });
    assert.equal(answer.status, 403);
    assert.equal(answer.json.because.rule, "may.not-granted");
    assert.deepEqual(Object.keys(answer.json.because as object), ["rule", "text"]);
  });

  test("W8: who may not is told so before his body is read or validated", async () => {
    const eve = await world.person("eve", { permissions: [] });
    for (const body of ["{ not json", "[".repeat(1000), JSON.stringify({ name: 7, nonsense: true }), JSON.stringify({ name: "ann" })]) {
      const answer = await eve.ask({ method: "POST", path: "/api/v1/accounts", body, headers: { "content-type": "application/json" } });
      assert.equal(answer.status, 403, body.slice(0, 40));
      assert.equal(answer.json.code, "access.denied");
    }
    const nobody = await send(world.tcp, {
      method: "POST",
      path: "/api/v1/accounts",
      body: "x".repeat(100),
      headers: { "content-type": "text/plain" },
    });
    assert.equal(nobody.status, 401);
  });

  test("W9: bodies beyond 1 MiB, deeper than 64 levels or with names into prototypes are refused", async () => {
    const ask = async (body: string): Promise<unknown> =>
      (await world.owner.ask({ method: "POST", path: "/api/v1/explain", body, headers: { "content-type": "application/json" } })).json.code;
    assert.equal(await ask(JSON.stringify({ permission: "x".repeat(1024 * 1024) })), "input.too-large");
    assert.equal(await ask(`{"permission":${"[".repeat(65)}${"]".repeat(65)}}`), "input.too-deep");
    assert.equal(await ask('{"permission":"manager:view","__proto__":{"admin":true}}'), "input.forbidden-name");
    assert.equal(await ask('{"permission":"manager:view","x":{"constructor":{"prototype":1}}}'), "input.forbidden-name");
    assert.equal(await ask("{"), "input.malformed-json");
  });

  test("S11: the socket stands in a 0700 folder and acts as os:<uid>, which no header over TCP can", async () => {
    const folder = statSync(dirname(world.layout.manager.socket));
    assert.equal(folder.mode & 0o777, 0o700);
    const me = await world.owner.ask({ path: current });
    assert.equal(me.json.principal.accessId, `os:${process.getuid?.() ?? ""}`);
    assert.deepEqual(me.json.principal.amr, ["os"]);
    const tries: Record<string, string>[] = [
      { "x-remote-uid": "0" },
      { authorization: "Bearer os:0" },
      { authorization: "Basic cm9vdDo=" },
      { cookie: "behalf=os:0" },
    ];
    for (const headers of tries) {
      assert.equal((await send(world.tcp, { path: current, headers })).status, 401, JSON.stringify(headers));
    }
  });

  test("S11: the kernel says who is at the socket: another account that can reach it is not the owner", async (t) => {
    if (process.getuid?.() !== 0) return t.skip("needs root, to act as another account");
    // Opened for the test alone: the folder is the first boundary, the peer's number the second.
    const { socket } = world.layout.manager;
    for (const folder of [world.layout.root, dirname(dirname(socket)), dirname(socket)]) chmodSync(folder, 0o755);
    chmodSync(socket, 0o666);
    try {
      const script = `require("node:http").get({socketPath:${JSON.stringify(socket)},path:"${current}",headers:{host:"x"}},r=>{let t="";r.on("data",d=>t+=d);r.on("end",()=>console.log(r.statusCode,t))}).on("error",e=>console.log(e.code))`;
      // A copy that others can run: the project may lie below a private home.
      const copy = join(mkdtempSync(join(tmpdir(), "bhf-node-")), "node");
      copyFileSync(process.execPath, copy);
      chmodSync(dirname(copy), 0o755);
      chmodSync(copy, 0o755);
      t.after(() => rmSync(dirname(copy), { recursive: true }));
      const answer = await new Promise<string>((resolve) =>
        execFile(
          "setpriv",
          ["--reuid", "65534", "--regid", "65534", "--clear-groups", copy, "-e", script],
          { cwd: "/" },
          (error, stdout, stderr) => resolve(error === null ? stdout : stderr),
        ),
      );
      assert.match(answer, /^401 .*uid 65534/);
    } finally {
      chmodSync(socket, 0o600);
      for (const folder of [world.layout.root, dirname(dirname(socket)), dirname(socket)]) chmodSync(folder, 0o700);
    }
  });

  test("S11: a socket path that the kernel would cut is a problem", async (t) => {
    const base = mkdtempSync(join(tmpdir(), "bhf-long-"));
    t.after(() => rmSync(base, { recursive: true }));
    await assert.rejects(
      startManager(t, { folder: join(base, "x".repeat(100)) }),
      (error: unknown) => error instanceof ProblemError && error.problem.code === "manager.socket-path-too-long",
    );
  });

  test("S11: a second manager on the same data folder is refused, a socket left behind is not in the way", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "bhf-two-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const first = await startManager(t, { folder });
    await assert.rejects(
      startManager(t, { folder }),
      (error: unknown) => error instanceof ProblemError && error.problem.code === "manager.already-running",
    );
    await first.manager.close();
    const second = await startManager(t, { folder });
    assert.equal((await second.owner.ask({ path: current })).status, 200);
  });
});
