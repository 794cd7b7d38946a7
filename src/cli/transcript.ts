/** `signalbox transcript`: a session as one JSON document in the specification's format (SPEC 9.6.3). */
import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Command } from "commander";
import { errnoOf } from "../git/errno.ts";
import { transcriptOf, type TranscriptNews } from "../app/kept-log.ts";
import { logPlaceOf, ofSession, openLogOf, sessionMeant, STORE_OPTION } from "./audit-log.ts";
import { EXIT } from "./exit-codes.ts";
import { CommandFault } from "./fault.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { WORKSPACE_OPTION } from "./place.ts";
import { progressOf } from "./progress.ts";

interface TranscriptFlags {
  readonly workspace?: string;
  readonly store?: string;
  readonly session?: string;
  readonly out?: string;
  readonly json?: boolean;
}

export function transcriptCommand(): Command {
  return new Command("transcript")
    .option(...WORKSPACE_OPTION)
    .option(...STORE_OPTION)
    .option("--session <id>", "the session; without it the only one of the log, or the workspace's own")
    .option("--out <file>", "write to this file and not to stdout; one that is there is replaced once all is written")
    .option("--json", "tell what was written, or what went wrong, as one JSON document; the transcript is JSON in any case")
    .addHelpText(
      "after",
      `\nExit code 0 when all of it was written, ${EXIT.corrupt} when the log is broken (\`signalbox audit verify\` says where); others as of every command.\n` +
        "It holds objectives, file names and who was there; no credential and no content of a file.",
    )
    .action(exportTranscript);
}

async function exportTranscript({ session, out, json, ...where }: TranscriptFlags): Promise<void> {
  using interrupt = listenForInterrupt("interrupted before the transcript was whole");
  const place = await logPlaceOf(where);
  if (session === undefined && where.store !== undefined)
    throw new CommandFault("config/invalid", "a hosted sidecar has many sessions: name one with --session");
  await using opened = await openLogOf(place, session);
  const id = session ?? (await sessionMeant(opened.log, place.store.identity.session_id));
  const log = ofSession(opened.log, id);
  using progress = progressOf("records written");
  let written: TranscriptNews = { messages: 0, read: 0, total: 0 };
  const pieces = transcriptOf(log, id, Date.now(), (news) => {
    interrupt.signal.throwIfAborted();
    written = news;
    progress.at(news.read, news.total);
  });

  if (out === undefined) return await writeToStdout(pieces); // before the log is closed
  await writeFileWhole(out, pieces);
  const { messages, read } = written;
  const document = { session_id: id, out, messages, records: read };
  const text = `Wrote ${messages} messages of ${read} records of the session ${id} to ${out}.`;
  process.stdout.write(`${json === true ? JSON.stringify(document) : text}\n`);
}

/** Never further ahead than the reader; one that is gone has read enough. */
async function writeToStdout(pieces: AsyncIterable<string>): Promise<void> {
  await pipeline(Readable.from(pieces), process.stdout, { end: false }).catch((fault: unknown) => {
    if (!GONE.has(errnoOf(fault))) throw fault;
  });
}

const GONE: ReadonlySet<string> = new Set(["EPIPE", "ERR_STREAM_PREMATURE_CLOSE", "ERR_STREAM_DESTROYED"]);

/** The file is there whole or as it was. Nobody but its owner may read it, until they let others. */
async function writeFileWhole(path: string, pieces: AsyncIterable<string>): Promise<void> {
  const unfinished = `${path}.${randomBytes(4).toString("hex")}.part`;
  try {
    await pipeline(Readable.from(pieces), createWriteStream(unfinished, { flags: "wx", mode: 0o600, flush: true }));
    await rename(unfinished, path);
  } catch (fault) {
    await rm(unfinished, { force: true });
    if (!(fault instanceof Error && "errno" in fault)) throw fault;
    throw new CommandFault("transcript/not-written", `${path} cannot be written: ${fault.message}`, fault);
  }
}
