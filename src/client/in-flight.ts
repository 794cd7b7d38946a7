/**
 * The commands and questions that wait for an answer, across every connection that it takes to get one.
 *
 * Whatever was sent and not answered is sent again after the next join, byte by byte the same: the coordinator knows a
 * command by its ids and answers a repeat as it answered the first. Only the same principal may repeat one, because under
 * another name it would be another command.
 */
import type { Answer } from "../wire/query.ts";
import type { Ack } from "../wire/mpac/extension.ts";
import type { Rejection } from "../wire/refusals.ts";
import { OutcomeUnknown, QueryRefused, SidecarUnavailable } from "./faults.ts";

/** What became of a command. */
export type Outcome = { readonly ok: true; readonly ack: Ack } | { readonly ok: false; readonly rejection: Rejection };

export interface Waiting {
  /** `message_id` or `query_id`. */
  readonly id: string;
  readonly text: string;
  /** Whoever sends it; a question is nobody's. */
  readonly principal: string | undefined;
  /** Why no answer came, when none did. */
  fault(why: string, cause?: unknown): Error;
  settle(reply: Reply): void;
  /** Ends the wait without an answer. */
  abandon(fault: Error): void;
}

type Reply = Outcome | { readonly ok: true; readonly answer: Answer } | { readonly ok: false; readonly error: string };

export interface Limits {
  /** Milliseconds from the first sending. */
  readonly limitMs: number;
  /** Ends the wait, and leaves the command to its fate. */
  readonly signal?: AbortSignal | undefined;
}

export interface InFlight {
  readonly size: number;
  /** Sends through `transmit` now and after every join, until there is an answer. @throws OutcomeUnknown */
  command(sending: { id: string; type: string; text: string; principal: string }, limits: Limits): Promise<Outcome>;
  /** @throws QueryRefused, or SidecarUnavailable when no answer came in time */
  query(sending: { id: string; text: string }, limits: Limits): Promise<Answer>;
  settle(id: string, reply: Reply): void;
  /** Sends everything again that `principal` may send; what another one sent has no outcome any more. */
  sendAgain(principal: string): void;
  /**
   * Remembers why the last connection attempt did not succeed, for those who will have waited in vain. Where another attempt
   * would not help either, nobody waits any longer.
   */
  explain(cause: unknown): void;
  /** Ends every wait. */
  abandonAll(why: string): void;
}

/** @param transmit - puts a text on the connection that stands now, if one does */
export function createInFlight(transmit: (text: string) => void): InFlight {
  const waiting = new Map<string, Waiting>();
  let trouble: unknown;

  function wait<Result>(
    entry: Omit<Waiting, "abandon" | "settle">,
    { limitMs, signal }: Limits,
    resultOf: (reply: Reply) => Result | Error,
  ): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const end = () => {
        waiting.delete(entry.id);
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
      };
      const abandon = (fault: Error) => {
        end();
        reject(fault);
      };
      const onAbort = () => abandon(entry.fault("was not waited for to the end", signal?.reason));
      const timer = setTimeout(() => abandon(entry.fault(`was not answered within ${limitMs} ms`, trouble)), limitMs);
      signal?.addEventListener("abort", onAbort, { once: true });
      waiting.set(entry.id, {
        ...entry,
        abandon,
        settle(reply) {
          end();
          const result = resultOf(reply);
          if (result instanceof Error) reject(result);
          else resolve(result);
        },
      });
      transmit(entry.text);
    });
  }

  return {
    get size() {
      return waiting.size;
    },
    command({ id, type, text, principal }, limits) {
      const fault = (why: string, cause?: unknown) => new OutcomeUnknown(type, id, why, cause);
      return wait<Outcome>({ id, text, principal, fault }, limits, (reply) =>
        "ack" in reply || "rejection" in reply ? reply : fault("was answered with nonsense"),
      );
    },
    query({ id, text }, limits) {
      const fault = (why: string, cause?: unknown) =>
        new SidecarUnavailable(`the question to the sidecar ${why}; ask again`, { cause, passing: true });
      return wait<Answer>({ id, text, principal: undefined, fault }, limits, (reply) => {
        if ("answer" in reply) return reply.answer;
        if ("error" in reply) return new QueryRefused(reply.error);
        return "rejection" in reply ? new QueryRefused(reply.rejection.message) : fault("was answered with nonsense");
      });
    },
    settle(id, reply) {
      waiting.get(id)?.settle(reply);
    },
    sendAgain(principal) {
      trouble = undefined;
      for (const entry of waiting.values()) {
        if (entry.principal === undefined || entry.principal === principal) transmit(entry.text);
        else entry.abandon(entry.fault(`its sender is ${principal} since the connection was lost`));
      }
    },
    explain(cause) {
      trouble = cause;
      if (!(cause instanceof SidecarUnavailable) || cause.passing) return;
      for (const entry of waiting.values()) {
        entry.abandon(entry.principal === undefined ? cause : entry.fault(`no answer will come (${cause.sentence})`, cause));
      }
    },
    abandonAll(why) {
      for (const entry of waiting.values()) entry.abandon(entry.fault(why));
    },
  };
}
