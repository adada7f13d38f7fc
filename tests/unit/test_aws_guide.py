"""infra/README.md and the cost calculator say what template.yaml makes."""

import re
import subprocess
from typing import Any

import pytest

from functions.converter.publish import PART_BYTES, SINGLE_PUT_BYTES
from functions.shared import cost
from functions.shared.prices import Deployed
from infra.cost import page
from local.client import POLL_CAP_S
from tests.support.cloud.template import ROOT, functions, read_template

GUIDE = (ROOT / "infra" / "README.md").read_text()
TEMPLATE = read_template()
RESOURCES = TEMPLATE["Resources"]
DEPLOYED = Deployed()

PRICED = {
    "AWS::ApiGatewayV2::Api",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::EC2::VPCEndpoint",
    "AWS::Logs::LogGroup",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBProxy",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
    "AWS::Serverless::Function",
    "AWS::SQS::Queue",
}
FREE = {
    "AWS::ApiGatewayV2::Authorizer",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::CloudFormation::CustomResource",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPC",
    "AWS::IAM::Role",
    "AWS::Lambda::Permission",
    "AWS::RDS::DBProxyTargetGroup",
    "AWS::RDS::DBSubnetGroup",
    "AWS::S3::BucketPolicy",
    "AWS::SecretsManager::SecretTargetAttachment",
    "AWS::SQS::QueuePolicy",
}


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    return {name: one["Properties"] for name, one in RESOURCES.items() if one["Type"] == kind}


def test_each_parameter_stands_in_the_table_with_its_default() -> None:
    told = re.findall(
        r"^\| `(\w+)` \| (\S+) \|", GUIDE.partition("## Parameters")[2].partition("\n## ")[0], re.MULTILINE
    )
    assert told == [(name, str(one["Default"]) or "-") for name, one in TEMPLATE["Parameters"].items()]


def test_the_cost_tables_are_the_calculators() -> None:
    """If not: python -m infra.cost"""
    section = GUIDE.partition("## What it costs\n\n")[2]
    assert section.startswith(page(cost.Rates()) + "\n")


def test_nothing_is_deployed_whose_price_nobody_thought_of() -> None:
    assert {one["Type"] for one in RESOURCES.values()} == PRICED | FREE


def test_the_calculator_counts_what_the_template_makes() -> None:
    assert len(functions(TEMPLATE)) == DEPLOYED.functions
    assert len(of_type("AWS::Logs::LogGroup")) == DEPLOYED.log_groups
    assert len(of_type("AWS::CloudWatch::Alarm")) == DEPLOYED.alarms
    assert len(of_type("AWS::CloudWatch::Dashboard")) == DEPLOYED.dashboards
    assert len(of_type("AWS::SecretsManager::Secret")) == DEPLOYED.secrets


def test_the_calculator_counts_each_interface_endpoint_in_each_zone() -> None:
    endpoints = [one for one in of_type("AWS::EC2::VPCEndpoint").values() if one["VpcEndpointType"] == "Interface"]
    services = [one["ServiceName"]["Fn::Sub"].rpartition(".")[2] for one in endpoints]
    assert sorted(services) == sorted(DEPLOYED.interface_endpoints)
    assert {len(one["SubnetIds"]) for one in endpoints} == {DEPLOYED.zones}


@pytest.mark.parametrize("kind", ["EC2::VPCEndpoint", "RDS::DBCluster", "RDS::DBProxy", "SecretsManager::Secret"])
def test_what_the_calculator_counts_for_our_database_is_made_for_it_alone(kind: str) -> None:
    made = [one for one in RESOURCES.values() if one["Type"] == f"AWS::{kind}"]
    assert made
    assert all(one["Condition"] == "WithDatabase" for one in made)


def test_the_calculator_knows_sizes_and_clocks() -> None:
    converter = RESOURCES["ConverterFunction"]["Properties"]
    assert converter["MemorySize"] == DEPLOYED.converter_memory_mb
    assert converter["EphemeralStorage"]["Size"] == DEPLOYED.converter_scratch_mb
    assert TEMPLATE["Parameters"]["ConverterTimeoutSeconds"]["Default"] == DEPLOYED.converter_timeout_s
    assert TEMPLATE["Globals"]["Function"]["MemorySize"] == DEPLOYED.function_memory_mb
    (cluster,) = of_type("AWS::RDS::DBCluster").values()
    assert cluster["ServerlessV2ScalingConfiguration"]["MinCapacity"] == DEPLOYED.least_acu
    events = [event for one in functions(TEMPLATE).values() for event in one.get("Events", {}).values()]
    assert sum(event["Type"] == "SQS" for event in events) == DEPLOYED.polled_queues
    schedules = [event["Properties"]["Schedule"] for event in events if event["Type"] == "Schedule"]
    assert (schedules, DEPLOYED.reconciler_every_min) == (["rate(1 minute)"], 1)


def test_the_calculator_publishes_and_polls_as_the_code_does() -> None:
    assert round(cost.SINGLE_PUT_GB * 1e9) == SINGLE_PUT_BYTES
    assert round(cost.PART_GB * 1e9) == PART_BYTES
    assert cost.Rates().assumptions.poll_every_s == POLL_CAP_S


def test_the_guide_says_what_to_do_at_each_alarm() -> None:
    names = {
        one["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")
        for one in of_type("AWS::CloudWatch::Alarm").values()
    }
    rows = GUIDE.partition("| alarm |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([\w-]+)`", "".join(re.findall(r"^\| (`[^|]+) \|", rows, re.MULTILINE)))) == names


def test_the_guide_names_errors_and_resources_that_exist() -> None:
    limits = GUIDE.partition("## Limits")[2]
    codes = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", limits))
    assert codes
    assert codes <= set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "errors.md").read_text(), re.MULTILINE))
    assert set(re.findall(r"--logical-resource-id (\w+)", GUIDE)) <= set(RESOURCES)
    assert set(re.findall(r"OutputKey==`(\w+)`", GUIDE)) <= set(TEMPLATE["Outputs"])


def test_its_commands_are_commands() -> None:
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
    assert blocks
    for block in blocks:
        assert subprocess.run(["bash", "-n"], input=block, text=True, capture_output=True, check=False).stderr == ""
    asked = set(re.findall(r"-m local (\w+)", "".join(blocks)))
    assert asked
    assert all((ROOT / "local" / "commands" / f"{name}.py").is_file() for name in asked)
