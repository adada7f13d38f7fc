"""template.yaml as data, and the three places in which the emulator needs it otherwise than AWS."""

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
PATH = ROOT / "template.yaml"

Template = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """YAML in which CloudFormation's short tags become their long form."""


def _long_form(loader: _Loader, name: str, node: yaml.Node) -> dict[str, Any]:
    key = name if name in ("Ref", "Condition") else f"Fn::{name}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        return {key: value.split(".", 1) if name == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {key: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {key: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _long_form)


def read_template() -> Template:
    """The template as it is deployed on AWS."""
    loaded: Template = yaml.load(PATH.read_text(), _Loader)  # noqa: S506
    return loaded


def functions(template: Template) -> dict[str, dict[str, Any]]:
    """Logical id → properties of each function."""
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def handler_of(properties: dict[str, Any]) -> str:
    """``functions.upload.handler.handler``"""
    return str(properties["ImageConfig"]["Command"][0])


def for_emulator(template: Template, code_uri: str, parameters: dict[str, str]) -> Template:
    """Zipped code instead of images, the event source's concurrency as a number, and nothing else."""
    adapted = copy.deepcopy(template)
    for name, properties in functions(adapted).items():
        handler = handler_of(properties)
        del properties["PackageType"], properties["ImageConfig"], adapted["Resources"][name]["Metadata"]
        properties |= {"Runtime": "provided.al2023", "Handler": handler, "CodeUri": code_uri}
        for event in properties.get("Events", {}).values():
            scaling = event["Properties"].get("ScalingConfig")
            if scaling:
                scaling["MaximumConcurrency"] = int(parameters["MaximumConcurrency"])
    return adapted


def as_json(template: Template) -> str:
    return json.dumps(template)


TRANSFORM = """
import json, sys
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
print(json.dumps(Translator({}, Parser()).translate(sam_template=json.load(sys.stdin), parameter_values={})))
"""
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/bucket265:built"


def transformed() -> Template:
    """What CloudFormation makes of the template: SAM's own translator, offline, with the images as built."""
    template = read_template()
    for properties in functions(template).values():
        properties["ImageUri"] = IMAGE
    run = subprocess.run(
        [ROOT / ".venv" / "emulator" / "bin" / "python", "-c", TRANSFORM],
        input=as_json(template),
        capture_output=True,
        text=True,
        env={"AWS_DEFAULT_REGION": "us-east-1"},
        check=True,
    )
    result: Template = json.loads(run.stdout)
    return result
