/**
 * What a session looks like, asked of its sidecar without joining it: whoever looks on leaves no trace. A coordinator elsewhere
 * that says nothing to whoever has not joined is joined for the question, as an observer.
 */
import { randomUUID } from "node:crypto";
import { connect, type Connection } from "../client/connection.ts";
import { QueryRefused, sentenceOf, SidecarUnavailable, TokenRefused, UpgradeRefused } from "../client/faults.ts";
import { readInbound } from "../client/inbound.ts";
import type { Located } from "../client/reach.ts";
import { explainRemote, type Remote } from "../client/remote.ts";
import { createSessionClient } from "../client/session-client.ts";
import { type Query, SummaryAnswer } from "../wire/query.ts";
import { CONTROL } from "../wire/versions.ts";
import { CommandFault } from "./fault.ts";

/** Milliseconds for the whole of it. */
const LIMIT_MS = 10_000;
const PAGE = 1_000;

/** As `askSummary`, of a coordinator elsewhere. @throws CommandFault, QueryRefused */
export async function askRemoteSummary(remote: Remote): Promise<SummaryAnswer> {
  try {
    return await askSummary(remote, (cause) => explainRemote(remote, cause, "").sentence);
  } catch (cause) {
    if (!(cause instanceof QueryRefused)) throw cause;
    return askJoined(remote);
  }
}

async function askJoined(remote: Remote): Promise<SummaryAnswer> {
  const principalId = `status:${process.pid}`;
  await using client = createSessionClient({
    principalId,
    roles: ["observer"],
    control: CONTROL,
    locate: () => Promise.resolve(remote),
    explain: (cause) => explainRemote(remote, cause, ""),
  });
  const summary = await allPages(async (query) => {
    const answer = SummaryAnswer.safeParse(await client.query(query));
    if (!answer.success)
      throw new CommandFault("sidecar/no-answer", `the coordinator at ${remote.uri} answered something else than was asked`);
    return answer.data;
  }).catch((cause: unknown) => {
    throw cause instanceof SidecarUnavailable ? new CommandFault("sidecar/no-answer", cause.sentence, cause) : cause;
  });
  const participants = summary.participants.filter((one) => one.principal_id !== client.principalId);
  return { ...summary, participants, participant_count: summary.participant_count - 1 };
}

async function allPages(ask: (query: Query) => Promise<SummaryAnswer>): Promise<SummaryAnswer> {
  const pageAt = (cursor: string | undefined) => ask({ kind: "summary", limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
  const first = await pageAt(undefined);
  const intents = [...first.active_intents];
  const participants = new Map(first.participants.map((one) => [one.principal_id, one]));
  for (let cursor = first.next_cursor; cursor !== undefined;) {
    const page = await pageAt(cursor);
    intents.push(...page.active_intents);
    for (const one of page.participants) participants.set(one.principal_id, one);
    cursor = page.next_cursor;
  }
  const { next_cursor: _none, ...summary } = first;
  return { ...summary, participants: [...participants.values()], active_intents: intents };
}

/** All intents and their owners, whatever number of pages that takes. @throws CommandFault, QueryRefused */
export async function askSummary(
  located: Located,
  explain = (cause: unknown): string => explainHere(located, cause),
): Promise<SummaryAnswer> {
  const { uri, token } = located;
  const limit = AbortSignal.timeout(LIMIT_MS);
  const waiting = new Map<string, (text: string) => void>();
  const hear = (text: string): void => {
    for (const look of waiting.values()) look(text);
  };
  const opening = { hear, pingMs: LIMIT_MS, handshakeMs: LIMIT_MS, signal: limit, token };
  const connection = await connect(uri, opening).catch((cause: unknown) => {
    throw new CommandFault("sidecar/no-answer", explain(cause), cause);
  });
  try {
    return await allPages((query) => askPage(connection, uri, waiting, limit, query));
  } finally {
    connection.close();
  }
}

function explainHere(located: Located, cause: unknown): string {
  if (cause instanceof UpgradeRefused && cause.isForToken) return new TokenRefused(located, `HTTP status ${cause.status}`).sentence;
  return `the sidecar at ${located.uri} cannot be reached (${sentenceOf(cause)})`;
}

async function askPage(
  connection: Connection,
  uri: string,
  waiting: Map<string, (text: string) => void>,
  limit: AbortSignal,
  query: Query,
): Promise<SummaryAnswer> {
  const id = randomUUID();
  try {
    return await new Promise<SummaryAnswer>((resolve, reject) => {
      const silent = (why: string) => reject(new CommandFault("sidecar/no-answer", `the sidecar at ${uri} ${why}`));
      limit.addEventListener("abort", () => silent(`has not answered within ${LIMIT_MS} ms`), { once: true });
      void connection.ended.then(({ code }) => silent(`closed the connection (${code})`));
      waiting.set(id, (text) => {
        const inbound = readInbound(text);
        if (inbound?.kind === "query-error" && inbound.queryId === id)
          reject(new QueryRefused(`the sidecar at ${uri} says: ${inbound.error}`));
        if (inbound?.kind !== "answer" || inbound.queryId !== id) return;
        const answer = SummaryAnswer.safeParse(inbound.answer);
        if (answer.success) resolve(answer.data);
        else silent("answered something else than was asked");
      });
      connection.send(JSON.stringify({ type: "SIGNALBOX_QUERY", query_id: id, query }));
    });
  } finally {
    waiting.delete(id);
  }
}
