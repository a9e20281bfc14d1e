"""Defects of four rounds more, each tried against the rules that the round before had brought: these went unnoticed."""

from __future__ import annotations

from tests.template.defects import Defect

LATER_ROUNDS = (
    Defect(
        "open web",
        "WebserverAccessMode: !Ref WebserverAccess",
        "WebserverAccessMode: PUBLIC_ONLY",
        file="environment.yaml",
    ),
    Defect(
        "one zone",
        'AvailabilityZone: !Select [1, !GetAZs ""]',
        'AvailabilityZone: !Select [0, !GetAZs ""]',
        file="environment.yaml",
    ),
    Defect(
        "private subnet routed to the world",
        "{RouteTableId: !Ref PrivateRoutes, SubnetId: !Ref PrivateSubnetB}",
        "{RouteTableId: !Ref PublicRoutes, SubnetId: !Ref PrivateSubnetB}",
        file="environment.yaml",
    ),
    Defect("s3 star", "Action: [s3:GetObject, s3:GetObjectVersion]", "Action: s3:*", file="environment.yaml"),
    Defect(
        "open group",
        "SourceSecurityGroupId: !GetAtt SecurityGroup.GroupId",
        "CidrIp: 0.0.0.0/0",
        file="environment.yaml",
    ),
    Defect(
        "task logs off",
        "TaskLogs: {Enabled: true, LogLevel: INFO}",
        "TaskLogs: {Enabled: false, LogLevel: INFO}",
        file="environment.yaml",
    ),
    Defect(
        "an environment without the customer's key",
        "      KmsKey: !If [HasKey, !Ref KmsKeyArn, !Ref AWS::NoValue]\n",
        "",
        file="environment.yaml",
    ),
    Defect(
        "policy of the queue lets S3 too",
        "Principal: {Service: events.amazonaws.com}\n            Action: sqs:SendMessage",
        "Principal: {Service: [events.amazonaws.com, s3.amazonaws.com]}\n            Action: sqs:SendMessage",
    ),
    Defect(
        "queue policy may receive",
        "            Action: sqs:SendMessage\n            Resource: [!GetAtt IntakeQueue.Arn, !GetAtt UndeliveredQueue.Arn]",  # noqa: E501 lines of the template
        "            Action: [sqs:SendMessage, sqs:ReceiveMessage]\n            Resource: [!GetAtt IntakeQueue.Arn, !GetAtt UndeliveredQueue.Arn]",  # noqa: E501 lines of the template
    ),
    Defect(
        "source arn of any account",
        "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:${AWS::StackName}-*",
        "arn:${AWS::Partition}:cloudwatch:*:*:alarm:*",
        after="  AlertsPolicy:",
    ),
    Defect(
        "alert mail pattern takes anything",
        '    AllowedPattern: "(?![^@]*@(.*[.])?example[.](com|net|org)$)'
        "[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@([A-Za-z0-9-]+[.])+[A-Za-z0-9-]{2,}\"\n",
        '    AllowedPattern: ".*"\n',
    ),
    Defect("default of Mwaa role", "    Default: User\n", "    Default: Admin\n"),
    Defect(
        "gate down off",
        "  GateDown:\n    Type: AWS::CloudWatch::CompositeAlarm\n",
        "  GateDown:\n    Type: AWS::CloudWatch::CompositeAlarm\n    Condition: HasChat\n",
    ),
    Defect(
        "a condition that nothing has to meet",
        "&ours {StringEquals: {aws:ResourceAccount: !Ref AWS::AccountId}}",
        "&ours {StringEqualsIfExists: {aws:ResourceAccount: !Ref AWS::AccountId}}",
    ),
    Defect("metric of another stack", "{Name: stack, Value: !Ref AWS::StackName}", "{Name: stack, Value: suimon}"),
    Defect("alarm without OK", "      OKActions: [*alerts]\n", "", after="  IntakeErrorsAlarm:"),
    Defect("a topic that is nothing", "SUIMON_WATCH_TOPIC_ARN: !Ref Watch", 'SUIMON_WATCH_TOPIC_ARN: ""'),
    Defect("concurrency min 0", "    Default: 8\n    MinValue: 2", "    Default: 8\n    MinValue: 0"),
    Defect(
        "a window in which files wait",
        "            BatchSize: 1 #",
        "            MaximumBatchingWindowInSeconds: 300\n            BatchSize: 1 #",
    ),
    Defect(
        "a feed that is switched off",
        "            BatchSize: 1 #",
        "            Enabled: false\n            BatchSize: 1 #",
    ),
    Defect(
        "a delay of each file",
        "      VisibilityTimeout: 5400",
        "      DelaySeconds: 900\n      VisibilityTimeout: 5400",
    ),
    Defect(
        "a filter of events",
        "            BatchSize: 1 #",
        '            FilterCriteria: {Filters: [{Pattern: \'{"body": {"detail": {"object": {"size": [{"numeric": [">", 0]}]}}}}\'}]}\n            BatchSize: 1 #',  # noqa: E501 lines of the template
    ),
    Defect(
        "wrong glue bucket",
        "- !Sub arn:${AWS::Partition}:s3:::${ArtifactBucket}/*",
        "- !Sub arn:${AWS::Partition}:s3:::*/*",
    ),
    Defect(
        "dags may send drop events",
        "StringEquals: {events:source: suimon.dag, events:detail-type: Run Finished}",
        "StringEquals: {events:source: [suimon.dag, suimon], events:detail-type: Run Finished}",
    ),
    Defect(
        "url without auth",
        "      CodeUri: functions/replay\n",
        "      CodeUri: functions/replay\n      FunctionUrlConfig: {AuthType: NONE}\n",
    ),
    Defect(
        "sam policies",
        "      Role: !GetAtt ReplayPlanRole.Arn\n",
        "      Role: !GetAtt ReplayPlanRole.Arn\n      Policies: [AdministratorAccess]\n",
    ),
    Defect(
        "managed policy on role",
        "      Path: !Ref RolePath\n      PermissionsBoundary: *boundary\n",
        "      ManagedPolicyArns: [arn:aws:iam::aws:policy/AdministratorAccess]\n      Path: !Ref RolePath\n      PermissionsBoundary: *boundary\n",  # noqa: E501 lines of the template
        after="  OutcomeRole:",
    ),
    Defect(
        "a bucket that is a web site",
        "      OwnershipControls: *owned\n",
        "      OwnershipControls: *owned\n      WebsiteConfiguration: {IndexDocument: i.html}\n",
        after="  ReportsBucket:",
    ),
    Defect(
        "schedule input",
        "        RoleArn: !GetAtt ScheduleRole.Arn\n",
        '        RoleArn: !GetAtt ScheduleRole.Arn\n        Input: \'{"time": "2026-11-20T00:00:00Z"}\'\n',
    ),
    Defect(
        "asl jsonpath", '"QueryLanguage": "JSONata"', '"QueryLanguage": "JSONPath"', file="statemachine/replay.asl.json"
    ),
    Defect(
        "tz",
        "      ScheduleExpression: rate(15 minutes)\n",
        "      ScheduleExpression: rate(15 minutes)\n      GroupName: nowhere\n",
    ),
    Defect(
        "retention literal forever",
        "      RetentionInDays: !Ref LogRetentionDays",
        "      RetentionInDays: 3653",
        after="  IntakeLog:",
    ),
    Defect("gate without release", "          SUIMON_RELEASE: !Ref Release\n", ""),
    Defect(
        "log destination of the machine",
        "LogGroupArn: !GetAtt ReplayMachineLog.Arn",
        "LogGroupArn: !GetAtt ReplayLog.Arn",
    ),
    Defect("timeouts shrunk", "      Timeout: 300 #", "      Timeout: 3 #"),
    Defect(
        "asl map tolerated",
        '"ToleratedFailureCount"',
        '"ToleratedFailurePercentage"',
        file="statemachine/replay.asl.json",
    ),
    Defect("asl of one partition", "arn:${Partition}:states", "arn:aws:states", file="statemachine/replay.asl.json"),
    Defect("asl retry forever", '"MaxAttempts"', '"MaxAttempt"', file="statemachine/replay.asl.json"),
    Defect(
        "kms admin",
        "Action: [kms:Decrypt, kms:GenerateDataKey]",
        "Action: [kms:Decrypt, kms:GenerateDataKey, kms:CreateGrant]",
        after="  FreshnessRole:",
    ),
    Defect("gate may use every env", "role/${MwaaEnvironment}/${MwaaRole}", "role/*/${MwaaRole}"),
    Defect("get env of all", "environment/${MwaaEnvironment}", "environment/*"),
    Defect(
        "secret of all",
        "Resource: !Ref RedshiftSecretArn",
        "Resource: !Sub arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:*",
    ),
    Defect("dash alarm missing", '"${RunFinishedLostAlarm.Arn}"]', '"${RunFinishedFailedAlarm.Arn}"]'),
    Defect("heartbeat threshold 0", "      Threshold: 1\n", "      Threshold: 0\n"),
    Defect(
        "asl concurrency literal 1000",
        '"MaxConcurrency": "{% $states.input.max_concurrency %}"',
        '"MaxConcurrency": 1000',
        file="statemachine/replay.asl.json",
    ),
    Defect("env: output", "Value: !Ref ExecutionRole", "Value: !GetAtt ExecutionRole.Arn", file="environment.yaml"),
    Defect(
        "a role for two services",
        "Principal: {Service: states.amazonaws.com}",
        "Principal: {Service: [states.amazonaws.com, events.amazonaws.com]}",
    ),
    Defect("the whole account's concurrency", "    Default: 8\n", "    Default: 900\n"),
    Defect("a round that is tried for a day", "MaximumEventAgeInSeconds: 60}", "MaximumEventAgeInSeconds: 86400}"),
    Defect("a schedule whose event is a person's", '"source": "aws.scheduler"', '"from": "aws.scheduler"'),
    Defect("a round that waits for hours", "        MaximumEventAgeInSeconds: 60\n", ""),
    Defect(
        "a job that begins where the last ended",
        '--enable-metrics: "true"',
        "--job-bookmark-option: job-bookmark-enable",
    ),
    Defect("workers of eight times the price", "WorkerType: G.1X", "WorkerType: G.8X"),
    Defect(
        "a replay that ends before it begins",
        '"TimeoutSeconds": 2592000',
        '"TimeoutSeconds": 25',
        file="statemachine/replay.asl.json",
    ),
)
