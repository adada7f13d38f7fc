"""template.yaml and the code agree: handlers, images, variables, times, sizes and keys."""

import re
from typing import Any
from uuid import uuid4

import pytest

from functions.converter.samples import MOST_BYTES
from functions.estimate.service import WITHIN_S
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
MEDIA = ("ConverterFunction", "EstimateFunction")
"""Those that open files of users."""

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
    assert metadata["DockerBuildTarget"] == ("worker" if logical in MEDIA else "api")
    assert FUNCTIONS[logical]["ImageConfig"]["EntryPoint"] == ["/opt/venv/bin/python", "-m", "awslambdaric"]


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
    assert PARAMETERS["X265Preset"]["AllowedValues"] == ["", *X265_PRESETS]
    assert (default("X265Preset") or None, default("X265Crf") or None) == (settings.x265_preset, settings.x265_crf)
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
    for logical in ("UploadFunction", "StatusFunction", "DownloadFunction", "DocsFunction", "EstimateFunction"):
        within_s = WITHIN_S if logical == "EstimateFunction" else ANSWER_WITHIN_S
        assert within_s < template["Resources"][logical]["Properties"]["Timeout"] < GATEWAY_WAITS_S


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


def test_what_is_estimated_fits_into_scratch_with_its_samples(template: Template) -> None:
    env = {name: text for name, value in variables(template, "EstimateFunction").items() if (text := resolved(value))}
    settings = read_settings(env)
    assert str(settings.scratch_dir).startswith("/tmp/")
    estimate = template["Resources"]["EstimateFunction"]["Properties"]
    assert estimate["MemorySize"] == template["Resources"]["ConverterFunction"]["Properties"]["MemorySize"]
    size = estimate["EphemeralStorage"]["Size"] * 1024**2
    samples = settings.max_output_bytes
    assert 2 * settings.estimate_max_bytes + samples + settings.scratch_reserve_bytes <= ROOM_IN_TMP * size
    assert samples >= MOST_BYTES


def test_estimates_take_no_concurrency_from_the_account_unless_asked(template: Template) -> None:
    """A new account has 10 at once and refuses to reserve any of them: the first deploy would fail."""
    assert default("EstimateConcurrency") == 0
    reserved = template["Resources"]["EstimateFunction"]["Properties"]["ReservedConcurrentExecutions"]
    assert reserved == {"Fn::If": ["WithEstimateConcurrency", {"Ref": "EstimateConcurrency"}, {"Ref": "AWS::NoValue"}]}


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
        "EstimateFunction",
        "ConverterFunction",
        "DeadLetterFunction",
        "ReconcilerFunction",
    ],
)
def test_no_function_is_changed_before_the_database_is(template: Template, logical: str) -> None:
    assert "Migration" in template["Resources"][logical]["DependsOn"]
