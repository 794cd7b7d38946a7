/**
 * `signalbox claim`: the word of a person about a claim on somebody's suspended work. Whoever runs it joins the session of the
 * repository, here or elsewhere, for that moment, with the role of an owner: in a session that gives roles otherwise it may be refused.
 */
import { Argument, Command } from "commander";
import { SidecarUnavailable } from "../client/faults.ts";
import type { Located } from "../client/reach.ts";
import { explainRemote } from "../client/remote.ts";
import { createSessionClient, type SessionClient } from "../client/session-client.ts";
import { gitUser } from "../git/head.ts";
import { listed, named } from "../tools/quote.ts";
import type { InboundEnvelope } from "../wire/mpac/coordinator.ts";
import type { ClaimView } from "../wire/query/views.ts";
import { CONTROL } from "../wire/versions.ts";
import { CommandFault } from "./fault.ts";
import { personName } from "./person.ts";
import { placeOf, remoteOf, workspaceOf, WORKSPACE_OPTION } from "./place.ts";
import { findRunning } from "./running.ts";
import { silent } from "./silent.ts";

const DECISIONS = { approve: "approved", reject: "rejected" } as const;

interface ClaimFlags {
  readonly workspace?: string;
  readonly reason?: string;
  readonly as?: string;
  readonly json?: boolean;
}

/** What becomes of the claim. */
interface Decided {
  readonly claim_id: string;
  readonly decision: string;
  readonly reason?: string | undefined;
  readonly decided_by: string;
  readonly claim?: ClaimView | undefined;
}

export function claimCommand(): Command {
  return new Command("claim")
    .argument("<claim_id>", "as `signalbox status` names it")
    .addArgument(new Argument("<decision>", "your word").choices(Object.keys(DECISIONS)))
    .option(...WORKSPACE_OPTION)
    .option("--reason <text>", "why, for whoever claims")
    .option("--as <principal>", "the name to say it under; person:<git user> by default")
    .option("--json", "one JSON document")
    .addHelpText("after", "\nExit code 0 when it is as you said; 1 when it is not, with the reason; 10 when no sidecar answers.")
    .action(async (claimId: string, word: keyof typeof DECISIONS, { workspace, reason, as, json }: ClaimFlags) => {
      const { located, explain, user } = await sessionOf(workspace);
      const name = personName(as, await user());

      const words: InboundEnvelope[] = [];
      await using client = createSessionClient({
        principalId: name,
        roles: ["owner"],
        control: CONTROL,
        locate: () => Promise.resolve(located),
        onEnvelope: (heard) => void (heard.message_type === "INTENT_CLAIM_STATUS" && words.push(heard)),
        ...(explain === undefined ? {} : { explain }),
      });
      const decided = await decide(client, words, { claimId, decision: DECISIONS[word], reason }).catch((cause: unknown) => {
        throw cause instanceof SidecarUnavailable ? faultOf(cause) : cause;
      });
      process.stdout.write(`${json === true ? JSON.stringify(decided) : sentence(decided)}\n`);
    });
}

/** Whose name is refused has had its answer. */
function faultOf(cause: SidecarUnavailable): CommandFault {
  return new CommandFault(cause.code.startsWith("principal/") ? cause.code : "sidecar/no-answer", cause.sentence, cause);
}

interface Session {
  readonly located: Located;
  readonly explain?: (cause: unknown) => unknown;
  readonly user: () => Promise<string | undefined>;
}

/** @throws CommandFault when there is none to join */
async function sessionOf(flag: string | undefined): Promise<Session> {
  const remote = remoteOf(process.env);
  if (remote !== undefined) {
    // Nothing of a repository is wanted there but whom its git names.
    const user = async (): Promise<string | undefined> => gitUser(await workspaceOf(flag));
    return { located: remote, explain: (cause) => explainRemote(remote, cause, ""), user: () => user().catch(() => undefined) };
  }
  const { main, store, workspace } = await placeOf(flag);
  const running = await findRunning(store, process.env);
  if (running.kind === "silent") throw silent(running);
  if (running.kind === "none") {
    const start = "start a coding client there, or `signalbox sidecar`, and run this again";
    throw new CommandFault("sidecar/no-answer", `no sidecar runs for ${main}, so nobody can be told: ${start}`);
  }
  return { located: running.sidecar, user: () => gitUser(workspace).catch(() => undefined) };
}

interface Word {
  readonly claimId: string;
  readonly decision: (typeof DECISIONS)[keyof typeof DECISIONS];
  readonly reason: string | undefined;
}

/** @throws CommandFault when it is not decided as it was said, SidecarUnavailable, OutcomeUnknown */
async function decide(client: SessionClient, words: readonly InboundEnvelope[], { claimId, decision, reason }: Word): Promise<Decided> {
  const summary = await client.query({ kind: "summary", limit: 1 });
  const waiting = summary.kind === "summary" ? (summary.claims ?? []) : [];
  const outcome = await client.send("INTENT_CLAIM", {
    claim_id: claimId,
    ...(reason === undefined ? {} : { justification: reason }),
    extensions: { signalbox: { decision } },
  });
  if (!outcome.ok) {
    const { code, message } = outcome.rejection;
    throw new CommandFault(code, code === "claim/unknown" ? `${message}; ${whichWait(waiting)}` : message);
  }
  await client.query({ kind: "summary", limit: 1 }); // answered behind what the coordinator said of it
  const status = words.find(({ payload }) => payload["claim_id"] === claimId)?.payload;
  if (status !== undefined && status["decision"] !== decision) {
    const { decision: became, reason: because } = status;
    const why = typeof because === "string" ? because : "nobody says why";
    const what = typeof became === "string" ? named(became) : "decided otherwise";
    throw new CommandFault("claim/not-decided", `claim ${named(claimId)} was ${what} all the same: ${why}`);
  }
  return {
    claim_id: claimId,
    decision,
    ...(reason === undefined ? {} : { reason }),
    decided_by: client.principalId,
    claim: waiting.find((one) => one.claim_id === claimId),
  };
}

function whichWait(claims: readonly ClaimView[]): string {
  return claims.length === 0 ? "none waits" : `these wait: ${listed(claims.map((one) => one.claim_id))}`;
}

function sentence({ claim_id, decision, claim, decided_by }: Decided): string {
  const by = `, said as ${named(decided_by)}`;
  if (claim === undefined) return `Claim ${named(claim_id)} is ${decision}${by}.`;
  const { principal_id: claimer, intent_id, intent_principal_id: owner, new_intent_id } = claim;
  const task = `${named(intent_id)}${owner === undefined ? "" : ` of ${named(owner)}`}`;
  if (decision === "rejected") return `Rejected: ${named(claimer)} does not get ${task}; it stays suspended until its owner is back${by}.`;
  return `Approved: ${named(claimer)} goes on with ${task} as ${named(new_intent_id)}${by}.`;
}
