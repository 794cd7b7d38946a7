import { describe, expect, it } from "vitest";
import { boardUri, fileUri } from "../../tools/resources/uri.ts";
import { DEFAULT_SETTINGS } from "../../core/session/state.ts";
import { createGathered, type Gathered, isAbout } from "./gathered.ts";
import { BOARD, EVERY_INBOX, INTENTS, type Touch } from "./touches.ts";

function gathered(...touches: Touch[]): Gathered {
  const all = createGathered();
  all.add(touches);
  return all;
}

/** Whether somebody called `principal` is told that the resource changed. */
function tells(all: Gathered, uri: string, principal: string | undefined = "ana", settings = DEFAULT_SETTINGS): boolean {
  const changed = all.changed(principal, settings);
  return changed !== undefined && isAbout(changed, uri);
}

const scope = (...resources: string[]): Touch => ({ scope: { kind: "file_set", resources } });

describe("what was touched", () => {
  it.each<{ name: string; touch: Touch; uri: string; is: boolean }>([
    { name: "a resource itself", touch: INTENTS, uri: "signalbox://intents", is: true },
    { name: "another resource", touch: INTENTS, uri: "signalbox://lanes", is: false },
    { name: "a topic in another spelling", touch: { uri: boardUri("a b") }, uri: "signalbox://board?topic=a%20%62", is: true },
    { name: "another topic", touch: { uri: boardUri("a b") }, uri: "signalbox://board?topic=a", is: false },
    { name: "the board, of which a topic is a part", touch: BOARD, uri: "signalbox://board?topic=a", is: false },
    { name: "a written file", touch: { uri: fileUri("src/a b.ts") }, uri: "signalbox://file/src%2Fa%20b.ts", is: true },
    { name: "another file", touch: { uri: fileUri("src/a.ts") }, uri: "signalbox://file/src/b.ts", is: false },
    { name: "a file that a task names", touch: scope("src/a.ts"), uri: "signalbox://file/src/a.ts", is: true },
    { name: "a file in a folder of a task", touch: scope("src"), uri: "signalbox://file/src/deep/a.ts", is: true },
    { name: "a file under a pattern of a task", touch: scope("src/**/*.ts"), uri: "signalbox://file/src/deep/a.ts", is: true },
    { name: "a file outside of a pattern", touch: scope("src/**/*.ts"), uri: "signalbox://file/src/deep/a.js", is: false },
    { name: "any file, where nobody knows which", touch: { every: "file" }, uri: "signalbox://file/src/a.ts", is: true },
    { name: "any topic, where nobody knows which", touch: { every: "topic" }, uri: "signalbox://board?topic=x", is: true },
    { name: "no file, where nobody knows which topic", touch: { every: "topic" }, uri: "signalbox://file/a", is: false },
    { name: "an address with half an escape", touch: scope("src"), uri: "signalbox://file/%E0%A4%A", is: false },
    { name: "the address of no file", touch: scope("src"), uri: "signalbox://file/", is: false },
    { name: "the address of something else", touch: { every: "file" }, uri: "https://example.com/src", is: false },
    { name: "one's own inbox", touch: { inboxOf: "ana" }, uri: "signalbox://inbox", is: true },
    { name: "the inbox of a sub-agent of one's own", touch: { inboxOf: "ana/tests" }, uri: "signalbox://inbox", is: true },
    { name: "the inbox of another", touch: { inboxOf: "bo" }, uri: "signalbox://inbox", is: false },
    { name: "every inbox", touch: EVERY_INBOX, uri: "signalbox://inbox", is: true },
  ])("is $is of $name", ({ touch, uri, is }) => {
    expect(tells(gathered(touch, BOARD), uri)).toBe(is);
  });

  it("is no inbox of anybody who has no name", () => {
    expect(gathered(EVERY_INBOX).changed(undefined, DEFAULT_SETTINGS)).toBeUndefined();
  });

  it("is nothing for whoever only another's mail was", () => {
    expect(gathered({ inboxOf: "bo" }).changed("ana", DEFAULT_SETTINGS)).toBeUndefined();
  });

  it("takes two spellings for one file where the session does", () => {
    const written: Touch = { uri: fileUri("SRC/A.ts") };

    expect(tells(gathered(written), "signalbox://file/src/a.ts")).toBe(false);
    expect(tells(gathered(written), "signalbox://file/src/a.ts", "ana", { ...DEFAULT_SETTINGS, fold_case: true })).toBe(true);
  });

  it("is told as more than it was, and with no more members, where it was very much", () => {
    const all = createGathered();
    for (let index = 0; index < 5_000; index += 1) {
      all.add([{ uri: fileUri(`${index}.ts`) }, { uri: boardUri(`${index}`) }, scope(`folder${index}`), { inboxOf: `peer${index}` }]);
    }

    expect(all.changed("ana", DEFAULT_SETTINGS)?.uris.length).toBeLessThan(1_100);
    for (const uri of ["signalbox://file/4999.ts", "signalbox://file/new.ts", "signalbox://board?topic=4999", "signalbox://inbox"]) {
      expect([uri, tells(all, uri)]).toEqual([uri, true]);
    }
  });

  it("is everything where nobody knows any more", () => {
    const all = createGathered();
    all.addEverything();

    for (const uri of ["session", "intents", "conflicts", "lanes", "board", "inbox", "board?topic=x", "file/a.ts"]) {
      expect([uri, tells(all, `signalbox://${uri}`)]).toEqual([uri, true]);
    }
    expect(all.changed(undefined, undefined)?.uris).not.toContain("signalbox://inbox");
  });
});
