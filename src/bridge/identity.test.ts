import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PrincipalId } from "../wire/ids.ts";
import { bridgeIdentity, type Surroundings } from "./identity.ts";

const around: Surroundings = { clientName: "claude-code", gitUser: "Ana Lovelace", worktree: "/home/ana/My Project", env: {} };
const nameless = { clientName: undefined, gitUser: undefined, systemUser: () => "", worktree: "/" };

describe("the name of a bridge", () => {
  it.each<{ name: string; given: Partial<Surroundings>; gives: string }>([
    { name: "client, git user and worktree", given: {}, gives: "claude-code:ana-lovelace@my-project" },
    {
      name: "a client with spaces and capitals",
      given: { clientName: " Visual Studio  Code! " },
      gives: "visual-studio-code:ana-lovelace@my-project",
    },
    {
      name: "the system's user when git has none",
      given: { gitUser: undefined, systemUser: () => "ana" },
      gives: "claude-code:ana@my-project",
    },
    { name: "letters of any script", given: { gitUser: "小明", worktree: "/w/проект" }, gives: "claude-code:小明@проект" },
    { name: "stand-ins where nothing is known", given: nameless, gives: "mcp:user@workspace" },
    { name: "separators inside a part", given: { gitUser: "a:b@c/d#2" }, gives: "claude-code:a-b-c-d-2@my-project" },
    { name: "MPAC_PRINCIPAL_ID as it is", given: { env: { MPAC_PRINCIPAL_ID: " agent:Ana " } }, gives: "agent:Ana" },
    { name: "no empty MPAC_PRINCIPAL_ID", given: { env: { MPAC_PRINCIPAL_ID: " \u0007" } }, gives: "claude-code:ana-lovelace@my-project" },
    {
      name: "never the coordinator's",
      given: { env: { MPAC_PRINCIPAL_ID: "service:coordinator-x" } },
      gives: "claude-code:ana-lovelace@my-project",
    },
  ])("is $name", ({ given, gives }) => {
    expect(bridgeIdentity({ ...around, ...given }).principalId).toBe(gives);
  });

  it("is at most 200 characters of valid Unicode without control characters, whatever it is made of", () => {
    const anyText = fc.oneof(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.string({ unit: "grapheme", minLength: 150, maxLength: 300 }),
    );
    fc.assert(
      fc.property(anyText, anyText, anyText, fc.option(anyText, { nil: undefined }), (clientName, gitUser, worktree, principal) => {
        const env = principal === undefined ? {} : { MPAC_PRINCIPAL_ID: principal };
        const { principalId } = bridgeIdentity({ clientName, gitUser, worktree: `/w/${worktree}`, env, systemUser: () => gitUser });

        expect(PrincipalId.safeParse(principalId).success).toBe(true);
        expect(principalId.length).toBeLessThanOrEqual(200);
        expect(principalId.isWellFormed()).toBe(true);
        expect(principalId).not.toMatch(/\p{Cc}/u);
      }),
      { numRuns: 100 },
    );
  });
});

it("is introduced as the environment says", () => {
  const env = { MPAC_AGENT_NAME: "Ana's agent", MPAC_AGENT_ROLES: "owner, arbiter,,owner", MPAC_AGENT_CAPABILITIES: "op.commit" };

  expect(bridgeIdentity({ ...around, env })).toEqual({
    principalId: "claude-code:ana-lovelace@my-project",
    displayName: "Ana's agent",
    roles: ["owner", "arbiter"],
    capabilities: ["op.commit"],
  });
  expect(bridgeIdentity(around)).toMatchObject({ displayName: "claude-code:ana-lovelace@my-project", roles: ["contributor"] });
});
