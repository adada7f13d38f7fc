"""One call of Secrets Manager, signed by botocore's own pieces.

A client would load the models of the service: 45 ms more in a function's first answer than the 10 ms that this costs
where botocore is loaded already (measured: session and signature 117 ms from nothing, client 162 ms, boto3's 174 ms).
"""

import json
import os
import time
from typing import Any

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.exceptions import BotoCoreError, HTTPClientError
from botocore.httpsession import URLLib3Session

from functions.shared.secret import SecretError

TIMEOUT_S = 5
PAUSE_S = 0.2
"""Before the second and last try."""


class _NoAnswer(SecretError):
    pass


def secret_value(arn: str) -> str:
    """The secret's current text; raises ``SecretError``."""
    try:
        answer = _ask(arn)
        if answer.status_code < 500:
            return _text(arn, answer)
    except _NoAnswer:
        pass
    time.sleep(PAUSE_S)
    return _text(arn, _ask(arn))


def _ask(arn: str) -> AWSResponse:
    session = botocore.session.get_session()
    credentials = session.get_credentials()
    if credentials is None:
        raise SecretError(f"the secret {arn} cannot be read: there are no AWS credentials; give this process a role")
    region, url = _endpoint(arn)
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "secretsmanager.GetSecretValue"}
    request = AWSRequest("POST", url, data=json.dumps({"SecretId": arn}), headers=headers)
    try:
        SigV4Auth(credentials, "secretsmanager", region).add_auth(request)
        verify = session.get_config_variable("ca_bundle") or True
        return URLLib3Session(verify=verify, timeout=TIMEOUT_S).send(request.prepare())
    except (BotoCoreError, HTTPClientError) as exc:
        raise _NoAnswer(
            f"the secret {arn} cannot be read: Secrets Manager does not answer at {url} ({type(exc).__name__});"
            " in a VPC it needs an interface endpoint for secretsmanager whose security group lets us in"
        ) from exc


def _endpoint(arn: str) -> tuple[str, str]:
    """Region and URL. The variables are botocore's, so that one emulator or VPC endpoint serves all clients."""
    _, partition, _, region, *_ = arn.split(":")
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    given = os.environ.get("AWS_ENDPOINT_URL_SECRETS_MANAGER") or os.environ.get("AWS_ENDPOINT_URL")
    return region, given or f"https://secretsmanager.{region}.{suffix}"


def _text(arn: str, answer: AWSResponse) -> str:
    body = _json(answer.content)
    if answer.status_code == 200:
        return str(body.get("SecretString", ""))
    code = str(body.get("__type", "")).rpartition("#")[2] or f"HTTP {answer.status_code}"
    raise SecretError(f"the secret {arn} cannot be read: {code}; {_remedy(code)}")


def _json(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _remedy(code: str) -> str:
    if code.startswith("AccessDenied"):
        return "allow this function's role secretsmanager:GetSecretValue on it, and kms:Decrypt on its key"
    if code == "ResourceNotFoundException":
        return "DATABASE_SECRET_ARN names a secret that does not exist, or has no value yet"
    if code == "InvalidRequestException":
        return "it is marked for deletion: restore it or name another"
    return "look at the AWS Health Dashboard and at the clock of this machine"
