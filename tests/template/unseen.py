"""Twenty defects drawn from the template and AWS's documentation alone, before the rules were read, to measure them.

The rules of that day noticed 13 of them; for the other seven there are rules since.
"""

from __future__ import annotations

from tests.template.defects import Defect

UNSEEN = (
    Defect("a burst cut to a quarter", "MaximumConcurrency: !Ref IntakeConcurrency", "MaximumConcurrency: 2"),
    Defect("two numbers swapped", "NumberOfWorkers: !Ref GlueWorkers", "NumberOfWorkers: !Ref IntakeConcurrency"),
    Defect("a key that is never turned", "EnableKeyRotation: true", "EnableKeyRotation: false"),
    Defect("three tries instead of thirty", "maxReceiveCount: 30", "maxReceiveCount: 3"),
    Defect("a replay that never ages", "AttributeName: expires_at", "AttributeName: expiry"),
    Defect(
        "a gate that is down only when all is down",
        'ALARM("${IntakeAgeAlarm}") OR ALARM("${IntakeThrottlesAlarm}")',
        'ALARM("${IntakeAgeAlarm}") AND ALARM("${IntakeThrottlesAlarm}")',
    ),
    Defect(
        "throttled for hours unheard", "EvaluationPeriods: 3", "EvaluationPeriods: 36", after="OutcomeThrottlesAlarm:"
    ),
    Defect("one run's end at a time", "!If [Reserves, 10,", "!If [Reserves, 1,"),
    Defect("a job with too little time", "Timeout: 120 #", "Timeout: 12 #"),
    Defect("one job at a time", "MaxConcurrentRuns: 20", "MaxConcurrentRuns: 1"),
    Defect(
        "a sender into every folder",
        "Resource: !Sub ${RawBucket.Arn}/${Sender2Prefix}*",
        "Resource: !Sub ${RawBucket.Arn}/*",
    ),
    Defect(
        "viewers who start rounds",
        "Resource: !Ref QuestionsAlias\n",
        "Resource: !GetAtt FreshnessFunction.Arn\n",
        after="  ViewerPolicy:",
    ),
    Defect("mail for machines", "Protocol: email\n", "Protocol: email-json\n", after="  WatchByEmail:"),
    Defect(
        "an end that is tried once",
        "MaximumRetryAttempts: 2\n",
        "MaximumRetryAttempts: 0\n",
        after="  OutcomeFunction:",
    ),
    Defect(
        "an address where a URL is asked",
        "IntakeQueueUrl: {Value: !Ref",
        "IntakeQueueUrl: {Value: !GetAtt IntakeQueue.Arn} #",
    ),
    Defect("archives that are let in", "[GLACIER, DEEP_ARCHIVE]", "[GLACIER]"),
    Defect(  # then ten times the article's figure, which is gone
        "workers that take ten times the tasks",
        'core.parallelism: "32"',
        'celery.worker_autoscale: "80,80"',
        file="environment.yaml",
    ),
    Defect("a network without names", "EnableDnsHostnames: true", "EnableDnsHostnames: false", file="environment.yaml"),
    Defect(
        "logs of other environments",
        "log-group:airflow-${Name}-*",
        "log-group:airflow-*",
        file="environment.yaml",
    ),
    Defect(
        "a replay that gives up after one hour",
        '"MaxAttempts": 11',
        '"MaxAttempts": 0',
        file="statemachine/replay.asl.json",
    ),
)

# Of what docs/template-mutation.md showed that the rules let through.
BY_CHANCE = (
    Defect(
        "a queue that nobody takes from",
        "      Events:\n        Queue:\n          Type: SQS\n",
        "      Metadata:\n        Queue:\n          Type: SQS\n",
    ),
    Defect("a trust that is more than that", "            Action: sts:AssumeRole\n", "            Action: sts:*\n"),
)
