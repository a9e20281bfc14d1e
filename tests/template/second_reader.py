"""Defects of a reader who tried 71 when the rules were those for the others: these 42 went unnoticed then."""

from __future__ import annotations

from tests.template.defects import Defect

SECOND_READER = (
    Defect(
        "days swapped",
        "Prefix: accepted/, Status: Enabled, ExpirationInDays: !Ref AcceptedDays}\n"
        "          - {Id: aside, Prefix: aside/, Status: Enabled, ExpirationInDays: !Ref AsideDays}",
        "Prefix: accepted/, Status: Enabled, ExpirationInDays: !Ref AsideDays}\n"
        "          - {Id: aside, Prefix: aside/, Status: Enabled, ExpirationInDays: !Ref AcceptedDays}",
    ),
    Defect(
        "log without the customer's key",
        "      KmsKeyId: !If [HasKey, !Ref KmsKeyArn, !Ref AWS::NoValue]\n",
        "",
        after="  OutcomeLog:",
    ),
    Defect(
        "ledger without the customer's key",
        "        KMSMasterKeyId: !If [HasKey, !Ref KmsKeyArn, !Ref AWS::NoValue]\n",
        "",
    ),
    Defect(
        "buckets without the customer's key",
        '{SSEAlgorithm: "aws:kms", KMSMasterKeyID: !Ref KmsKeyArn}',
        "{SSEAlgorithm: AES256}",
    ),
    Defect(
        "dead letters without the customer's key",
        "      KmsMasterKeyId: !If [HasKey, !Ref KmsKeyArn, !Ref AWS::NoValue]\n",
        "",
        after="  IntakeDeadLetterQueue:",
    ),
    Defect(
        "unencrypted queue",
        "      SqsManagedSseEnabled: !If [HasKey, !Ref AWS::NoValue, true]\n"
        "      KmsMasterKeyId: !If [HasKey, !Ref KmsKeyArn, !Ref AWS::NoValue]\n",
        "      SqsManagedSseEnabled: false\n",
        after="  UndeliveredQueue:",
    ),
    Defect(
        "glue's key unused", "      SecurityConfiguration: !If [HasKey, !Ref GlueEncryption, !Ref AWS::NoValue]\n", ""
    ),
    Defect("tries for a month", "maxReceiveCount: 30", "maxReceiveCount: 1000"),
    Defect("errors counted by the day", "      Period: 300\n", "      Period: 86400\n", after="  OutcomeErrorsAlarm:"),
    Defect(
        "five bad periods in a row",
        "      EvaluationPeriods: 1\n",
        "      EvaluationPeriods: 5\n",
        after="  IntakeErrorsAlarm:",
    ),
    Defect(
        "alarm that never recovers",
        "TreatMissingData: notBreaching",
        "TreatMissingData: ignore",
        after="  OutcomeErrorsAlarm:",
    ),
    Defect("gate down by AND", 'ALARM("${IntakeAgeAlarm}") OR', 'ALARM("${IntakeAgeAlarm}") AND'),
    Defect("gate down without silence", ' OR ALARM("${FreshnessSilentAlarm}")', ""),
    Defect("gate down by OK", 'ALARM("${IntakeAgeAlarm}") OR', 'OK("${IntakeAgeAlarm}") OR'),
    Defect("gate down where files flow", 'ALARM("${IntakeAgeAlarm}") OR', 'NOT ALARM("${IntakeAgeAlarm}") OR'),
    Defect("no share of concurrency", "      ReservedConcurrentExecutions: !If [Reserves, 3, !Ref AWS::NoValue]\n", ""),
    Defect(
        "a share of one",
        "ReservedConcurrentExecutions: !If [Reserves, 3,",
        "ReservedConcurrentExecutions: !If [Reserves, 1,",
    ),
    Defect("machine without traces", "Tracing: {Enabled: true}", "Tracing: {Enabled: false}"),
    Defect("one glue run at a time", "MaxConcurrentRuns: 20", "MaxConcurrentRuns: 1"),
    Defect(
        "glue may delete accepted",
        'Resource: [!Sub "${LakeBucket.Arn}/processed/*", !Sub "${LakeBucket.Arn}/processed_$folder$"]',
        'Resource: [!Sub "${LakeBucket.Arn}/*"]',
    ),
    Defect(
        "COPY lists everything",
        "                Condition:\n                  StringLike: {s3:prefix: processed/*}\n",
        "",
        after="  CopyRole:",
    ),
    Defect(
        "intake lists the whole lake",
        "                Condition:\n                  StringLike: {s3:prefix: accepted/*}\n",
        "",
        after="  IntakeRole:",
    ),
    Defect("a small function", "MemorySize: 1769", "MemorySize: 512"),
    Defect(
        "outcome never tries again",
        "MaximumRetryAttempts: 2\n        DestinationConfig",
        "MaximumRetryAttempts: 0\n        DestinationConfig",
    ),
    Defect(
        "operators may start files",
        "Resource: [!GetAtt ReplayFunction.Arn, !GetAtt FreshnessFunction.Arn, !Ref QuestionsAlias]",
        "Resource: [!GetAtt ReplayFunction.Arn, !GetAtt FreshnessFunction.Arn, !GetAtt IntakeFunction.Arn]",
    ),
    Defect("json mail", "Protocol: email\n", "Protocol: email-json\n"),
    Defect("deep archive forgotten", "[GLACIER, DEEP_ARCHIVE]", "[GLACIER]"),
    Defect(
        "copy-paste of principals",
        "Principal: {AWS: !Ref Sender2Principals}",
        "Principal: {AWS: !Ref Sender1Principals}",
    ),
    Defect(
        "copy-paste of prefix",
        "Resource: !Sub ${RawBucket.Arn}/${Sender3Prefix}*",
        "Resource: !Sub ${RawBucket.Arn}/${Sender2Prefix}*",
    ),
    Defect(
        "copy-paste of a rule",
        "- Assert: !Not [!EachMemberIn [!Ref Sender2Principals",
        "- Assert: !Not [!EachMemberIn [!Ref Sender1Principals",
    ),
    Defect(
        "copy-paste of a condition",
        "HasSender3: !Not [!Equals [!Ref Sender3Prefix",
        "HasSender3: !Not [!Equals [!Ref Sender2Prefix",
    ),
    Defect("ttl on another attribute", "AttributeName: expires_at, Enabled", "AttributeName: expires, Enabled"),
    Defect("no mpu tidy", "            AbortIncompleteMultipartUpload: {DaysAfterInitiation: 7}\n", ""),
    Defect("schedule at weekdays", "rate(15 minutes)", "cron(0/15 * ? * MON-FRI *)"),
    Defect(
        "flexible",
        'FlexibleTimeWindow: {Mode: "OFF"}',
        "FlexibleTimeWindow: {Mode: FLEXIBLE, MaximumWindowInMinutes: 60}",
    ),
    Defect("workgroup by name", "workgroup/${RedshiftWorkgroupId}", "workgroup/${RedshiftWorkgroup}"),
    Defect("gate as admin", "role/${MwaaEnvironment}/${MwaaRole}", "role/${MwaaEnvironment}/Admin"),
    Defect("log level debug", "POWERTOOLS_LOG_LEVEL: INFO", "POWERTOOLS_LOG_LEVEL: DEBUG"),
    Defect(
        "event of the log",
        "POWERTOOLS_LOG_LEVEL: INFO\n",
        'POWERTOOLS_LOG_LEVEL: INFO\n        POWERTOOLS_LOGGER_LOG_EVENT: "true"\n',
    ),
    Defect("replay alarm by the other metric", "MetricName: ExecutionsTimedOut", "MetricName: ExecutionsAborted"),
    Defect("queue visible too long", "VisibilityTimeout: 5400", "VisibilityTimeout: 43200"),
    Defect(
        "dags may say anything to alerts",
        "            Action: sns:Publish\n            Resource: *alerts\n          - !If",
        "            Action: [sns:Publish, sns:Subscribe]\n            Resource: *alerts\n          - !If",
    ),
)
