"""Who may do what on AWS: the transformed template grants exactly this table."""

import re
from collections.abc import Iterator
from typing import Any

from tests.support.cloud.template import Template

Grant = tuple[str, str, str]
"""Role, action, resource."""

UPLOADS, CONVERTED = "uploads", "converted"
SOURCES, RESULTS = "uploads/*/source", "converted/*"
QUEUE, DEAD_LETTERS, SECRET = "UploadsQueue", "DeadLetterQueue", "secret"

TABLE: dict[str, dict[str, list[str]]] = {
    "UploadRole": {
        "s3:PutObject": [SOURCES],
        "s3:AbortMultipartUpload": [SOURCES],
        "s3:ListBucket": [UPLOADS],
        "secretsmanager:GetSecretValue": [SECRET],
    },
    "StatusRole": {"secretsmanager:GetSecretValue": [SECRET]},
    "DownloadRole": {
        "s3:GetObject": [RESULTS],
        "s3:ListBucket": [CONVERTED],
        "secretsmanager:GetSecretValue": [SECRET],
    },
    "EstimateRole": {
        "s3:GetObject": [SOURCES],
        "s3:ListBucket": [UPLOADS],
        "secretsmanager:GetSecretValue": [SECRET],
    },
    "DocsRole": {},
    "ConverterRole": {
        "sqs:ReceiveMessage": [QUEUE],
        "sqs:DeleteMessage": [QUEUE],
        "sqs:GetQueueAttributes": [QUEUE],
        "sqs:ChangeMessageVisibility": [QUEUE],
        "sqs:SendMessage": [DEAD_LETTERS],
        "s3:GetObject": [SOURCES, RESULTS],
        "s3:ListBucket": [UPLOADS],
        "s3:PutObject": [RESULTS],
        "s3:DeleteObject": [RESULTS],
        "s3:AbortMultipartUpload": [RESULTS],
        "secretsmanager:GetSecretValue": [SECRET],
    },
    "DeadLetterRole": {
        "sqs:ReceiveMessage": [DEAD_LETTERS],
        "sqs:DeleteMessage": [DEAD_LETTERS],
        "sqs:GetQueueAttributes": [DEAD_LETTERS],
        "secretsmanager:GetSecretValue": [SECRET],
    },
    "ReconcilerRole": {
        "sqs:SendMessage": [QUEUE],
        "s3:ListBucket": [UPLOADS, CONVERTED],
        "s3:ListBucketMultipartUploads": [CONVERTED],
        "s3:DeleteObject": [RESULTS],
        "s3:AbortMultipartUpload": [RESULTS],
        "secretsmanager:GetSecretValue": [SECRET],
    },
    "MigrateRole": {"secretsmanager:GetSecretValue": [SECRET]},
    "DatabaseProxyRole": {"secretsmanager:GetSecretValue": ["own secret"]},
}
LOGS = {
    "UploadRole": "upload",
    "StatusRole": "status",
    "DownloadRole": "download",
    "EstimateRole": "estimate",
    "DocsRole": "docs",
    "ConverterRole": "converter",
    "DeadLetterRole": "deadletter",
    "ReconcilerRole": "reconciler",
    "MigrateRole": "migrate",
}
"""Each function writes to its own log group alone."""

IN_A_VPC = "AWSLambdaVPCAccessExecutionRole"
OUTSIDE = {"DocsRole", "DatabaseProxyRole"}


def expected() -> set[Grant]:
    grants = {
        (role, action, resource) for role, row in TABLE.items() for action, where in row.items() for resource in where
    }
    for role, group in LOGS.items():
        grants |= {(role, action, f"logs of {group}") for action in ("logs:CreateLogStream", "logs:PutLogEvents")}
    return grants


def granted(template: Template) -> Iterator[Grant]:
    for role, properties in roles(template).items():
        for policy in properties["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                assert statement["Effect"] == "Allow"
                assert isinstance(statement["Action"], list)
                for action in statement["Action"]:
                    yield role, action, resource_name(statement["Resource"])


def roles(template: Template) -> dict[str, dict[str, Any]]:
    return {n: r["Properties"] for n, r in template["Resources"].items() if r["Type"] == "AWS::IAM::Role"}


def resource_name(resource: Any) -> str:
    """A resource of a statement in the words of the table."""
    match resource:
        case {"Fn::Sub": str(arn)}:
            bucket = re.fullmatch(
                r"arn:\$\{AWS::Partition\}:s3:::\$\{AWS::StackName\}-(\w+)-\$\{AWS::AccountId\}(.*)", arn
            )
            if bucket:
                return bucket[1] + bucket[2]
            group = re.fullmatch(r".*:log-group:/aws/lambda/\$\{AWS::StackName\}-(\w+):\*", arn)
            assert group, arn
            return f"logs of {group[1]}"
        case {"Fn::GetAtt": [str(logical), "Arn"]}:
            return logical
        case {"Fn::If": ["WithGivenSecret", {"Ref": "DatabaseSecretArn"}, {"Fn::GetAtt": ["DatabaseSecret", "Id"]}]}:
            return SECRET
        case {"Fn::GetAtt": ["DatabaseSecret", "Id"]}:
            return "own secret"
    raise AssertionError(f"a resource that the table has no word for: {resource}")


def test_every_role_may_do_what_the_table_says_and_nothing_else(template: Template) -> None:
    assert set(granted(template)) == expected()


def test_only_what_lies_in_the_vpc_may_make_network_interfaces(template: Template) -> None:
    for role, properties in roles(template).items():
        if role in OUTSIDE:
            assert "ManagedPolicyArns" not in properties
        else:
            condition, within, without = properties["ManagedPolicyArns"]["Fn::If"]
            assert (condition, without) == ("WithVpc", {"Ref": "AWS::NoValue"})
            assert [arn["Fn::Sub"].rpartition("/")[2] for arn in within] == [IN_A_VPC]


def test_each_function_has_a_role_of_its_own(template: Template) -> None:
    used = [
        resource["Properties"]["Role"]["Fn::GetAtt"][0]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Function"
    ]
    assert sorted(used) == sorted(LOGS)


def test_every_bucket_and_queue_refuses_plain_http(template: Template) -> None:
    resources = template["Resources"]
    policies = [
        r["Properties"] for r in resources.values() if r["Type"] in ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy")
    ]
    denied = [
        statement
        for policy in policies
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    ]
    guarded = [r for r in resources.values() if r["Type"] in ("AWS::S3::Bucket", "AWS::SQS::Queue")]
    assert len(denied) == len(guarded) == len(policies)


def test_only_our_bucket_in_our_account_may_put_uploads_into_the_queue(template: Template) -> None:
    statements = template["Resources"]["UploadsQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    (allowed,) = [statement for statement in statements if statement["Effect"] == "Allow"]
    assert (allowed["Principal"], allowed["Action"]) == ({"Service": "s3.amazonaws.com"}, "sqs:SendMessage")
    assert resource_name(allowed["Condition"]["ArnEquals"]["aws:SourceArn"]) == UPLOADS
    assert allowed["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
