/** Who gets in by a link, how often and for how long. */
import { describe, expect, it } from "vitest";
import { createLinks, LINK_MS } from "./links.ts";

function world() {
  const clock = { nowMs: 0 };
  return { clock, links: createLinks(() => clock.nowMs) };
}

describe("a link", () => {
  it("gives a page once, and nobody a second one", () => {
    const { links } = world();
    const secret = links.offer();

    const [first, second] = [links.redeem(secret), links.redeem(secret)];

    expect([links.isPage(`Bearer ${first ?? ""}`), second]).toEqual([true, undefined]);
  });

  it.each([
    { name: "within its time", afterMs: LINK_MS - 1, works: true },
    { name: "after it", afterMs: LINK_MS, works: false },
  ])("$name works: $works", ({ afterMs, works }) => {
    const { links, clock } = world();
    const secret = links.offer();
    clock.nowMs = afterMs;

    expect(links.redeem(secret) !== undefined).toBe(works);
  });

  it("is no page's secret, and a page's secret is no link", () => {
    const { links } = world();
    const secret = links.offer();
    const page = links.redeem(links.offer()) ?? "";

    expect([links.isPage(`Bearer ${secret}`), links.redeem(page)]).toEqual([false, undefined]);
  });

  it.each(["", "Bearer ", "Bearer x", undefined])("is not guessed: %s", (header) => {
    const { links } = world();
    links.redeem(links.offer());

    expect(links.isPage(header)).toBe(false);
  });

  it("gives way to newer ones where there are too many, and so does a page", () => {
    const { links } = world();
    const secrets = Array.from({ length: 65 }, () => links.offer());
    expect(links.redeem(secrets[0] ?? "")).toBeUndefined();
    const pages = secrets.slice(1).map((secret) => links.redeem(secret));
    pages.push(links.redeem(links.offer()));

    expect(pages.map((page) => links.isPage(`Bearer ${page ?? ""}`)).filter((is) => !is)).toHaveLength(1);
  });
});
