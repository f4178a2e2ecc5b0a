/** Who is at the other end of a unix socket, as the kernel knows it (S11). What does not belong here: whether he may. */
import type { Socket } from "node:net";
import koffi from "koffi";

export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

type GetSockOpt = (descriptor: number, level: number, name: number, value: Int32Array, length: Uint32Array) => number;
let getSockOpt: GetSockOpt | null = null;

const solSocket = 1;
const soPeerCred = 17;

/** The peer's credentials at the time it connected; null where the platform or the descriptor cannot tell: refuse then. */
export const peerCredentials = (descriptor: number): PeerCredentials | null => {
  if (process.platform !== "linux" || !Number.isSafeInteger(descriptor) || descriptor < 0) return null;
  getSockOpt ??= koffi
    .load(null)
    .func("int getsockopt(int descriptor, int level, int name, _Out_ int32_t *value, _Inout_ uint32_t *length)") as unknown as GetSockOpt;
  const value = new Int32Array([-1, -1, -1]);
  const length = new Uint32Array([12]);
  if (getSockOpt(descriptor, solSocket, soPeerCred, value, length) !== 0 || length[0] !== 12) return null;
  const [pid = -1, uid = -1, gid = -1] = value;
  // Uids are unsigned 32 bit; -1 means that the kernel did not know.
  return uid === -1 ? null : { pid, uid: uid >>> 0, gid: gid >>> 0 };
};

/** Of a connected unix socket. */
export const peerOfSocket = (socket: Socket): PeerCredentials | null => {
  const handle = (socket as unknown as { _handle?: { fd?: number } | null })._handle;
  return peerCredentials(handle?.fd ?? -1);
};
