import { describe, expect, it } from "vitest";
import type { Asked } from "../../mcp/face.ts";
import { createAskPages } from "./ask-pages.ts";

const MINUTE_MS = 60_000;
const asked: Asked = { signal: new AbortController().signal, clientName: "test", era: "legacy", visit: undefined };
const question = { message: "m", fields: {}, required: [] };
const accept = { action: "accept", content: { choice: "merge" } } as const;

function pagesAt(time = { nowMs: 0 }) {
  return {
    time,
    pages: createAskPages({ baseOf: () => "http://127.0.0.1:1", ownerOf: ({ visit }) => String(visit), nowMs: () => time.nowMs }),
  };
}

const wait = (signal = new AbortController().signal) => ({ limitMs: MINUTE_MS, signal });

describe("a page with a question", () => {
  it("is answered once, and heard once, before and after somebody waits", async () => {
    const { pages } = pagesAt();
    const [early, late] = [pages.open(question, asked), pages.open(question, asked)];

    const heard = early.answered(wait());
    const first = [early.id, late.id].map((id) => pages.answer(id, accept));
    const second = [early.id, late.id].map((id) => pages.answer(id, { action: "decline" }));

    expect([first, second]).toEqual([
      [true, true],
      [false, false],
    ]);
    expect([await heard, await late.answered(wait())]).toEqual([accept, accept]);
    expect([early.id, late.id].map((id) => [pages.at(id, asked), pages.questionOf(id)])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
  });

  it("gives way to newer ones of whom it asks, and to no other's", () => {
    const { pages } = pagesAt();
    const [anas, bos] = ["ana", "bo"].map((visit) => pages.open(question, { ...asked, visit }));
    const more = Array.from({ length: 50 }, () => pages.open(question, { ...asked, visit: "bo" }));

    expect([anas, bos, more[0]].map((page) => pages.questionOf(page?.id ?? ""))).toEqual([question, undefined, question]);
  });

  it("is gone after ten minutes, and when it is closed, and whoever waits hears that", async () => {
    const { pages, time } = pagesAt();
    const closed = pages.open(question, asked);
    const ended = closed.answered(wait());
    const old = pages.open(question, asked);

    pages.close(closed.id);
    time.nowMs = 10 * MINUTE_MS - 1;
    const before = pages.questionOf(old.id);
    time.nowMs += 1;

    expect(before).toEqual(question);
    expect([pages.questionOf(old.id), pages.answer(old.id, accept), pages.answer(closed.id, accept)]).toEqual([undefined, false, false]);
    expect([await ended, await old.answered(wait())]).toEqual([undefined, undefined]);
  });

  it("keeps its answer for the next one when whoever waits goes away", async () => {
    const { pages } = pagesAt();
    const page = pages.open(question, asked);
    const gone = new AbortController();

    const left = page.answered(wait(gone.signal));
    gone.abort();
    pages.answer(page.id, accept);

    expect([await left, await pages.at(page.id, asked)?.answered(wait())]).toEqual([undefined, accept]);
  });

  it("has an id that nobody guesses, and gives way when there are too many", () => {
    const { pages } = pagesAt();
    const [first, ...others] = Array.from({ length: 1_001 }, (_, visit) => pages.open(question, { ...asked, visit }));

    expect(first?.id).toMatch(/^[\w-]{22}$/);
    expect(pages.questionOf(first?.id ?? "")).toBeUndefined();
    expect(others.filter(({ id }) => pages.questionOf(id) === undefined)).toEqual([]);
  });
});
