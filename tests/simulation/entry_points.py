"""The functions as Lambda runs them: their own app.py with Powertools, in execution environments."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from tests.simulation.deployment import SETTINGS, Functions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from suimon.contract.model import Contracts
    from suimon.intake.replays import ReplayRequest
    from suimon.replay.request import Request
    from tests.simulation.kept_services import Services
    from tests.simulation.world import World

APPS = Path(__file__).parents[2] / "functions"
QUIET = {
    "POWERTOOLS_METRICS_DISABLED": "true",
    "POWERTOOLS_METRICS_NAMESPACE": "Suimon",
    "POWERTOOLS_LOG_LEVEL": "CRITICAL",
    "AWS_REGION": "ap-northeast-1",
    "SUIMON_STACK": "simulated",
}


class Context:
    """What Lambda hands to a handler."""

    memory_limit_in_mb = 128
    invoked_function_arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:simulated"

    def __init__(self, name: str, request_id: str) -> None:
        self.function_name = name
        self.aws_request_id = request_id

    def get_remaining_time_in_millis(self) -> int:
        """Time enough."""
        return 60_000


class EntryPoints(Functions):
    """The same functions through their entry points.

    Lambda runs one invocation at a time in an execution environment, and Powertools counts on that: an environment is
    a module of its own here, idle ones are used again, and one whose invocation was killed is not.
    """

    def __init__(self, world: World, services: Services, contracts: Contracts) -> None:
        super().__init__(world, services, contracts)
        os.environ.update(QUIET)
        self._idle: dict[str, list[ModuleType]] = {"intake": [], "outcome": [], "freshness": [], "replay": []}
        self._wiring: dict[str, dict[str, Any]] = {
            "intake": {"gate": self.gate, "sqs": lambda: self.sqs},
            "outcome": {"run_reports": lambda: self.run_reports("outcome")},
            "replay": {"steps": self.replay_steps},
            "freshness": {
                "sweep": lambda: self.sweep("sweep"),
                "check_freshness": self.check_freshness,
                # Who hears, that a round has ended, figures and pages: no promise is about them.
                **{name: lambda *_: None for name in ("count_deaf", "beat", "write_sources", "measure", "write_pages")},
                "watch": lambda: SimpleNamespace(ledger=None, waivers=None),
                "settings": lambda: SETTINGS,
                "lease": lambda holder, _seconds: self.lease(holder),
            },
        }
        self._arn = services.intake.arn

    def take(self, owner: str, message: Mapping[str, Any]) -> None:
        """Hand a batch of one message to the intake function."""
        record = {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "messageAttributes": {},
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": self._arn,
            "awsRegion": "ap-northeast-1",
        }
        self._invoke("intake", {"Records": [record]}, owner)

    def enter(self, event: dict[str, Any]) -> None:
        """Hand the event to the outcome function."""
        self._invoke("outcome", event, "outcome")

    def replay(self, owner: str, request: ReplayRequest) -> None:
        """Hand the request to the intake function, as the state machine does."""
        self._invoke("intake", {"replay": vars(request)}, owner)

    def plan_replay(self, request: Request) -> dict[str, Any]:
        """Hand a person's request to the replay function."""
        return self._invoke("replay", _event(request), "operator")

    def begin_replay(self, request: Request, execution: str) -> dict[str, Any]:
        """Hand the state machine's input to the replay function."""
        return self._invoke("replay", {"begin": _event(request), "execution": execution}, "state machine")

    def fail_replay(self, failed: dict[str, Any]) -> None:
        """Hand a failure to the replay function, as the state machine does."""
        self._invoke("replay", {"failed": failed}, "state machine")

    def summarise_replay(self, dataset: str, execution: str, end: str) -> dict[str, Any]:
        """Ask the replay function for the summary, as the state machine does."""
        asked = {"dataset": dataset, "end": end}
        return self._invoke("replay", {"summarise": asked, "execution": execution}, "state machine")

    def stopped_replay(self, dataset: str, execution: str) -> dict[str, Any]:
        """Ask the replay function for the summary of what a person has stopped."""
        asked = {"dataset": dataset, "replay": execution.rpartition(":")[2]}
        return self._invoke("replay", {"stopped": asked}, "operator")

    def make_round(self, holder: str) -> int | None:
        """Hand the scheduler's event to the freshness function."""
        answer = self._invoke("freshness", {}, holder)
        return None if "refused" in answer else int(answer["sweep"]["unexplained"])

    def _invoke(self, name: str, event: dict[str, Any], owner: str) -> dict[str, Any]:
        idle = self._idle[name]
        app = idle.pop() if idle else self._environment(name)
        try:
            answer: dict[str, Any] = app.handler(event, Context(name, owner))
        except Exception:
            idle.append(app)
            raise
        idle.append(app)
        if answer.get("batchItemFailures"):
            raise app.processor.exceptions[-1][1]
        return answer

    def _environment(self, name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"simulated_{name}", APPS / name / "app.py")
        assert spec is not None
        assert spec.loader is not None
        app = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(app)
        for attribute, value in self._wiring[name].items():
            setattr(app, attribute, value)
        if hasattr(app, "utc_now"):
            app.utc_now = self.clock  # type: ignore[attr-defined]  # a module's attributes are what it defines
        return app


def _event(request: Request) -> dict[str, Any]:
    """Write a request as the command does."""
    ends = {"from": str(request.first), "to": str(request.last)}
    return {name: value for name, value in vars(request).items() if name not in {"first", "last", "parts"}} | ends
