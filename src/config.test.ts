import { describe, expect, it } from "vitest";
import { BadConfig } from "./config/setting.ts";
import { readHostedConfig, readSidecarConfig, type SidecarFlags } from "./config.ts";

const TABLE = '{"ana-token":{"allowed_sessions":["red"],"roles":["owner"]}}';
const hosted = { multiSession: true };

type Row = { readonly name: string; readonly flags?: SidecarFlags; readonly env?: Record<string, string> };

describe("a repository's sidecar", () => {
  it.each<Row & { readonly gives: object }>([
    {
      name: "is open and local by default",
      gives: { host: "127.0.0.1", port: undefined, tokens: undefined, requireToken: false, policy: {} },
    },
    { name: "stays until it is asked to end", gives: { idleMinutes: 0 } },
    { name: "takes its port from the environment", env: { MPAC_SIDECAR_PORT: "4711" }, gives: { port: 4711 } },
    { name: "takes a flag before the environment", flags: { port: "1" }, env: { MPAC_SIDECAR_PORT: "4711" }, gives: { port: 1 } },
    { name: "passes over an empty variable", env: { MPAC_TOKEN_TABLE: " " }, gives: { tokens: undefined } },
    { name: "may be authenticated", env: { MPAC_TOKEN_TABLE: TABLE }, gives: { tokens: { "ana-token": { allowed_sessions: ["red"] } } } },
    { name: "may want the token of its discovery file", flags: { requireToken: true }, gives: { requireToken: true } },
    { name: "may be told so by a bridge's surroundings", env: { SIGNALBOX_REQUIRE_TOKEN: "1" }, gives: { requireToken: true } },
    {
      name: "lets in its own pages under its public address",
      env: { SIGNALBOX_ALLOWED_ORIGINS: "https://a.example", SIGNALBOX_PUBLIC_URL: "https://signalbox.example.org/hub/" },
      gives: { allowedOrigins: ["https://a.example", "https://signalbox.example.org"] },
    },
    {
      name: "takes what a session decides for itself",
      env: { MPAC_SESSION_POLICY: '{"role_policy":{"default_role":"observer"}}' },
      gives: { policy: { role_policy: { default_role: "observer" } } },
    },
    {
      name: "takes what the specification gives as an example",
      env: {
        MPAC_SESSION_POLICY: JSON.stringify({
          governance: {
            require_arbiter: true,
            resolution_timeout_sec: 300,
            timeout_action: "escalate_then_freeze",
            frozen_scope_behavior: "reject_writes_and_intents",
            frozen_scope_phase_3_action: "first_committer_wins",
          },
          liveness: {
            heartbeat_interval_sec: 10,
            unavailability_timeout_sec: 40,
            orphaned_intent_action: "suspend",
            orphaned_proposal_action: "abandon",
            intent_claim_approval: "governance",
            backend_health_policy: { enabled: true, check_source: "https://status.example.org", check_interval_sec: 60 },
          },
          lifecycle: { auto_close: false, transcript_export: true, audit_retention_days: 90 },
        }),
      },
      gives: {
        policy: { liveness: { heartbeat_interval_sec: 10, unavailability_timeout_sec: 40 }, lifecycle: { audit_retention_days: 90 } },
      },
    },
  ])("$name", ({ flags = {}, env = {}, gives }) => {
    expect(readSidecarConfig(flags, env)).toMatchObject(gives);
  });

  it.each<Row & { readonly says: RegExp }>([
    { name: "on another address", flags: { host: "0.0.0.0" }, says: /loopback only .* --multi-session/ },
    { name: "with TLS", flags: { tls: true }, says: /--tls belongs to the hosted sidecar/ },
    { name: "with a certificate", flags: { tlsCert: "c.pem" }, says: /--tls-cert belongs/ },
    { name: "with a store of its own", flags: { store: "d" }, says: /--store belongs/ },
    { name: "with a port that is none", flags: { port: "http" }, says: /--port is http; a port is a whole number/ },
  ])("$name is refused", ({ flags = {}, env = {}, says }) => {
    expect(() => readSidecarConfig(flags, env)).toThrow(says);
  });
});

describe("a hosted sidecar", () => {
  it.each<Row & { readonly gives: object }>([
    { name: "listens on 8766 and stays", gives: { host: "127.0.0.1", port: 8766, idleMinutes: 0, tls: "none", store: undefined } },
    { name: "takes its port from the environment", env: { MPAC_SIDECAR_PORT: "4711" }, gives: { port: 4711 } },
    {
      name: "may be reached from elsewhere with tokens",
      flags: { host: "0.0.0.0" },
      env: { MPAC_TOKEN_TABLE: TABLE },
      gives: { host: "0.0.0.0" },
    },
    { name: "leaves TLS to a proxy", flags: { tls: true }, gives: { tls: "proxy" } },
    { name: "does TLS itself", flags: { tls: true, tlsCert: "c", tlsKey: "k" }, gives: { tls: { cert: "c", key: "k" } } },
    { name: "keeps its log where it is told", flags: { store: "/d" }, gives: { store: "/d" } },
    { name: "passes over a workspace of the environment", env: { MPAC_WORKSPACE_DIR: "/w" }, gives: { port: 8766 } },
  ])("$name", ({ flags = {}, env = {}, gives }) => {
    expect(readHostedConfig({ ...hosted, ...flags }, env)).toMatchObject(gives);
  });

  it.each<Row & { readonly says: RegExp }>([
    { name: "that everybody could join", flags: { host: "0.0.0.0" }, says: /everybody who reaches 0\.0\.0\.0 .* MPAC_TOKEN_TABLE/ },
    { name: "with a workspace", flags: { workspace: "." }, says: /many repositories and none of its own/ },
    { name: "with one session's name", flags: { sessionId: "s" }, says: /from the URL/ },
    { name: "with the token of the discovery file", flags: { requireToken: true }, says: /for a local sidecar/ },
    { name: "with half a certificate", flags: { tls: true, tlsCert: "c" }, says: /belong together/ },
    { name: "with a certificate and no TLS", flags: { tlsCert: "c", tlsKey: "k" }, says: /are for --tls/ },
  ])("$name is refused", ({ flags = {}, env = {}, says }) => {
    expect(() => readHostedConfig({ ...hosted, ...flags }, env)).toThrow(says);
  });
});

describe("a security profile", () => {
  it.each<Row & { readonly says: RegExp }>([
    {
      name: "of signatures",
      flags: { securityProfile: "verified" },
      says: /^signatures and certificates .* not in this release, because no known client uses them$/,
    },
    { name: "that nobody knows", flags: { securityProfile: "closed" }, says: /it is open or authenticated$/ },
    { name: "with tokens and without a table", flags: { securityProfile: "authenticated" }, says: /needs MPAC_TOKEN_TABLE/ },
    {
      name: "that is open although there are tokens",
      flags: { securityProfile: "open" },
      env: { MPAC_TOKEN_TABLE: TABLE },
      says: /makes the profile authenticated/,
    },
    { name: "of a broken table", env: { MPAC_TOKEN_TABLE: '{"ana-token":7}' }, says: /^MPAC_TOKEN_TABLE cannot be used: entry 1: / },
    { name: "with a policy that is no JSON", env: { MPAC_SESSION_POLICY: "{" }, says: /not JSON/ },
    { name: "with a policy of the wrong shape", env: { MPAC_SESSION_POLICY: '{"role_policy":7}' }, says: /role_policy: / },
    {
      name: "with a policy of the wrong words",
      env: { MPAC_SESSION_POLICY: '{"race_lock":false}' },
      says: /has race_lock; it may have compliance/,
    },
    {
      name: "with a policy that misspells a part's member",
      env: { MPAC_SESSION_POLICY: '{"governance":{"resolution_timeut_sec":5}}' },
      says: /has governance\.resolution_timeut_sec; it may have resolution_timeout_sec, frozen/,
    },
    {
      name: "with a policy that misspells something deep",
      env: { MPAC_SESSION_POLICY: '{"liveness":{"backend_health_policy":{"on_dawn":"warn"}}}' },
      says: /has liveness\.backend_health_policy\.on_dawn; it may have enabled, on_degraded/,
    },
    {
      name: "with a policy that misspells what it says of one role",
      env: { MPAC_SESSION_POLICY: '{"role_policy":{"role_constraints":{"owner":{"max_cuont":1}}}}' },
      says: /has role_policy\.role_constraints\.owner\.max_cuont; it may have max_count/,
    },
    {
      name: "with a policy that is not carried out",
      env: { MPAC_SESSION_POLICY: '{"governance":{"intent_expiry_grace_sec":30}}' },
      says: /has governance\.intent_expiry_grace_sec 30; carried out is 0$/,
    },
    {
      name: "with claims that nobody decides under governance",
      env: { MPAC_SESSION_POLICY: '{"compliance":"governance","liveness":{"intent_claim_approval":"automatic"}}' },
      says: /somebody gives the word$/,
    },
    {
      name: "with a registry that misspells an alias",
      env: {
        MPAC_SESSION_POLICY: '{"resource_registry":{"mappings":[{"canonical_uri":"u","aliases":[{"kind":"k","value":"v","valu":"w"}]}]}}',
      },
      says: /has resource_registry\.mappings\.0\.aliases\.0\.valu; it may have kind, value/,
    },
    {
      name: "of a token that may join nothing",
      env: { MPAC_TOKEN_TABLE: '{"ana-token":{"allowed_sessions":[]}}' },
      says: /entry 1: allowed_sessions: it names no session, so its bearers could join none; name some, or "\*" for all$/,
    },
    {
      name: "with a policy that authorizes changes without governance",
      env: { MPAC_SESSION_POLICY: '{"execution_model":"pre_commit"}' },
      says: /pre_commit, which needs "compliance": "governance"/,
    },
  ])("$name is refused by either, and no token is said", ({ flags = {}, env = {}, says }) => {
    for (const read of [readSidecarConfig, readHostedConfig]) {
      const refused = (() => {
        try {
          read(flags, env);
        } catch (error) {
          return error as BadConfig;
        }
        return undefined;
      })();

      expect(refused).toBeInstanceOf(BadConfig);
      expect(refused?.message).toMatch(says);
      expect(refused?.message).not.toContain("ana-token");
    }
  });
});
