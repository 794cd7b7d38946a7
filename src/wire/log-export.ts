/** How a log is handed out by the sidecar that owns it (`GET /control/log/...`, with the token of the discovery file). */
import * as z from "zod";

/** Bytes of record text from which on a page ends. A single record may be longer. */
export const PAGE_BYTES = 1024 * 1024;

export const LogStreams = z.looseObject({
  streams: z.array(z.looseObject({ stream: z.string(), head: z.int().min(0) })),
});

/** Some of the records behind a revision: texts as they are stored, byte for byte. None means that there are no more. */
export const LogPage = z.looseObject({ records: z.array(z.looseObject({ revision: z.int(), text: z.string() })) });

/** Any answer that is no page. */
export const LogRefusal = z.looseObject({ code: z.string().optional(), detail: z.string() });
