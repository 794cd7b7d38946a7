/** Whether a request brings the token that the sidecar left in its discovery file. */
import { timingSafeEqual } from "node:crypto";

/** Compared in constant time. */
export function isBearer(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
