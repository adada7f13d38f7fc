"""What template.yaml makes: buckets, the ways out of the VPC, routes, alarms and logs."""

import importlib
import json
import re

import pytest

from tests.support.cloud.template import ROOT, Template, functions, read_template

FUNCTIONS = functions(read_template())


@pytest.mark.parametrize("logical", ["UploadsBucket", "WorkBucket", "ConvertedBucket"])
def test_buckets_are_private_encrypted_and_their_owners(template: Template, logical: str) -> None:
    bucket = template["Resources"][logical]["Properties"]
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    rules = bucket["LifecycleConfiguration"]["Rules"]
    assert {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}.items() <= rules[0].items()


def test_pages_of_other_origins_can_read_the_etag(template: Template) -> None:
    for logical in ("UploadsBucket", "ConvertedBucket"):
        (rule,) = template["Resources"][logical]["Properties"]["CorsConfiguration"]["CorsRules"]
        assert rule["ExposedHeaders"] == ["ETag"]


def test_users_data_outlives_the_stack(template: Template) -> None:
    """But empty buckets of a first deploy that failed would keep the next one from making its own."""
    for logical in ("UploadsBucket", "ConvertedBucket"):
        assert template["Resources"][logical]["DeletionPolicy"] == "RetainExceptOnCreate"
        assert template["Resources"][logical]["UpdateReplacePolicy"] == "Retain"
    assert template["Resources"]["DatabaseCluster"]["DeletionPolicy"] == "Snapshot"


REACHES_THE_DATABASE = {"DatabaseProxyTargets", "DatabaseSecretAttachment", "SecretsManagerEndpoint"}
ANSWERS_CLOUDFORMATION = {"S3Endpoint", "SubnetARoutes", "SubnetBRoutes"}
"""By the gateway endpoint alone: CloudFormation takes the answer in a bucket of S3."""


def test_the_migration_waits_for_the_database_and_for_a_way_to_answer(template: Template) -> None:
    """Nothing that the function itself refers to needs the server to be there."""
    condition, waits_for, otherwise = template["Resources"]["Migration"]["Properties"]["After"]["Fn::If"]
    assert (condition, otherwise) == ("WithDatabase", {"Ref": "AWS::NoValue"})
    assert {one["Ref"] for one in waits_for} == REACHES_THE_DATABASE | ANSWERS_CLOUDFORMATION
    assert template["Resources"]["DatabaseProxyTargets"]["DependsOn"] == "DatabaseInstance"


def test_descriptions_of_security_groups_have_letters_that_ec2_takes(template: Template) -> None:
    groups = [r["Properties"] for r in template["Resources"].values() if r["Type"] == "AWS::EC2::SecurityGroup"]
    rules = [rule for g in groups for way in ("Ingress", "Egress") for rule in g.get(f"SecurityGroup{way}", [])]
    for text in [g["GroupDescription"] for g in groups] + [rule["Description"] for rule in rules]:
        assert re.fullmatch(r"[A-Za-z0-9 ._\-:/()#,@\[\]+=;{}!$*]{1,255}", text), text


def test_a_line_of_the_gateways_log_is_json(template: Template) -> None:
    """``$context.error.messageString`` would bring quotes of its own."""
    text = template["Resources"]["ApiStage"]["Properties"]["AccessLogSettings"]["Format"]
    assert json.loads(text)["error"] == "$context.error.message"
    assert "\n" not in text


def services_of_the_code() -> set[str]:
    """Every AWS service for which the functions make a client or a signature."""
    text = "\n".join(path.read_text() for path in (ROOT / "functions").rglob("*.py"))
    return set(re.findall(r'(?:client\(\s*|SigV4Auth\(\w+, )"([a-z0-9-]+)"', text))


def test_the_vpc_has_a_way_to_every_service_that_a_function_calls(template: Template) -> None:
    ways = {
        resource["Properties"]["ServiceName"]["Fn::Sub"].rpartition(".")[2]: resource["Properties"]["VpcEndpointType"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::EC2::VPCEndpoint"
    }
    assert services_of_the_code() == set(ways)
    assert ways.pop("s3") == "Gateway"
    assert set(ways.values()) == {"Interface"}


def test_every_route_but_the_documentation_wants_a_token(template: Template) -> None:
    routes = {
        r["Properties"]["RouteKey"]: r["Properties"]
        for r in template["Resources"].values()
        if r["Type"] == "AWS::ApiGatewayV2::Route"
    }
    free = {key for key, route in routes.items() if route["AuthorizationType"] == "NONE"}
    assert free == {"GET /", "GET /docs", "GET /docs/{name}", "GET /openapi.json"}
    for key in set(routes) - free:
        assert routes[key]["AuthorizationType"] == {"Fn::If": ["WithAuth", "JWT", "NONE"]}
        assert routes[key]["AuthorizerId"] == {"Fn::If": ["WithAuth", {"Ref": "Authorizer"}, {"Ref": "AWS::NoValue"}]}


def test_every_route_of_the_api_is_deployed(template: Template) -> None:
    deployed = {
        r["Properties"]["RouteKey"] for r in template["Resources"].values() if r["Type"] == "AWS::ApiGatewayV2::Route"
    }
    modules = (
        "functions.upload.routes",
        "functions.status.routes",
        "functions.download.routes",
        "functions.estimate.routes",
        "functions.docs.pages",
    )
    for module in modules:
        for route in importlib.import_module(module).router.routes:
            assert {f"{method} {route.path}" for method in route.methods} <= deployed


def test_every_alarm_tells_the_topic_and_what_to_do(template: Template) -> None:
    alarms = {n: r["Properties"] for n, r in template["Resources"].items() if r["Type"] == "AWS::CloudWatch::Alarm"}
    assert {"DeadLettersWaitingAlarm", "OldestUploadAlarm", "ConverterErrorsAlarm", "ReconcilerSilentAlarm"} <= set(
        alarms
    )
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == {
            "Fn::If": ["WithAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]
        }
        assert alarm["AlarmDescription"]
    assert alarms["ReconcilerSilentAlarm"]["TreatMissingData"] == "breaching"


def test_every_log_is_kept_for_the_time_that_is_asked(template: Template) -> None:
    groups = [r["Properties"] for r in template["Resources"].values() if r["Type"] == "AWS::Logs::LogGroup"]
    assert len(groups) == len(FUNCTIONS) + 1
    assert all(group["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups)
