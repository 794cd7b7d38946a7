/**
 * How a person of this machine comes in: by a link that works once and soon, made by whoever can read the discovery file.
 *
 * A link may be seen by others, in a list of processes or a browser's history, so what it holds is worth nothing once the page
 * has been opened with it. What the page gets for it opens the panel and nothing else, as long as this sidecar lives.
 */
import { randomBytes } from "node:crypto";
import { isBearer, isSameSecret } from "../http/bearer.ts";

/** How long a link works, in milliseconds. */
export const LINK_MS = 120_000;

/** Most links and pages at once; the oldest goes first. */
const MOST = 64;

export interface Links {
  /** A secret for one page. */
  offer(): string;
  /** What the page shows from then on; undefined for a secret that is unknown, used or too old. */
  redeem(secret: string): string | undefined;
  /** Whether a header is that of a page. */
  isPage(authorization: string | undefined): boolean;
}

const newSecret = (): string => randomBytes(32).toString("base64url");

export function createLinks(nowMs: () => number): Links {
  const offers: { readonly secret: string; readonly untilMs: number }[] = [];
  const pages: string[] = [];

  return {
    offer() {
      const secret = newSecret();
      if (offers.push({ secret, untilMs: nowMs() + LINK_MS }) > MOST) offers.shift();
      return secret;
    },
    redeem(secret) {
      const index = offers.findIndex((offer) => isSameSecret(secret, offer.secret));
      const [offer] = index < 0 ? [] : offers.splice(index, 1);
      if (offer === undefined || offer.untilMs <= nowMs()) return undefined;
      const page = newSecret();
      if (pages.push(page) > MOST) pages.shift();
      return page;
    },
    isPage: (authorization) => pages.filter((page) => isBearer(authorization, page)).length > 0,
  };
}
