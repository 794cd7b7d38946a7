/** Whether somebody brings a secret that this process has: compared in the same time, whatever it differs in. */
import { timingSafeEqual } from "node:crypto";

export function isSameSecret(shown: string, own: string): boolean {
  const [given, wanted] = [Buffer.from(shown), Buffer.from(own)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** @param header - `Authorization` */
export function isBearer(header: string | undefined, token: string): boolean {
  return isSameSecret(header ?? "", `Bearer ${token}`);
}
