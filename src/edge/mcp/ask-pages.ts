/**
 * The pages on which a person answers a tool's question: each under an id that nobody can guess, answered once, gone after ten
 * minutes. They are kept in the memory: a question that was open over a restart is asked again.
 */
import { randomBytes } from "node:crypto";
import type { Page, PageReply, Pages } from "../../mcp/pages.ts";
import { ANSWER_MS } from "../../mcp/request-state.ts";
import type { Asked } from "../../mcp/face.ts";
import type { Question } from "../../tools/asking.ts";

/** Questions that are open at once, and of one who is asked; the oldest goes first. */
const MAX_OPEN = 1_000;
const MAX_OF_ONE = 50;

const ID_BYTES = 16;

interface Kept {
  readonly question: Question;
  readonly owner: string;
  readonly untilMs: number;
  said?: PageReply;
  readonly hearers: Set<() => void>;
}

export interface AskPages extends Pages {
  open(question: Question, asked: Asked): Page;
  at(id: string, asked: Asked): Page | undefined;
  /** Opens one for somebody who does not ask over `/mcp`. */
  openFor(question: Question, whom: { readonly base: string; readonly owner: string }): Page;
  /** The same as `at`, for somebody who knows where it is. */
  find(id: string): Pick<Page, "answered"> | undefined;
  /** The question of an open page. */
  questionOf(id: string): Question | undefined;
  /** The person's word, once; whether it was taken. */
  answer(id: string, said: PageReply): boolean;
}

export interface AskPagesOptions {
  /** Where the person who sits at this request's client reaches us. */
  readonly baseOf: (asked: Asked) => string;
  /** Whose questions belong together. */
  readonly ownerOf: (asked: Asked) => string;
  readonly nowMs: () => number;
}

export function createAskPages({ baseOf, ownerOf, nowMs }: AskPagesOptions): AskPages {
  const kept = new Map<string, Kept>();

  function drop(id: string): void {
    const page = kept.get(id);
    kept.delete(id);
    for (const hear of page?.hearers ?? []) hear();
  }

  function forget(): void {
    for (const [id, { untilMs }] of kept) {
      if (untilMs > nowMs() && kept.size <= MAX_OPEN) break;
      drop(id);
    }
  }

  function live(id: string): Kept | undefined {
    forget();
    return kept.get(id);
  }

  const pageAt = (base: string, id: string): Page => ({
    id,
    url: `${base}/mcp/ask/${id}`,
    answered: ({ limitMs, signal }) =>
      new Promise((resolve) => {
        const page = live(id);
        const look = (): void => {
          const isOver = page?.said !== undefined || kept.get(id) === undefined || signal.aborted;
          if (isOver) end();
        };
        const end = (): void => {
          clearTimeout(timer);
          signal.removeEventListener("abort", end);
          page?.hearers.delete(look);
          // An answer that was heard is used up.
          if (page?.said !== undefined && !signal.aborted) kept.delete(id);
          resolve(signal.aborted ? undefined : page?.said);
        };
        const timer = setTimeout(end, Math.min(limitMs, Math.max(0, (page?.untilMs ?? 0) - nowMs())));
        timer.unref();
        signal.addEventListener("abort", end, { once: true });
        page?.hearers.add(look);
        look();
      }),
  });

  function openFor(question: Question, { base, owner }: { readonly base: string; readonly owner: string }): Page {
    const id = randomBytes(ID_BYTES).toString("base64url");
    const [oldest, ...others] = [...kept].flatMap(([other, page]) => (page.owner === owner ? [other] : []));
    if (oldest !== undefined && others.length + 1 >= MAX_OF_ONE) drop(oldest);
    kept.set(id, { question, owner, untilMs: nowMs() + ANSWER_MS, hearers: new Set() });
    forget();
    return pageAt(base, id);
  }

  return {
    openFor,
    open: (question, asked) => openFor(question, { base: baseOf(asked), owner: ownerOf(asked) }),
    at: (id, asked) => (live(id) === undefined ? undefined : pageAt(baseOf(asked), id)),
    find: (id) => (live(id) === undefined ? undefined : pageAt("", id)),
    close: drop,
    questionOf(id) {
      const page = live(id);
      return page?.said === undefined ? page?.question : undefined;
    },
    answer(id, said) {
      const page = live(id);
      if (page === undefined || page.said !== undefined) return false;
      page.said = said;
      for (const hear of page.hearers) hear();
      return true;
    },
  };
}
