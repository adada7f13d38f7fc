"""template.yaml as a stack on the emulator: made by CloudFormation, with the project's own code and interpreter."""

import io
import json
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import psutil
from botocore.exceptions import ClientError

from tests.support.cloud.emulator import Emulator
from tests.support.cloud.template import ROOT, as_json, for_emulator, read_template
from tests.support.deployment import Deployment
from tests.support.waiting import wait_until

CODE_BUCKET = "code"
CODE = ("functions", "infra/migrations")
QUICK = {
    "MaximumConcurrency": "2",
    "ConverterTimeoutSeconds": "120",
    "QueueVisibilitySeconds": "130",
    "DeadLetterVisibilitySeconds": "30",
    "X265Preset": "ultrafast",
    "X265Crf": "26",
}
"""Parameters that make a test quick; everything else is the template's own."""

MADE = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
DEPLOYED_WITHIN_S = 120


class DeployFailed(Exception):
    """The stack was rolled back; the message holds the events' reasons."""


@dataclass(frozen=True)
class Stack:
    """A deployed stack. ``ids`` are physical ids by logical id."""

    emulator: Emulator
    name: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]
    ids: Mapping[str, str] = field(repr=False)

    @property
    def api_url(self) -> str:
        """Where the emulator serves the API whose address on AWS the output tells."""
        return f"{self.emulator.url}/_aws/execute-api/{self.ids['Api']}/$default"

    def invoke(self, function: str, event: dict[str, Any]) -> dict[str, Any]:
        """Call ``ReconcilerFunction`` or another one and wait for its answer."""
        answer = self.emulator.client("lambda").invoke(
            FunctionName=self.ids[function], Payload=json.dumps(event).encode()
        )
        body: dict[str, Any] = json.loads(answer["Payload"].read() or b"null")
        return body

    def reconcile(self) -> None:
        """Do what the schedule does each minute."""
        self.invoke("ReconcilerFunction", {"source": "aws.events", "detail-type": "Scheduled Event"})

    def reconciled(self, deployment: Deployment, transaction_id: str) -> bool:
        """After one more pass of the reconciler: whether the transaction is Completed by now."""
        self.reconcile()
        return bool(deployment.status(transaction_id)["status"] == "Completed")

    def delete(self) -> None:
        """Remove it, and the processes in which the emulator would keep its functions warm."""
        formation = self.emulator.client("cloudformation")
        formation.delete_stack(StackName=self.name)
        wait_until(lambda: _is_gone(formation, self.name), f"the end of the stack {self.name}")
        for process in self.sandboxes():
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def sandboxes(self, name: str = "") -> list[psutil.Process]:
        """The processes in which the emulator runs this stack's functions, or one of them: ``converter``."""
        found = []
        for process in psutil.Process(self.emulator.pid).children(recursive=True):
            with suppress(psutil.Error):
                if process.environ().get("AWS_LAMBDA_FUNCTION_NAME", "").startswith(f"{self.name}-{name}"):
                    found.append(process)
        return [one for one in found if "awslambdaric" in one.cmdline()]

    def log_lines(self, name: str) -> list[str]:
        """What a function has logged: ``converter``."""
        logs = self.emulator.client("logs")
        try:
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{self.name}-{name}")
            return [event["message"] for page in pages for event in page["events"]]
        except logs.exceptions.ResourceNotFoundException:
            return []

    @contextmanager
    def without(self, role: str, *actions: str) -> Iterator[None]:
        """Take rights away from ``ConverterRole`` or another one while the block runs."""
        iam, name = self.emulator.client("iam"), self.ids[role]
        policy = iam.get_role_policy(RoleName=name, PolicyName="own")["PolicyDocument"]
        statements = [_less(statement, actions) for statement in policy["Statement"]]
        missing = set(actions) - {action for s in policy["Statement"] for action in s["Action"]}
        assert not missing, f"{role} never had {missing}"
        reduced = {**policy, "Statement": [statement for statement in statements if statement["Action"]]}
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(reduced))
        try:
            yield
        finally:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(policy))


def _less(statement: dict[str, Any], actions: tuple[str, ...]) -> dict[str, Any]:
    return {**statement, "Action": [action for action in statement["Action"] if action not in actions]}


def deploy(emulator: Emulator, name: str, given: dict[str, str]) -> Stack:
    """Make the stack with these parameters and wait for it; raises ``DeployFailed``."""
    uri = upload_code(emulator)
    s3, formation = emulator.client("s3"), emulator.client("cloudformation")
    key = f"{name}.json"
    s3.put_object(Bucket=CODE_BUCKET, Key=key, Body=as_json(for_emulator(read_template(), uri, given)).encode())
    formation.create_stack(
        StackName=name,
        TemplateURL=f"{emulator.url}/{CODE_BUCKET}/{key}",
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    return adopt(emulator, name, given)


def adopt(emulator: Emulator, name: str, parameters: dict[str, str]) -> Stack:
    """A stack that is being made, once it is ready; raises ``DeployFailed``."""
    formation = emulator.client("cloudformation")

    def ended() -> dict[str, Any] | None:
        stack: dict[str, Any] = formation.describe_stacks(StackName=name)["Stacks"][0]
        return None if stack["StackStatus"].endswith("IN_PROGRESS") else stack

    state = wait_until(ended, f"the stack {name}", DEPLOYED_WITHIN_S) or {}
    if state["StackStatus"] not in MADE:
        raise DeployFailed("\n".join(failures(emulator, name)))
    resources = formation.get_paginator("list_stack_resources").paginate(StackName=name)
    ids = {
        r["LogicalResourceId"]: r["PhysicalResourceId"] for page in resources for r in page["StackResourceSummaries"]
    }
    outputs = {o["OutputKey"]: o["OutputValue"] for o in state["Outputs"]}
    _allow_cors(emulator, ids["Api"], parameters)
    return Stack(emulator, name, parameters, outputs, ids)


def _allow_cors(emulator: Emulator, api_id: str, parameters: Mapping[str, str]) -> None:
    """The emulator does not apply the template's CORS of an API by itself."""
    cors = dict(read_template()["Resources"]["Api"]["Properties"]["CorsConfiguration"])
    cors["AllowOrigins"] = parameters.get("CorsOrigins", "*").split(",")
    emulator.client("apigatewayv2").update_api(ApiId=api_id, CorsConfiguration=cors)


def failures(emulator: Emulator, name: str) -> list[str]:
    """The reasons in the stack's events."""
    events = emulator.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    return [f"{e['LogicalResourceId']}: {e['ResourceStatusReason']}" for e in events if e.get("ResourceStatusReason")]


def _is_gone(formation: Any, name: str) -> bool:
    try:
        return bool(formation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE")
    except ClientError:
        return True


def upload_code(emulator: Emulator) -> str:
    """The project's code as a function package; its address."""
    s3 = emulator.client("s3")
    try:
        s3.head_bucket(Bucket=CODE_BUCKET)
    except ClientError:
        s3.create_bucket(Bucket=CODE_BUCKET)
    s3.put_object(Bucket=CODE_BUCKET, Key="functions.zip", Body=code_zip())
    return f"s3://{CODE_BUCKET}/functions.zip"


def code_zip() -> bytes:
    """What the images hold, as a zip that starts with this interpreter and its packages."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for folder in CODE:
            for path in sorted((ROOT / folder).rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    archive.write(path, path.relative_to(ROOT))
        bootstrap = zipfile.ZipInfo("bootstrap")
        bootstrap.external_attr = 0o755 << 16
        archive.writestr(bootstrap, f'#!/bin/sh\nexec {sys.executable} -m awslambdaric "$_HANDLER"\n')
    return out.getvalue()
