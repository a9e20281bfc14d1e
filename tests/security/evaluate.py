"""Decide questions by the emulator's IAM as the twin corrects it; run with the emulator's own Python.

Reads {"policies": {principal: [document, …]}, "questions": [{action, resource, context}, …], "user_id": …} and writes
{principal: [whether it is allowed, …]}.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from local.cloud.emulator_hooks import module
from local.cloud.iam_corrections import fill_in_variables


def main() -> None:
    """Decide every question for every principal."""
    asked = json.load(sys.stdin)
    fill_in_variables()
    iam = module("ministack.core.iam_evaluator")
    decisions = {}
    for principal, documents in asked["policies"].items():
        statements = [iam.parse_policy_document(document) for document in documents]
        decisions[principal] = [
            iam.evaluate(
                iam.EvalContext(
                    principal_arn=f"arn:aws:sts::123456789012:assumed-role/{principal}/session",
                    principal_type="AssumedRole",
                    principal_account="123456789012",
                    action=question["action"],
                    resource_arn=question["resource"],
                    region="ap-northeast-1",
                    service_context=question["context"],
                    principal_keys={"aws:userid": asked["user_id"]},
                ),
                statements,
            ).decision
            == "Allow"
            for question in asked["questions"]
        ]
    json.dump(decisions, sys.stdout)


if __name__ == "__main__":
    main()
