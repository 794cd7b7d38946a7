/**
 * What the panel shows of a session: its parts, each read from its own log, joined at the moment of reading and never
 * recorded. A part is of its revision or a later one.
 */
import type { StatusView } from "./bus/views.ts";
import type { SummaryAnswer } from "./query.ts";
import type { Revision } from "./record.ts";

interface Part {
  readonly revision: Revision;
  /** Whether its log takes records. */
  readonly writable: boolean;
}

export interface DashboardState {
  /** RFC 3339: when it was read, by the clock of the sidecar. */
  readonly at: string;
  readonly session: Part & { readonly summary: SummaryAnswer };
  readonly board: Part & { readonly status: StatusView };
}

/** The parts of a session whose changes are told. */
export type DashboardPart = "session" | "board";
