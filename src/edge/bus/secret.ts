/** Whether a write brings the secret of the bus, where one is set. It says that somebody may write, and nothing of who it is. */
import { createHash, timingSafeEqual } from "node:crypto";

const hashed = (text: string, encoding: BufferEncoding): Buffer => createHash("sha256").update(text, encoding).digest();

/** Compared in constant time. A header comes as bytes: those of another alphabet are the UTF-8 of the secret. */
export function isSecret(header: string | undefined, secret: string): boolean {
  const wanted = hashed(secret, "utf8");
  const given = hashed(header ?? "", "latin1");
  return timingSafeEqual(given, wanted) && header !== undefined;
}
