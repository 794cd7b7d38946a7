import { describe, expect, it } from "vitest";
import { MAX_ID_LENGTH } from "../wire/ids.ts";
import { deriveIdentity } from "./identity.ts";

// Digests by `printf %s PATH | sha1sum`, ports by hand from their first eight digits.
describe("the names of a workspace", () => {
  it.each([
    { path: "/home/ana/shop", digest10: "e229983b75", port: 38763, slug: "shop" },
    { path: "/home/ana/My  Shop App", digest10: "0200050247", port: 39714, slug: "my--shop-app" },
    { path: "/srv/git/Shop.GIT", digest10: "c047c4a2e1", port: 38866, slug: "shop.git" },
    { path: "/home/bo/Äpfel 漢字", digest10: "79c925ea4c", port: 39578, slug: "äpfel-漢字" },
    { path: "/", digest10: "42099b4af0", port: 39834, slug: "workspace" },
  ])("of $path are those that mpac-mcp derives", ({ path, digest10, port, slug }) => {
    expect(deriveIdentity(path)).toEqual({ digest10, port, slug, sessionId: `mpac-local-${slug}-${digest10}` });
  });

  it("fit into an id, however long the folder name is", () => {
    for (const name of ["x".repeat(255), `${"x".repeat(233)}😀😀`]) {
      const { sessionId, digest10 } = deriveIdentity(`/home/ana/${name}`);

      expect(sessionId.length).toBeLessThanOrEqual(MAX_ID_LENGTH);
      expect(sessionId).toMatch(new RegExp(`^mpac-local-x+(😀)?-${digest10}$`, "u"));
    }
  });
});
