/**
 * How fast each of many may ask: a bucket for each, of which the ones that were not used for longest are given up when there are too many.
 */
import { type Bucket, createBucket, type Rate } from "./rate.ts";

/** Buckets that are kept: who comes back after so many others has long had a full one again. */
const MOST = 10_000;

export interface Pace {
  /** Takes requests of whoever goes by `key`, one or so many; gives how long to wait when that is too fast, in milliseconds, and takes nothing then. */
  waitMs(key: string, requests?: number): number;
}

export function createPace(rate: Rate, nowMs: () => number, most = MOST): Pace {
  const buckets = new Map<string, Bucket>();
  return {
    waitMs(key, requests = 1) {
      const bucket = buckets.get(key) ?? createBucket(rate);
      // Behind all others: a map keeps the order in which its keys came.
      buckets.delete(key);
      buckets.set(key, bucket);
      const [oldest] = buckets.size > most ? buckets.keys() : [];
      if (oldest !== undefined) buckets.delete(oldest);
      return bucket.takeNow(nowMs(), requests);
    },
  };
}

/** Whom an address counts for: whoever has one of IPv6 has a network of them. */
export function networkOf(address: string): string {
  const plain = address
    .toLowerCase()
    .replace(/^::ffff:(?=\d+\.)/, "")
    .replace(/%.*$/, "");
  if (!plain.includes(":")) return plain;
  const [head = "", tail] = plain.split("::");
  const groups = head === "" ? [] : head.split(":");
  const behind = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - behind.length) }, () => "0");
  return `${[...groups, ...zeros, ...behind]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`;
}
