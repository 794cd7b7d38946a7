/** A bridge without its host, in the test's own process. It finds a sidecar that runs and can start none. */
import type { Remote } from "../client/remote.ts";
import type { Scratch } from "../git/scratch.test.fixture.ts";
import { callTool } from "../tools/call-tool.ts";
import { REGISTRY } from "../tools/registry.ts";
import type { WorkspaceContext } from "./context.ts";
import { type Contexts, createContexts } from "./contexts.ts";

export interface Bridge extends AsyncDisposable {
  readonly contexts: Contexts;
  /** What it takes for its environment; a test may change it meanwhile. */
  readonly env: NodeJS.ProcessEnv;
  context(repoPath?: string): Promise<WorkspaceContext>;
  /** @param given - whether the result reaches its host */
  call(tool: string, args?: object, given?: boolean): Promise<Readonly<Record<string, unknown>>>;
}

interface BridgeInOptions {
  readonly principal?: string;
  readonly named?: string;
  readonly remote?: Remote;
  /** More of its environment. */
  readonly variables?: object;
  /** Whether it is a peer on the bus, and takes its mail. */
  readonly drains?: boolean;
}

export function bridgeIn(
  scratch: Scratch,
  folder: string | undefined,
  { principal = "ana", named, remote, variables = {}, drains }: BridgeInOptions = {},
): Bridge {
  const env = { ...scratch.env, MPAC_PRINCIPAL_ID: principal, ...variables };
  const peer = drains === undefined ? undefined : { drains };
  const contexts = createContexts({
    clientName: "test",
    launcher: [],
    env,
    cwd: folder,
    named,
    remote,
    reportFault: () => undefined,
    peer,
  });
  const context = async (repoPath?: string) => {
    const found = await contexts.contextFor(repoPath);
    if ("refused" in found) throw new Error(found.refused.message);
    return found;
  };
  return {
    contexts,
    env,
    context,
    async call(tool, args = {}, given = true) {
      const outcome = await callTool(REGISTRY, (await context()).tools, tool, args);
      if (outcome.outcome !== "result") throw new Error(outcome.message);
      outcome.result.settle?.(given);
      return outcome.result.structured;
    },
    [Symbol.asyncDispose]: () => contexts.leave(),
  };
}
