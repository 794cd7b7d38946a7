/**
 * The frames beside the specification that real MPAC clients use: questions about files and the session, told apart by a
 * top-level `type`, with no envelope.
 */
import * as z from "zod";

export const FileRead = z.looseObject({ type: z.literal("FILE_READ"), path: z.string().min(1).max(4096) });
export type FileRead = z.infer<typeof FileRead>;

export interface FileList {
  readonly type: "FILE_LIST";
}

export interface SessionSummaryRequest {
  readonly type: "SESSION_SUMMARY";
}

export interface ListedFile {
  readonly path: string;
  readonly state_ref: string;
  /** Characters, or bytes where the file is not text. */
  readonly size: number;
}

export type SidebandAnswer =
  | { readonly type: "FILE_LIST_RESPONSE"; readonly files: readonly ListedFile[]; readonly truncated?: true }
  | { readonly type: "FILE_CONTENT"; readonly path: string; readonly content: string; readonly state_ref: string }
  | { readonly type: "FILE_ERROR"; readonly path: string; readonly error: string }
  | { readonly type: "FILE_UPDATED"; readonly path: string; readonly state_ref: string | null; readonly updated_by: string }
  | { readonly type: "SESSION_SUMMARY_RESPONSE"; readonly session: object };
