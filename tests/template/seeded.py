"""Defects seeded into the template one by one: `python -m tests.template.seeded` tells which checks notice.

Each is a change of the text that a hurried colleague could make. A defect is found when one of the checks of
`make check` complains; the untouched template passes them all.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from local.template_check.promises import broken
from local.template_check.properties import complaints
from local.template_check.reading import template_of

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Defect:
    """A change of a file: what stands there, what is put in its place, at its first occurrence after `after`."""

    name: str
    old: str
    new: str
    after: str = ""
    file: str = "template.yaml"

    def seeded(self, text: str) -> str:
        """Return the text with the defect; ValueError when there is nothing to change."""
        start = text.index(self.after) if self.after else 0
        place = text.index(self.old, start)
        return text[:place] + self.new + text[place + len(self.old) :]


DEFECTS = (
    Defect("no alarm on a dead-letter queue", "GetAtt UndeliveredQueue.QueueName", "GetAtt IntakeQueue.QueueName"),
    Defect("an alarm that tells nobody", "      AlarmActions: [!Ref Alerts]\n", "", after="  OutcomeErrorsAlarm:"),
    Defect("an alarm on a metric that does not exist", "MetricName: Errors", "MetricName: Failures"),
    Defect("an alarm that takes silence for health", "TreatMissingData: breaching", "TreatMissingData: notBreaching"),
    Defect("any account's rules may fill the queue", "aws:SourceArn:", "aws:PrincipalArn:", after="  QueuePolicy:"),
    Defect("any account's rules may call a function", "      SourceArn: !GetAtt RunFinishedRule.Arn\n", ""),
    Defect(
        "an alarm that rings when all is well",
        "ComparisonOperator: GreaterThanThreshold",
        "ComparisonOperator: LessThanThreshold",
        after="  UndeliveredAlarm:",
    ),
    Defect("logs for ever", "      RetentionInDays: !Ref LogRetentionDays\n", "", after="  ReplayLog:"),
    Defect("a rule that loses events", "          DeadLetterConfig: {Arn: !GetAtt UndeliveredQueue.Arn}\n", ""),
    Defect(
        "a schedule that loses rounds",
        "        DeadLetterConfig: {Arn: !GetAtt UndeliveredQueue.Arn}\n",
        "",
        after="  FreshnessSchedule:",
    ),
    Defect(
        "a function whose failures are lost",
        "        DestinationConfig:\n          OnFailure: {Type: SQS, Destination: !GetAtt UndeliveredQueue.Arn}\n",
        "",
        after="  OutcomeFunction:",
    ),
    Defect("a right by a pattern", "Action: s3:GetObjectVersion", "Action: s3:Get*"),
    Defect(
        "a right on everything",
        'Resource: [!Ref Alerts, !If [HasChat, !Ref Chat, !Ref "AWS::NoValue"]]',
        'Resource: "*" # easier',
    ),
    Defect("a pattern with a small letter", "detail-type: [Object Created]", "detail-type: [Object created]"),
    Defect("the default bus", "      EventBusName: !Ref Bus\n", ""),
    Defect(
        "the lake's writes start the gate",
        "      VersioningConfiguration: {Status: Enabled}\n",
        "      VersioningConfiguration: {Status: Enabled}\n"
        "      NotificationConfiguration: {EventBridgeConfiguration: {EventBridgeEnabled: true}}\n",
        after="  LakeBucket:",
    ),
    Defect("a substitution that nothing uses", "${ReplayFunctionArn}", "replay", file="statemachine/replay.asl.json"),
    Defect(
        "a definition that is no JSON", '"StartAt": "Plan",', '"StartAt": "Plan"', file="statemachine/replay.asl.json"
    ),
    Defect("messages come again while they are worked on", "VisibilityTimeout: 5400", "VisibilityTimeout: 900"),
    Defect("a whole batch comes again", "            FunctionResponseTypes: [ReportBatchItemFailures]\n", ""),
    Defect(
        "a bucket that may become public", "        RestrictPublicBuckets: true", "        RestrictPublicBuckets: false"
    ),
    Defect(
        "a bucket without versions",
        "VersioningConfiguration: {Status: Enabled}",
        "VersioningConfiguration: {Status: Suspended}",
    ),
    Defect(
        "data that goes with the stack",
        "DeletionPolicy: RetainExceptOnCreate",
        "DeletionPolicy: Delete",
        after="  Ledger:",
    ),
    Defect("e-mails that lie open", "      KmsMasterKeyId: !If [HasKey, !Ref KmsKeyArn, !GetAtt AlertsKey.Arn]\n", ""),
    Defect("two functions with one role", "Role: !GetAtt OutcomeRole.Arn", "Role: !GetAtt FreshnessRole.Arn"),
    Defect("a rate in the wrong number", "rate(15 minutes)", "rate(15 minute)"),
    Defect("rounds that overlap", "      Timeout: 840\n", "      Timeout: 900\n"),
    Defect("TLS is asked of nobody", 'Bool: {aws:SecureTransport: "false"}', 'Bool: {aws:SecureTransport: "true"}'),
    Defect("a machine that does not log", "        Level: ERROR\n", '        Level: "OFF"\n'),
    Defect(
        "a ledger that cannot be brought back", "PointInTimeRecoveryEnabled: true", "PointInTimeRecoveryEnabled: false"
    ),
    Defect(
        "a role that anybody's schedule assumes",
        "            Condition:\n              StringEquals: {aws:SourceAccount: !Ref AWS::AccountId}\n",
        "",
        after="  ScheduleRole:",
    ),
)


def noticed(defect: Defect, folder: Path) -> str:
    """Return what the first check that notices the defect says of it; empty when none does."""
    for name in ("template.yaml", "statemachine/replay.asl.json"):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (ROOT / name).read_text(encoding="utf-8")
        target.write_text(defect.seeded(text) if name == defect.file else text, encoding="utf-8")
    path = folder / "template.yaml"
    template = template_of(path)
    for wrong in (*complaints(template), *broken(template, folder)):
        return wrong
    linted = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), path], capture_output=True, text=True, check=False
    )
    return f"cfn-lint: {linted.stdout.splitlines()[0]}" if linted.returncode else ""


def main() -> int:
    """Seed every defect by itself; return 1 when one goes unnoticed."""
    missed = 0
    for defect in DEFECTS:
        with tempfile.TemporaryDirectory() as folder:
            said = noticed(defect, Path(folder))
        missed += not said
        sys.stdout.write(f"{'found ' if said else 'MISSED'} {defect.name}{': ' if said else ''}{said}\n")
    sys.stdout.write(f"{len(DEFECTS) - missed} of {len(DEFECTS)} seeded defects are found\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
