/**
 * Which way a connection came in. INVARIANT: only the local socket's listener writes a `local` entry, so that a request over
 * TCP can never act as an `os:<uid>` principal; a connection without an entry is nobody's and is refused.
 */
import type { Socket } from "node:net";
import type { PeerCredentials } from "#link/peer-credentials.ts";

export type Channel =
  | { readonly kind: "tcp"; readonly address: string; readonly tls: boolean }
  | { readonly kind: "local"; readonly peer: PeerCredentials };

const channels = new WeakMap<Socket, Channel>();

export const rememberChannel = (socket: Socket, channel: Channel): void => {
  channels.set(socket, channel);
};

export const channelOf = (socket: Socket): Channel | null => channels.get(socket) ?? null;
