"""Changes of the template that a hurried colleague could make; `python -m tests.template.seeded` tries them."""

from __future__ import annotations

from dataclasses import dataclass


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


FIRST = (
    Defect("no alarm on a dead-letter queue", "GetAtt UndeliveredQueue.QueueName", "GetAtt IntakeQueue.QueueName"),
    Defect("an alarm that tells nobody", "      AlarmActions: [*alerts]\n", "", after="  OutcomeErrorsAlarm:"),
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
        'Resource: [*alerts, !If [HasChat, !Ref Chat, !Ref "AWS::NoValue"]]',
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
    Defect("a substitution that nothing uses", "${IntakeFunctionArn}", "intake", file="statemachine/replay.asl.json"),
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


# Of the kinds that a second reader tried: names that mean something else, parts that do not fit the code.
FRESH = (
    Defect("a handler that is not there", "Handler: app.handler", "Handler: app.handle"),
    Defect("the other processor", "Architectures: [arm64]", "Architectures: [x86_64]"),
    Defect("a Python that the artifact is not for", "Runtime: python3.13", "Runtime: python3.12"),
    Defect("an index of keys alone", "Projection: {ProjectionType: ALL}", "Projection: {ProjectionType: KEYS_ONLY}"),
    Defect(
        "dead letters among the undelivered",
        "deadLetterTargetArn: !GetAtt IntakeDeadLetterQueue.Arn",
        "deadLetterTargetArn: !GetAtt UndeliveredQueue.Arn",
    ),
    Defect(
        "a replay that may not start attempts",
        "Resource: [!GetAtt IntakeFunction.Arn, !GetAtt ReplayFunction.Arn]",
        "Resource: !GetAtt ReplayFunction.Arn",
    ),
    Defect(
        "a queue that rules may not leave anything in",
        "Queues: [!Ref IntakeQueue, !Ref UndeliveredQueue]",
        "Queues: [!Ref IntakeQueue]",
    ),
    Defect(
        "two buckets that change places", "SUIMON_LAKE_BUCKET: !Ref LakeBucket", "SUIMON_LAKE_BUCKET: !Ref RawBucket"
    ),
    Defect(
        "two queues that change places",
        "SUIMON_UNDELIVERED_QUEUE: !Ref UndeliveredQueue",
        "SUIMON_UNDELIVERED_QUEUE: !Ref IntakeDeadLetterQueue",
    ),
    Defect(
        "two functions that change places in a machine",
        "IntakeFunctionArn: !GetAtt IntakeFunction.Arn",
        "IntakeFunctionArn: !GetAtt OutcomeFunction.Arn",
    ),
    Defect(
        "a permission for another function",
        "FunctionName: !Ref OutcomeFunction\n      Principal",
        "FunctionName: !Ref FreshnessFunction\n      Principal",
    ),
    Defect("an expiry of what does not exist", "Prefix: processed/", "Prefix: parquet/"),
    Defect("a grant where nothing lies", "${LakeBucket.Arn}/aside/*", "${LakeBucket.Arn}/rejected/*"),
    Defect(
        "an alarm by the wrong dimension",
        "{Name: FunctionName, Value: !Ref OutcomeFunction}",
        "{Name: Function, Value: !Ref OutcomeFunction}",
    ),
    Defect(
        "an alarm on another function than it says",
        "Value: !Ref FreshnessFunction",
        "Value: !Ref ReplayFunction",
        after="  FreshnessErrorsAlarm:",
    ),
    Defect("an alarm on averages", "Statistic: Sum", "Statistic: Average", after="  ReplayFailedAlarm:"),
    Defect("an alarm after the time is out", "Threshold: 54000", "Threshold: 60000"),
    Defect(
        "a silence that only the silent could tell",
        "AlarmActions: [!Ref Watch]\n      OKActions: [!Ref Watch]",
        "AlarmActions: [*alerts]\n      OKActions: [*alerts]",
    ),
    Defect("an alarm that waits for a day too long", "Threshold: 3600", "Threshold: 360000"),
    Defect("a rule of another bus in an alarm", "        - {Name: EventBusName, Value: !Ref Bus}\n", ""),
    Defect("a topic that alarms may not use", "Topics: [!Ref Watch]", "Topics: [!Ref Alerts]"),
    Defect(
        "a call without its right", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads", after="  FreshnessRole:"
    ),
    Defect(
        "a token nobody may answer",
        "[states:SendTaskSuccess, states:SendTaskFailure]",
        "states:SendTaskSuccess",
        after="  OutcomeRole:",
    ),
    Defect(
        "a log of another function",
        "LoggingConfig: {LogGroup: !Ref OutcomeLog}",
        "LoggingConfig: {LogGroup: !Ref IntakeLog}",
    ),
    Defect(
        "a role for another service",
        "Principal: {Service: scheduler.amazonaws.com}",
        "Principal: {Service: events.amazonaws.com}",
    ),
    Defect(
        "a schedule that may not call",
        "Resource: !GetAtt FreshnessFunction.Arn",
        "Resource: !GetAtt ReplayFunction.Arn",
        after="  ScheduleRole:",
    ),
    Defect(
        "dead letters that are forgotten first",
        "MessageRetentionPeriod: 1209600\n",
        "MessageRetentionPeriod: 345600\n",
        after="  IntakeDeadLetterQueue:",
    ),
    Defect("a state that is not there", '"Next": "Summary"', '"Next": "Sumary"', file="statemachine/replay.asl.json"),
    Defect(
        "a choice without a way out",
        '      "Default": "Nothing"\n',
        '      "Comment": "?"\n',
        file="statemachine/replay.asl.json",
    ),
)

# Written against the rules as they then were, to measure them: 18 of 24 went unnoticed before their kinds got a rule.
MEASURED = (
    Defect(
        "a key that any service may use",
        "                  Condition:\n"
        '                    StringEquals: {kms:ViaService: !Sub "s3.${AWS::Region}.amazonaws.com"}\n',
        "",
    ),
    Defect(
        "a refusal that refuses the good",
        '"Null": {s3:x-amz-server-side-encryption-aws-kms-key-id: "false"}',
        '"Null": {s3:x-amz-server-side-encryption-aws-kms-key-id: "true"}',
    ),
    Defect(
        "DAGs that may send anything",
        "            Condition:\n"
        "              StringEquals: {events:source: suimon.dag, events:detail-type: Run Finished}\n",
        "",
    ),
    Defect(
        "a name that two stacks share", "QueueName: !Sub ${AWS::StackName}-undelivered", "QueueName: suimon-undelivered"
    ),
    Defect("a bucket that tells nobody", "EventBridgeEnabled: true", "EventBridgeEnabled: false"),
    Defect("a round every 15 hours", "rate(15 minutes)", "rate(15 hours)"),
    Defect("a round that is tried again beside the next", "MaximumRetryAttempts: 0", "MaximumRetryAttempts: 2"),
    Defect(
        "operators who read personal values",
        "Resource: !Sub ${ReportsBucket.Arn}/*\n          - Effect",
        "Resource: !Sub ${LakeBucket.Arn}/*\n          - Effect",
    ),
    Defect(
        "senders who may delete",
        "            Action: s3:PutObject\n            Resource: *raw-objects\n",
        "            Action: [s3:PutObject, s3:DeleteObject]\n            Resource: *raw-objects\n",
    ),
    Defect("a look that may change", "role/${MwaaEnvironment}/Viewer", "role/${MwaaEnvironment}/Op"),
    Defect("a warehouse that may not take the role", "redshift-serverless.amazonaws.com]}", "rds.amazonaws.com]}"),
    Defect("no room for large files", "      EphemeralStorage: {Size: 10240}", "      EphemeralStorage: {Size: 512}"),
    Defect(
        "a resource that is not always there",
        "!If [HasKey, !Ref GlueEncryption, !Ref AWS::NoValue]",
        "!Ref GlueEncryption",
    ),
    Defect("a default that is refused", "    Default: 400\n", "    Default: 10\n"),
    Defect("objects of others", "ObjectOwnership: BucketOwnerEnforced", "ObjectOwnership: ObjectWriter"),
    Defect("alerts that nobody subscribes to", "TopicArn: !Ref Alerts\n", "TopicArn: !Ref Watch\n"),
    Defect(
        "two alarms of one name",
        "AlarmName: !Sub ${AWS::StackName}-outcome-throttles",
        "AlarmName: !Sub ${AWS::StackName}-outcome-errors",
    ),
    Defect(
        "two keys for one queue",
        "SqsManagedSseEnabled: !If [HasKey, !Ref AWS::NoValue, true]",
        "SqsManagedSseEnabled: true",
    ),
    Defect(
        "a role that has no name",
        "Roles: !If [HasExecutionRole, [!Ref MwaaExecutionRole], !Ref AWS::NoValue]",
        "Roles: [!Ref MwaaExecutionRole]",
    ),
    Defect(
        "files from anybody's bucket",
        "                Resource: *raw-arn\n                Condition: *ours\n",
        "                Resource: *raw-arn\n",
    ),
    Defect(
        "a bucket of one's own that nobody listens to",
        "[&raw !If [MakesRawBucket, !Ref RawBucket, !Ref OwnRawBucket]]",
        "[!Ref RawBucket, &raw !If [MakesRawBucket, !Ref RawBucket, !Ref OwnRawBucket]]",
    ),
    Defect(
        "a policy put upon somebody's bucket",
        "  RawBucketPolicy:\n    Type: AWS::S3::BucketPolicy\n    Condition: MakesRawBucket\n",
        "  RawBucketPolicy:\n    Type: AWS::S3::BucketPolicy\n",
    ),
    Defect(
        "alerts that go to a topic nobody chose",
        "AlarmActions: [*alerts]",
        "AlarmActions: [!Ref Alerts]",
        after="  OutcomeErrorsAlarm:",
    ),
    Defect(
        "a script from anybody's bucket",
        "                Condition:\n                  StringEquals: {aws:ResourceAccount: !Ref AWS::AccountId}\n",
        "",
    ),
    Defect("ten large files in the time of one", "BatchSize: 1 #", "BatchSize: 10 #"),
    Defect("a job that outlives its DAG's patience", "Timeout: 120 #", "Timeout: 600 #"),
    Defect("a variable that no function reads", "SUIMON_LAKE_BUCKET: !Ref LakeBucket", "SUIMON_LAKE: !Ref LakeBucket"),
    Defect("files that expire while they wait", "MinValue: 30 #", "MinValue: 1 #"),
)

DEFECTS = (*FIRST, *FRESH, *MEASURED)
