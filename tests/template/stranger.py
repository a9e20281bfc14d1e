"""Defects of a reviewer who had read the template, and neither the checks nor the defects that they were made for."""

from __future__ import annotations

from tests.template.defects import Defect

STRANGER = (
    Defect(
        "a partition of China's",
        "arn:${AWS::Partition}:airflow:${AWS::Region}",
        "arn:aws-cn:airflow:${AWS::Region}",
        after="  IntakeRole:",
    ),
    Defect(
        "a region that is written out",
        'kms:ViaService: [!Sub "s3.${AWS::Region}.amazonaws.com"',
        'kms:ViaService: [!Sub "s3.us-east-1.amazonaws.com"',
        after="  FreshnessRole:",
    ),
    Defect(
        "COPY may read the senders' bucket and not the lake",
        "Resource: !Sub ${LakeBucket.Arn}/processed/*",
        "Resource: !Sub ${RawBucket.Arn}/processed/*",
        after="  CopyRole:",
    ),
    Defect(
        "reports and lake are swapped",
        "SUIMON_LAKE_BUCKET: !Ref LakeBucket",
        "SUIMON_LAKE_BUCKET: !Ref ReportsBucket",
        after="  IntakeFunction:",
    ),
    Defect(
        "a table's ARN where its name belongs",
        "SUIMON_LEDGER_TABLE: !Ref Ledger",
        "SUIMON_LEDGER_TABLE: !GetAtt Ledger.Arn",
    ),
    Defect(
        "a topic's name where its ARN belongs",
        "SUIMON_WATCH_TOPIC_ARN: !Ref Watch",
        "SUIMON_WATCH_TOPIC_ARN: !GetAtt Watch.TopicName",
    ),
    Defect(
        "machines of the account may be the Glue job",
        "Principal: {Service: glue.amazonaws.com}",
        "Principal: {Service: [glue.amazonaws.com, ec2.amazonaws.com]}",
    ),
    Defect(
        "anybody's alarm may publish",
        "            Principal: {Service: cloudwatch.amazonaws.com}\n"
        "            Action: sns:Publish\n            Resource: !Ref Watch",
        '            Principal: "*"\n            Action: sns:Publish\n            Resource: !Ref Watch',
    ),
    Defect(
        "the queue's policy forgets one queue",
        "Queues: [!Ref IntakeQueue, !Ref UndeliveredQueue]",
        "Queues: [!Ref IntakeQueue]",
    ),
    Defect("a dimension with a capital", "{Name: stack, Value", "{Name: Stack, Value", after="  FreshnessSilentAlarm:"),
    Defect("a dimension that SQS does not have", "{Name: QueueName, ", "{Name: Queue, ", after="  IntakeAgeAlarm:"),
    Defect("milliseconds taken for seconds", "Threshold: 810000", "Threshold: 810"),
    Defect(
        "an average hides the one that is dead",
        "Statistic: Maximum",
        "Statistic: Average",
        after="  IntakeDurationAlarm:",
    ),
    Defect(
        "the watch speaks to whom it watches",
        "      AlarmActions: [!Ref Watch]\n",
        "      AlarmActions: [*alerts]\n",
        after="  FreshnessSilentAlarm:",
    ),
    Defect("ten lost events are none", "Threshold: 0", "Threshold: 10", after="  UndeliveredAlarm:"),
    Defect(
        "what is set aside stays",
        "          - {Id: aside, Prefix: aside/, Status: Enabled, ExpirationInDays: !Ref AsideDays}\n",
        "",
    ),
    Defect("a prefix that nothing has", "Prefix: accepted/, Status", "Prefix: accept/, Status"),
    Defect(
        "old versions stay for ever",
        "            NoncurrentVersionExpiration: {NoncurrentDays: !Ref NoncurrentDays}\n",
        "",
    ),
    Defect(
        "alarms cannot encrypt what they publish",
        "Action: [kms:Decrypt, kms:GenerateDataKey]",
        "Action: kms:Decrypt",
        after="Sid: OurAlarms",
    ),
    Defect(
        "intake cannot read its encrypted queue",
        ', !Sub "sqs.${AWS::Region}.amazonaws.com"]}',
        "]}",
        after="  IntakeRole:",
    ),
    Defect("freshness may not publish under the key", "              - *publish-key\n", "", after="  FreshnessRole:"),
    Defect("a message comes back while it is worked on", "VisibilityTimeout: 5400", "VisibilityTimeout: 540"),
    Defect("a small letter in an event's type", "detail-type: [Object Created]", "detail-type: [Object created]"),
    Defect(
        "events of uploads in parts are left out",
        "        detail:\n          bucket:",
        "        detail:\n          reason: [PutObject]\n          bucket:",
    ),
    Defect("the rule hears the bus of everybody", "      EventBusName: !Ref Bus\n", "", after="  RunFinishedRule:"),
    Defect(
        "the rule is switched off",
        "      Description: A file landed in the raw bucket\n",
        "      Description: A file landed in the raw bucket\n      State: DISABLED\n",
    ),
    Defect(
        "the schedule is switched off",
        "      ScheduleExpression: rate(15 minutes)\n",
        "      ScheduleExpression: rate(15 minutes)\n      State: DISABLED\n",
    ),
    Defect("dead letters are gone before they are read", "1209600\n\n  # Events that", "86400\n\n  # Events that"),
    Defect(
        "an index by the wrong key",
        "AttributeName: updated_at, KeyType: RANGE",
        "AttributeName: sequencer, KeyType: RANGE",
    ),
    Defect(
        "an index without what is read from it",
        "Projection: {ProjectionType: ALL}",
        "Projection: {ProjectionType: KEYS_ONLY}",
    ),
    Defect(
        "execution data with personal values in the log", "IncludeExecutionData: false", "IncludeExecutionData: true"
    ),
    Defect(
        "a script from anybody's bucket",
        "                Condition:\n                  StringEquals: {aws:ResourceAccount: !Ref AWS::AccountId}\n",
        "",
        after="  GlueRole:",
    ),
    Defect("two retriers multiply", "MaxRetries: 0", "MaxRetries: 3"),
    Defect(
        "senders may read what others sent",
        "Action: s3:PutObject",
        "Action: [s3:PutObject, s3:GetObject]",
        after="  UpstreamPolicy:",
    ),
    Defect(
        "operators may change the ledger",
        "Action: [dynamodb:GetItem, dynamodb:BatchGetItem]",
        "Action: [dynamodb:GetItem, dynamodb:BatchGetItem, dynamodb:PutItem]",
        after="  OperatorPolicy:",
    ),
    Defect(
        "outputs that are swapped",
        "DagPolicyArn: {Value: !Ref DagPolicy}",
        "DagPolicyArn: {Value: !Ref UpstreamPolicy}",
    ),
    Defect(
        "the ends of runs may be anybody's word",
        "StringEquals: {events:source: suimon.dag, events:detail-type: Run Finished}",
        "StringLike: {events:source: suimon*}",
    ),
    Defect("files over TLS are refused", 'Bool: {aws:SecureTransport: "false"}', 'Bool: {aws:SecureTransport: "true"}'),
    Defect(
        "keys that the gate may use are refused",
        "              StringNotEquals:\n                s3:x-amz-server-side-encryption-aws-kms-key-id",
        "              StringEquals:\n                s3:x-amz-server-side-encryption-aws-kms-key-id",
    ),
    Defect(
        "the watch's address is the other one",
        "!If [HasWatchEmail, !Ref WatchEmail, !Ref AlertEmail]",
        "!If [HasWatchEmail, !Ref AlertEmail, !Ref WatchEmail]",
    ),
    Defect("a processor for which nothing was built", "Architectures: [arm64]", "Architectures: [x86_64]"),
    Defect(
        "a name that another account may have",
        "BucketName: !Sub ${AWS::StackName}-raw-${AWS::AccountId}",
        "BucketName: !Sub ${AWS::StackName}-raw",
    ),
    Defect(
        "a statement of anybody's may be cancelled",
        'StringEquals: {redshift-data:statement-owner-iam-userid: "${aws:userid}"}',
        'StringLike: {redshift-data:statement-owner-iam-userid: "*"}',
        after="  DagPolicy:",
    ),
    Defect(
        "a serverless workgroup may not copy",
        "Principal: {Service: [redshift.amazonaws.com, redshift-serverless.amazonaws.com]}",
        "Principal: {Service: redshift.amazonaws.com}",
    ),
    Defect(
        "a replay waits for the planner's token",
        '"FunctionName": "${IntakeFunctionArn}"',
        '"FunctionName": "${ReplayFunctionArn}"',
        file="statemachine/replay.asl.json",
    ),
    Defect(
        "a replay that overwhelms Airflow",
        '"MaxConcurrency": "{% $states.input.max_concurrency %}",\n',
        "",
        file="statemachine/replay.asl.json",
    ),
)
