/** SHA-256 in the two spellings the product uses: hex for digests in records, base64url for thumbprints. */
import { hash } from "node:crypto";

/** 64 lower-case hex digits. Text is hashed as UTF-8. */
export const sha256Hex = (data: string | Uint8Array): string => hash("sha256", data, "hex");

/** 43 characters, unpadded. Text is hashed as UTF-8. */
export const sha256Base64url = (data: string | Uint8Array): string => hash("sha256", data, "base64url");
