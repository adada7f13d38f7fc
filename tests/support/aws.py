"""SQS and Secrets Manager by moto as a server, for functions whose own SDKs call them."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

REGION = "eu-central-1"


class Aws:
    """``env`` is what AWS gives to a function: a region, and temporary credentials; and where the services are."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.env = {
            "AWS_ENDPOINT_URL": url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "ASIAMOTO",
            "AWS_SECRET_ACCESS_KEY": "moto-takes-any",
            "AWS_SESSION_TOKEN": "token",
        }

    def client(self, service: str) -> Any:
        """A client of the test's own, as the administrator's."""
        session = boto3.session.Session("admin", "moto-takes-any", region_name=REGION)
        return session.client(service, endpoint_url=self.url)  # type: ignore[call-overload]

    def secret(self, name: str, value: str) -> str:
        """Make a secret; its ARN."""
        return str(self.client("secretsmanager").create_secret(Name=name, SecretString=value)["ARN"])

    def queue(self, name: str, **attributes: str) -> str:
        """Make a queue; its URL."""
        return str(self.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])


@contextmanager
def running_aws() -> Iterator[Aws]:
    """The services on a free port."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield Aws(f"http://{host}:{port}")
    finally:
        server.stop()
