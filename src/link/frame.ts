/**
 * The frame of both links: `u32 total length after this field | u32 length of the JSON header | JSON header | payload`, big
 * endian. On a unix socket frames follow each other; in a WebSocket one binary message is one frame. A frame beyond the
 * limit is an error of the peer, never a reason to grow.
 */
export interface Frame<Header> {
  readonly header: Header;
  readonly payload: Buffer;
}

/** Largest frame either side accepts, bytes. Orders are at most 1 MiB (W9) plus their encoding; log payloads 256 KiB. */
export const maxFrameBytes = 4 * 1024 * 1024;

const empty = Buffer.alloc(0);

/** Encodes one frame. */
export const encodeFrame = (header: object, payload: Buffer = empty): Buffer => {
  const json = Buffer.from(JSON.stringify(header), "utf8");
  const frame = Buffer.allocUnsafe(8 + json.length + payload.length);
  frame.writeUInt32BE(4 + json.length + payload.length, 0);
  frame.writeUInt32BE(json.length, 4);
  json.copy(frame, 8);
  payload.copy(frame, 8 + json.length);
  return frame;
};

/** Why a peer's bytes are not a frame; the connection must be closed. */
export class FrameError extends Error {}

const decodeBody = <Header>(body: Buffer): Frame<Header> => {
  if (body.length < 4) throw new FrameError("frame too short");
  const jsonLength = body.readUInt32BE(0);
  if (jsonLength > body.length - 4) throw new FrameError("header longer than frame");
  let header: unknown;
  try {
    header = JSON.parse(body.toString("utf8", 4, 4 + jsonLength));
  } catch {
    throw new FrameError("header is not JSON");
  }
  if (typeof header !== "object" || header === null || typeof (header as { type?: unknown }).type !== "string")
    throw new FrameError("header has no type");
  return { header: header as Header, payload: body.subarray(4 + jsonLength) };
};

/** Decodes one whole frame (one WebSocket message). Throws `FrameError`. */
export const decodeFrame = <Header>(bytes: Buffer): Frame<Header> => {
  if (bytes.length < 8 || bytes.readUInt32BE(0) !== bytes.length - 4) throw new FrameError("wrong frame length");
  return decodeBody<Header>(bytes.subarray(4));
};

/** Splits a byte stream into frames. `push` throws `FrameError` on a peer that breaks the format. */
export class FrameReader<Header> {
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** Bytes of the frame that has begun, with its length field; 4 until that is known. */
  #needed = 4;

  push(chunk: Buffer): Frame<Header>[] {
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    // Joined once per frame, not once per chunk: a large frame comes in many.
    if (this.#pendingBytes < this.#needed) return [];
    let data: Buffer = this.#pending.length === 1 ? chunk : Buffer.concat(this.#pending, this.#pendingBytes);
    const frames: Frame<Header>[] = [];
    this.#needed = 4;
    while (data.length >= 4) {
      const length = data.readUInt32BE(0);
      if (length > maxFrameBytes) throw new FrameError("frame too large");
      this.#needed = 4 + length;
      if (data.length < this.#needed) break;
      frames.push(decodeBody<Header>(data.subarray(4, this.#needed)));
      data = data.subarray(this.#needed);
      this.#needed = 4;
    }
    this.#pendingBytes = data.length;
    // A copy where frames were taken: a small rest must not keep a large chunk alive.
    this.#pending = data.length === 0 ? [] : [frames.length === 0 ? data : Buffer.from(data)];
    return frames;
  }
}
