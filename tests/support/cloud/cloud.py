"""bucket265 on the emulator, as on AWS: a database, an issuer of tokens, the stack, and its users."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from local.desk import Desk
from local.servers import Postgres
from tests.support.cloud.emulator import ROOT_KEY, Emulator, running_emulator
from tests.support.cloud.stack import QUICK, Stack, deploy
from tests.support.databases import ask
from tests.support.deployment import Deployment, trust
from tests.support.issuer import AUDIENCE, Issuer, running_issuer
from tests.support.servers import new_desk


@dataclass(frozen=True)
class Cloud:
    """An account with what a stack needs beside it. Each stack gets a database of its own on one server."""

    emulator: Emulator
    issuer: Issuer
    desk: Desk

    def database_url(self, name: str) -> str:
        return self.desk.database_url.rpartition("/")[0] + f"/stack-{name}"

    def secret(self, value: dict[str, Any] | str) -> str:
        """A secret with this value; its ARN."""
        text = value if isinstance(value, str) else json.dumps(value)
        made = self.emulator.client("secretsmanager").create_secret(Name=f"database-{uuid4()}", SecretString=text)
        return str(made["ARN"])

    def deploy(self, name: str, **parameters: str) -> Stack:
        """A stack with an empty database of its own; raises ``DeployFailed``."""
        return deploy(self.emulator, name, self.parameters(name, **parameters))

    @contextmanager
    def temporary(self, name: str, **parameters: str) -> Iterator[Stack]:
        """A stack for one test: afterwards its schedule and its warm processes are gone."""
        stack = self.deploy(name, **parameters)
        try:
            yield stack
        finally:
            stack.delete()

    def parameters(self, name: str, **parameters: str) -> dict[str, str]:
        """Those of a quick stack with an empty database of its own, which is made; ``parameters`` replace some."""
        ask(self.desk.database_url, f'CREATE DATABASE "stack-{name}"')
        database = {"CreateDatabase": "false", "DatabaseSecretArn": self.secret({"url": self.database_url(name)})}
        tokens = {"AuthIssuer": self.issuer.url, "AuthAudience": AUDIENCE}
        return QUICK | database | tokens | parameters

    def deployment(self, stack: Stack) -> Deployment:
        """The stack as its users see it."""
        return Deployment(
            stack.api_url, self.emulator.url, ROOT_KEY, ROOT_KEY, self.token_of, self.emulator.certificate
        )

    def token_of(self, user_id: str) -> str:
        return self.issuer.token(user_id)


@contextmanager
def running_cloud(folder: Path) -> Iterator[Cloud]:
    """An emulator, an issuer and a PostgreSQL, in ``folder``; stopped at the end."""
    desk = new_desk(folder / "desk")
    postgres = Postgres(desk)
    (folder / "emulator").mkdir()
    postgres.start()
    try:
        postgres.wait_ready()
        with running_emulator(folder / "emulator") as emulator, running_issuer() as issuer:
            trust(emulator.certificate)
            yield Cloud(emulator, issuer, desk)
    finally:
        postgres.stop()
