/**
 * What records touched, put together for somebody who hears of all of them at once: bounded, however many they were. Where
 * more is touched than is named one by one, everything of that kind may have changed.
 */
import { coversTarget } from "../../core/session/read.ts";
import { canonicalUri, fileUri } from "../../tools/resources/uri.ts";
import { isOwn } from "../../tools/resources/whose.ts";
import type { Scope } from "../../wire/mpac/messages.ts";
import type { SessionSettings } from "../../wire/session/settings.ts";
import type { Change } from "./ports.ts";
import { type Touch, URIS } from "./touches.ts";

/** Files, topics, scopes and names that are told one by one. */
const MOST_NAMED = 512;

const FILES = fileUri("");
const TOPICS = `${URIS.board}?topic=`;

/** Whether the resource, by any of its spellings, is one of those that say something else now. */
export function isAbout({ uris, covers }: Omit<Change, "cursor">, uri: string): boolean {
  return uris.includes(canonicalUri(uri)) || covers?.(uri) === true;
}

export interface Gathered {
  add(touches: readonly Touch[]): void;
  /** Nobody knows any more what changed. */
  addEverything(): void;
  /**
   * Undefined where nothing of it is for whoever has this name. It is asked for all once everything is added.
   *
   * @param settings - by which paths are compared
   */
  changed(principal: string | undefined, settings: SessionSettings | undefined): Omit<Change, "cursor"> | undefined;
  /** Whether something waits for whoever has this name. */
  isFor(principal: string): boolean;
}

export function createGathered(): Gathered {
  const uris = new Set<string>();
  const scopes = new Set<Scope>();
  const inboxes = new Set<string>();
  const every = new Set<"file" | "topic" | "inbox">();
  /** What everybody is told, who may be many. */
  let shared: Omit<Change, "cursor"> | undefined;

  function add(touch: Touch): void {
    if ("every" in touch) every.add(touch.every);
    else if ("scope" in touch) name(scopes, touch.scope, "file");
    else if ("inboxOf" in touch) name(inboxes, touch.inboxOf, "inbox");
    else if (touch.uri.startsWith(FILES)) name(uris, touch.uri, "file");
    else if (touch.uri.startsWith(TOPICS)) name(uris, touch.uri, "topic");
    else uris.add(touch.uri);
  }

  function name<Thing>(things: Set<Thing>, thing: Thing, kind: "file" | "topic" | "inbox"): void {
    if (every.has(kind)) return;
    if (things.size < MOST_NAMED) things.add(thing);
    else every.add(kind);
  }

  function isFor(principal: string): boolean {
    return every.has("inbox") || [...inboxes].some((inbox) => isOwn(principal, inbox));
  }

  return {
    add(touches) {
      for (const touch of touches) add(touch);
    },
    isFor,
    addEverything() {
      for (const uri of Object.values(URIS)) if (uri !== URIS.inbox) uris.add(uri);
      for (const kind of ["file", "topic", "inbox"] as const) every.add(kind);
    },
    changed(principal, settings) {
      const waits = principal !== undefined && isFor(principal);
      if (!waits && uris.size === 0 && scopes.size === 0 && !every.has("file") && !every.has("topic")) return undefined;
      shared ??= { uris: [...uris], covers: covering(every, [...scopes, writtenIn(uris)], settings) };
      return waits ? { ...shared, uris: [...shared.uris, URIS.inbox] } : shared;
    },
  };
}

/** As a scope, because the session may take two spellings for one file. */
function writtenIn(uris: ReadonlySet<string>): Scope {
  return { kind: "file_set", resources: [...uris].filter((uri) => uri.startsWith(FILES)).flatMap((uri) => pathOf(uri) ?? []) };
}

function covering(every: ReadonlySet<string>, scopes: readonly Scope[], settings: SessionSettings | undefined): (uri: string) => boolean {
  return (uri) => {
    const canonical = canonicalUri(uri);
    if (canonical.startsWith(TOPICS)) return every.has("topic");
    if (!canonical.startsWith(FILES)) return false;
    if (every.has("file") || settings === undefined) return every.has("file");
    const path = pathOf(canonical);
    if (path === undefined) return false;
    return scopes.some((scope) => coversTarget({ settings }, { scope }, path));
  };
}

/** Undefined for an address that a client has made up. */
function pathOf(canonical: string): string | undefined {
  try {
    return decodeURIComponent(canonical.slice(FILES.length));
  } catch {
    return undefined;
  }
}
