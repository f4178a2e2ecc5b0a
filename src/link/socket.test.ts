import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { spawn } from "node:child_process";
import { test, type TestContext } from "node:test";
import { encodeFrame, maxFrameBytes } from "#link/frame.ts";
import { silentLog } from "#kernel/log.ts";
import { ProblemError } from "#kernel/problem.ts";
import { serveFrames, type FrameServerOptions } from "#link/frame-server.ts";
import { peerCredentials, type PeerCredentials } from "#link/peer-credentials.ts";
import { connectFrames } from "#link/socket.ts";

type Message = { readonly type: string; readonly text?: string };
const isCode =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof ProblemError && error.problem.code === code;
const ownUid = process.getuid?.() ?? -1;

const serve = async (t: TestContext, options: Partial<FrameServerOptions<Message, Message>> = {}) => {
  const root = mkdtempSync(join(tmpdir(), "bhf-socket-"));
  const folder = join(root, "link");
  const path = join(folder, "l.sock");
  const seen: Message[] = [];
  const server = await serveFrames<Message, Message>({
    path,
    folder,
    folderMode: 0o710,
    log: silentLog,
    mayConnect: (peer) => peer.uid === ownUid,
    onConnection: (connection) => ({
      onFrame: ({ header, payload }) => {
        seen.push(header);
        connection.send({ type: "echo", text: header.text ?? "" }, payload);
      },
    }),
    ...options,
  });
  t.after(async () => {
    await server.close();
    rmSync(root, { recursive: true, force: true });
  });
  return { root, folder, path, server, seen };
};

test("S11: frames travel both ways, the folder has its mode, and the peer is known by its uid", async (t) => {
  const peers: PeerCredentials[] = [];
  const { path, folder } = await serve(t, { mayConnect: (peer) => peers.push(peer) > 0 });
  assert.equal(statSync(folder).mode & 0o777, 0o710);
  const answered = Promise.withResolvers<{ text: string | undefined; bytes: number }>();
  const client = await connectFrames<Message, Message>({
    path,
    log: silentLog,
    onConnection: () => ({ onFrame: ({ header, payload }) => answered.resolve({ text: header.text, bytes: payload.length }) }),
  });
  client.send({ type: "hi", text: "ä" }, Buffer.alloc(1_000_000));
  assert.deepEqual(await answered.promise, { text: "ä", bytes: 1_000_000 });
  assert.deepEqual(
    peers.map(({ uid, pid }) => [uid, pid]),
    [[ownUid, process.pid]],
  );
  client.destroy();
});

test("S11: a peer of another account is closed before anything it sent is read", async (t) => {
  const { path, seen } = await serve(t, { mayConnect: () => false });
  const client = connect(path);
  client.on("error", () => {});
  client.write(encodeFrame({ type: "hi" }));
  await new Promise((resolve) => client.once("close", resolve));
  assert.deepEqual(seen, []);
});

test("S11: a peer running as another account has that account's uid", async (t) => {
  if (ownUid !== 0) return t.skip("needs root to start a process under another uid");
  const uids: number[] = [];
  const { root, path } = await serve(t, { mayConnect: (peer) => (uids.push(peer.uid), false) });
  const script = `require("net").connect(${JSON.stringify(path)}).on("error",()=>{}).on("close",()=>process.exit(0))`;
  // Opened here so that only the credentials are asked.
  chmodSync(root, 0o711);
  chmodSync(join(root, "link"), 0o711);
  const child = spawn(process.execPath, ["-e", script], { uid: 65534, gid: 65534, stdio: "ignore", cwd: "/" });
  await once(child, "exit");
  assert.deepEqual(uids, [65534]);
});

for (const [name, bytes] of [
  [
    "a frame beyond the limit",
    (() => {
      const head = Buffer.alloc(8);
      head.writeUInt32BE(maxFrameBytes + 1, 0);
      return head;
    })(),
  ],
  [
    "a header that is not JSON",
    (() => {
      const frame = encodeFrame({ type: "x" });
      frame.write("!", 8);
      return frame;
    })(),
  ],
  ["a header longer than its frame", Buffer.from([0, 0, 0, 5, 0, 0, 0, 9, 0])],
  ["text of another protocol", Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")],
] as const)
  test(`S11: ${name} closes the connection, and the next one is served`, async (t) => {
    const { path, seen } = await serve(t);
    const client = connect(path);
    client.on("error", () => {});
    client.write(bytes);
    await new Promise((resolve) => client.once("close", resolve));
    assert.deepEqual(seen, []);
    const answered = Promise.withResolvers<void>();
    const next = await connectFrames<Message, Message>({
      path,
      log: silentLog,
      onConnection: () => ({ onFrame: () => answered.resolve() }),
    });
    next.send({ type: "hi" });
    await answered.promise;
    next.destroy();
  });

test("S11: a path that the kernel would cut is refused with its length", async () => {
  const path = `/tmp/${"x".repeat(110)}/l.sock`;
  await assert.rejects(
    serveFrames({
      path,
      folder: "/tmp",
      folderMode: 0o700,
      log: silentLog,
      mayConnect: () => true,
      onConnection: () => ({ onFrame: () => {} }),
    }),
    isCode("link.socket-path-too-long"),
  );
  assert.throws(
    () => connectFrames({ path, log: silentLog, onConnection: () => ({ onFrame: () => {} }) }),
    isCode("link.socket-path-too-long"),
  );
});

test("2.8: a socket left by a dead process is replaced, a living one and a plain file are not", async (t) => {
  const { path, folder } = await serve(t);
  const again = { path, folder, folderMode: 0o710, log: silentLog, mayConnect: () => true, onConnection: () => ({ onFrame: () => {} }) };
  await assert.rejects(serveFrames(again), isCode("link.socket-taken"));
  const dead = join(folder, "d.sock");
  const child = spawn(
    process.execPath,
    ["-e", `require("net").createServer().listen(${JSON.stringify(dead)}, () => process.kill(process.pid, "SIGKILL"))`],
    { stdio: "ignore" },
  );
  await once(child, "exit");
  assert.ok(statSync(dead).isSocket());
  const server = await serveFrames({ ...again, path: dead });
  await server.close();
  const plain = join(folder, "plain");
  writeFileSync(plain, "");
  await assert.rejects(serveFrames({ ...again, path: plain }), isCode("files.unsafe"));
});

test("S11: a descriptor that is no socket has no peer", () => {
  assert.equal(peerCredentials(-1), null);
  assert.equal(peerCredentials(Number.NaN), null);
  assert.equal(peerCredentials(100_000), null);
});
