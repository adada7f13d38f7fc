"""template.yaml and the code agree: handlers, times, variables, buckets, keys, and the ways out of the VPC."""

import importlib
import json
import re
from typing import Any
from uuid import uuid4

import pytest

from functions.migrate.migrate import newest_version
from functions.shared.offload import ANSWER_WITHIN_S
from functions.shared.settings import X265_PRESETS, read_metrics, read_settings
from functions.shared.storage import SINGLE_PUT_LIMIT
from functions.shared.transactions import ATTEMPTS_LIMIT, output_key, source_key
from tests.support.cloud.template import ROOT, Template, functions, handler_of, read_template

GATEWAY_WAITS_S = 30
"""API Gateway's HTTP API gives up on an integration after that."""

ROOM_IN_TMP = 0.95
"""Of the size that was asked for: its file system takes some."""

FUNCTIONS = functions(read_template())
PARAMETERS = read_template()["Parameters"]
SECRET_ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db"


def default(parameter: str) -> Any:
    return PARAMETERS[parameter]["Default"]


def variables(template: Template, logical: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][logical]["Properties"]["Environment"]["Variables"]
    return found


@pytest.mark.parametrize("logical", sorted(FUNCTIONS))
def test_the_code_has_each_handler(logical: str) -> None:
    module, _, name = handler_of(FUNCTIONS[logical]).rpartition(".")
    path = ROOT / (module.replace(".", "/") + ".py")
    assert path.is_file()
    assert re.search(rf"^(def {name}\(|{name}( |:).*=)", path.read_text(), re.MULTILINE)


def test_each_function_of_the_code_is_deployed() -> None:
    found = {path.parent.name for path in (ROOT / "functions").glob("*/handler.py")}
    assert {handler_of(properties).split(".")[1] for properties in FUNCTIONS.values()} == found


@pytest.mark.parametrize("logical", sorted(FUNCTIONS))
def test_each_function_runs_in_an_image_that_the_dockerfile_makes(logical: str) -> None:
    metadata = read_template()["Resources"][logical]["Metadata"]
    stages = re.findall(r"^FROM \S+ AS (\S+)", (ROOT / metadata["Dockerfile"]).read_text(), re.MULTILINE)
    assert metadata["DockerBuildTarget"] in stages
    assert metadata["DockerBuildTarget"] == ("worker" if logical == "ConverterFunction" else "api")
    assert FUNCTIONS[logical]["ImageConfig"]["EntryPoint"] == ["/usr/local/bin/python", "-m", "awslambdaric"]


KNOWN: dict[str, str | None] = {
    "AWS::NoValue": None,
    "AWS::Region": "eu-central-1",
    "AuthIssuer": "https://issuer.example",
    "DatabaseSecretArn": SECRET_ARN,
}


def resolved(value: Any) -> str | None:
    """A variable's value in a stack with the template's defaults and a database of one's own; None: not set."""
    match value:
        case {"Ref": str(name)} if name in KNOWN:
            return KNOWN[name]
        case {"Ref": str(name)} if name in PARAMETERS:
            return str(default(name))
        case {"Ref": str(name)}:
            return f"https://sqs.eu-central-1.amazonaws.com/123456789012/{name}"
        case {"Fn::If": [condition, yes, no]}:
            return resolved(yes if condition == "WithAuth" else no)
        case {"Fn::Join": [",", {"Ref": "AuthAudience"}]}:
            return "app"
        case {"Fn::Sub": str(text)}:
            return text.replace("${AWS::StackName}", "demo").replace("${AWS::AccountId}", "123456789012")
    return str(value)


@pytest.mark.parametrize("logical", sorted(FUNCTIONS))
def test_the_settings_take_what_each_function_is_given(template: Template, logical: str) -> None:
    env = {name: text for name, value in variables(template, logical).items() if (text := resolved(value)) is not None}
    settings = read_settings(env)
    assert settings.auth_mode == "jwt"
    assert settings.uploads_bucket == "demo-uploads-123456789012"
    assert settings.converted_bucket == "demo-converted-123456789012"
    assert settings.s3_region == "eu-central-1"
    assert settings.link_ttl_s == default("LinkTtlSeconds")
    assert settings.lease_s == default("LeaseSeconds")


class Watched(dict[str, str]):
    """An environment that knows which of its variables were asked for."""

    def __init__(self, env: dict[str, str]) -> None:
        super().__init__(env)
        self.asked: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return super().__getitem__(name)


def test_the_settings_know_every_variable(template: Template) -> None:
    """A name that nothing reads is a setting that does nothing."""
    for logical in FUNCTIONS:
        given = variables(template, logical)
        env = Watched({name: text for name, value in given.items() if (text := resolved(value)) is not None})
        read_settings(env)
        read_metrics(env)
        assert set(given) <= env.asked


def test_defaults_of_parameters_are_those_of_the_settings() -> None:
    settings = read_settings({"DATABASE_URL": "postgresql://db/x", "AUTH_MODE": "open"})
    assert PARAMETERS["X265Preset"]["AllowedValues"] == list(X265_PRESETS)
    assert (default("X265Preset"), default("X265Crf")) == (settings.x265_preset, settings.x265_crf)
    assert (default("LeaseSeconds"), default("StallSeconds")) == (settings.lease_s, settings.stall_s)
    assert default("LinkTtlSeconds") == settings.link_ttl_s


def test_messages_stay_hidden_for_six_timeouts(template: Template) -> None:
    assert default("QueueVisibilitySeconds") >= 6 * default("ConverterTimeoutSeconds")
    assert (
        default("DeadLetterVisibilitySeconds")
        >= 6 * template["Resources"]["DeadLetterFunction"]["Properties"]["Timeout"]
    )
    assert template["Resources"]["UploadsQueue"]["Properties"]["VisibilityTimeout"] == {"Ref": "QueueVisibilitySeconds"}


def test_the_queue_never_gives_up_before_the_row_does() -> None:
    assert default("MaxReceiveCount") > ATTEMPTS_LIMIT


def test_the_api_answers_before_its_gateway_gives_up(template: Template) -> None:
    for logical in ("UploadFunction", "StatusFunction", "DownloadFunction", "DocsFunction"):
        assert ANSWER_WITHIN_S < template["Resources"][logical]["Properties"]["Timeout"] < GATEWAY_WAITS_S


def test_the_converter_has_all_that_lambda_gives(template: Template) -> None:
    converter = template["Resources"]["ConverterFunction"]["Properties"]
    assert converter["MemorySize"] == 10240
    assert converter["EphemeralStorage"] == {"Size": 10240}
    assert converter["Timeout"] == {"Ref": "ConverterTimeoutSeconds"}
    assert default("ConverterTimeoutSeconds") == 900
    source = template["Resources"]["ConverterFunctionUploaded"]["Properties"]
    assert (source["BatchSize"], source["FunctionResponseTypes"]) == (1, ["ReportBatchItemFailures"])
    assert source["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "MaximumConcurrency"}}


def test_source_and_result_fit_into_scratch_together(template: Template) -> None:
    """A source that is let in is never refused for want of room, which would be tried five times."""
    env = {name: text for name, value in variables(template, "ConverterFunction").items() if (text := resolved(value))}
    settings = read_settings(env)
    assert str(settings.scratch_dir).startswith("/tmp/")
    size = template["Resources"]["ConverterFunction"]["Properties"]["EphemeralStorage"]["Size"] * 1024**2
    assert settings.max_output_bytes < size
    assert PARAMETERS["MaxUploadBytes"]["MaxValue"] == default("MaxUploadBytes") < SINGLE_PUT_LIMIT
    assert 2 * default("MaxUploadBytes") + settings.scratch_reserve_bytes <= ROOM_IN_TMP * size


def test_keys_lie_where_the_roles_may_touch_them() -> None:
    transaction_id = uuid4()
    assert source_key(transaction_id) == f"{transaction_id}/source"
    assert output_key(transaction_id, 1, "mp4").startswith(f"{transaction_id}/")


def test_only_uploads_are_told_to_the_queue(template: Template) -> None:
    """A result that started a conversion would start another one, for ever."""
    for logical in ("WorkBucket", "ConvertedBucket"):
        assert "NotificationConfiguration" not in template["Resources"][logical]["Properties"]
    told = template["Resources"]["UploadsBucket"]["Properties"]["NotificationConfiguration"]["QueueConfigurations"]
    assert {one["Event"] for one in told} == {
        f"s3:ObjectCreated:{kind}" for kind in ("Put", "Post", "Copy", "CompleteMultipartUpload")
    }
    assert not any("Filter" in one for one in told)


def test_the_newest_migration_is_run_at_deploy(template: Template) -> None:
    migration = template["Resources"]["Migration"]["Properties"]
    assert migration["Version"] == newest_version()
    assert migration["ServiceTimeout"] > template["Resources"]["MigrateFunction"]["Properties"]["Timeout"]


@pytest.mark.parametrize(
    "logical",
    [
        "UploadFunction",
        "StatusFunction",
        "DownloadFunction",
        "ConverterFunction",
        "DeadLetterFunction",
        "ReconcilerFunction",
    ],
)
def test_no_function_is_changed_before_the_database_is(template: Template, logical: str) -> None:
    assert "Migration" in template["Resources"][logical]["DependsOn"]


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
