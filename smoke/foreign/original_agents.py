"""
The agent class of the original Python package, unmodified, against a coordinator: two agents share a virtual workspace.

What a model would answer is answered by a table. Prints one JSON object a line for each thing that a caller checks.
Usage: original_agents.py <uri> <session>, with the package on PYTHONPATH.
"""
import asyncio
import contextlib
import io
import json
import sys
import types

sys.modules.setdefault("anthropic", types.SimpleNamespace(Anthropic=lambda api_key=None: None))
from mpac_protocol.agent import MPACAgent  # noqa: E402

URI, SESSION = sys.argv[1], sys.argv[2]


def tell(step, **facts):
    print(json.dumps({"step": step, **facts}), file=sys.__stdout__, flush=True)


class Scripted(MPACAgent):
    """Decides as it is told, and writes one line more."""

    files: tuple = ()

    def _decide_intent(self, task, files_info):
        return {"intent_id": f"intent-{self.name.lower()}-{task}", "objective": task, "files": list(self.files)}

    def _decide_conflict(self, conflict, own_intent):
        return "proceed"

    def _generate_fix(self, task, path, content, other_agent_info=""):
        return f"{content.rstrip()}\n# {task} by {self.name}\n"


async def joined(name, **options):
    agent = Scripted(name=name, role_description="tests", api_key="none", **options)
    await agent.connect(URI, SESSION)
    info = await agent._do_hello()
    tell("joined", name=name, participants=info["payload"]["participant_count"], session=info["payload"]["session_id"])
    return agent


async def main():
    ana, bo = await joined("Ana"), await joined("Bo")

    listed = await ana.list_files()
    tell("listed", files=sorted(one["path"] for one in listed))

    # Alone on its file: announce, read, commit, withdraw.
    ana.files = ("api.py",)
    tell("task", name="Ana", **await ana.execute_task("first"))
    content, ref = await bo.read_file("api.py")
    tell("read", by="Bo", last=content.strip().splitlines()[-1], ref=ref)

    # On a reference that is old, a commit is refused, and the next reading builds on what is there.
    stale = await bo._do_commit("intent-bo-none", "op-bo-stale", "api.py", "lost\n", "sha256:0123456789abcdef")
    tell("stale", accepted=stale)
    bo.files = ("api.py",)
    tell("task", name="Bo", **await bo.execute_task("second"))
    content, _ = await ana.read_file("api.py")
    tell("read", by="Ana", last=content.strip().splitlines()[-1], lines=len(content.strip().splitlines()))

    # Both widen onto one file: a conflict for both, acknowledged, escalated and resolved by an arbiter.
    await ana._do_announce_intent({"intent_id": "intent-ana-wide", "objective": "a", "files": ["auth.py"]})
    await bo._do_announce_intent({"intent_id": "intent-bo-wide", "objective": "b", "files": ["utils.py"]})
    await bo.do_update_intent("intent-bo-wide", files=["utils.py", "auth.py"])
    await ana._drain_conflicts(1.0)
    report = ana.conflicts_received[-1]["payload"]
    tell("conflict", category=report["category"], intents=sorted([report["intent_a"], report["intent_b"]]))
    await bo.do_ack_conflict(report["conflict_id"], "accepted")
    cy = await joined("Cy", roles=["arbiter"])
    await ana.do_escalate_conflict(report["conflict_id"], cy.principal_id, "we both need it")
    await cy.do_resolve_conflict(
        report["conflict_id"], "human_override", "ana was first", {"accepted": ["intent-ana-wide"], "rejected": ["intent-bo-wide"], "merged": []}
    )
    tell("resolved", heard=[m.get("message_type") for m in drained(bo) if m.get("message_type") in ("RESOLUTION", "CONFLICT_ESCALATE", "INTENT_WITHDRAW")])

    # A proposal waits; in a session that asks first it is authorized.
    await ana.do_heartbeat("working")
    await ana._do_goodbye()
    await ana.close()
    tell("done")
    for agent in (bo, cy):
        await agent.close()


def drained(agent):
    seen = []
    while not agent.protocol_inbox.empty():
        seen.append(agent.protocol_inbox.get_nowait())
    return seen


with contextlib.redirect_stdout(io.StringIO()):
    asyncio.run(main())
