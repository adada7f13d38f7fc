"""The custom resource of a deploy answers CloudFormation whatever happens, with cause and remedy and no password."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import psycopg2
import pytest

from functions.migrate import migrate as migration
from functions.migrate import reply as replies
from functions.migrate.handler import handler
from functions.migrate.migrate import LOCK_KEY, newest_version
from tests.support.aws import Aws
from tests.support.databases import ask, empty_database
from tests.support.http import environment
from tests.support.ports import free_ports
from tests.support.servers import Servers
from tests.support.sqs import LambdaContext
from tests.support.waiting import wait_until

PASSWORD = "hidden-password"


class CloudFormation:
    """Takes answers by PUT; refuses the first ``refusals`` of them."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any]] = []
        self.types: list[str | None] = []
        self.refusals = 0
        told = self

        class Page(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                told.refusals -= 1
                if told.refusals < 0:
                    told.answers.append(json.loads(body))
                    told.types.append(self.headers["Content-Type"])
                self.send_response(200 if told.refusals < 0 else 503)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def event(self, kind: str = "Create", **more: Any) -> dict[str, Any]:
        return {
            "RequestType": kind,
            "ResponseURL": f"http://127.0.0.1:{self.server.server_port}/answer?Signature=presigned-secret",
            "StackId": "arn:aws:cloudformation:eu-central-1:123456789012:stack/b/1",
            "RequestId": "request-1",
            "LogicalResourceId": "Migration",
            "ResourceProperties": {"Version": "0004"},
            **more,
        }


@pytest.fixture
def cloudformation() -> Iterator[CloudFormation]:
    served = CloudFormation()
    yield served
    served.server.shutdown()
    served.server.server_close()


@pytest.fixture
def url(servers: Servers) -> Iterator[str]:
    """An empty database."""
    with empty_database(servers.desk.database_url) as made:
        yield made


@contextmanager
def deployed(servers: Servers, **database: str) -> Iterator[None]:
    env = {name: value for name, value in servers.env.items() if name != "DATABASE_URL"}
    with environment(env | database):
        yield


def the_answer(cloudformation: CloudFormation) -> dict[str, Any]:
    (answer,) = cloudformation.answers
    assert answer["PhysicalResourceId"] == "bucket265-schema"
    assert (answer["RequestId"], answer["LogicalResourceId"]) == ("request-1", "Migration")
    assert answer["StackId"].startswith("arn:")
    return answer


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_deploy_migrates(servers: Servers, cloudformation: CloudFormation, url: str, kind: str) -> None:
    with deployed(servers, DATABASE_URL=url):
        handler(cloudformation.event(kind), LambdaContext(300))
    answer = the_answer(cloudformation)
    assert (answer["Status"], answer["Reason"]) == ("SUCCESS", f"the database is at version {newest_version()}")
    assert cloudformation.types == [""]
    assert ask(url, "SELECT version_num FROM alembic_version") == [(newest_version(),)]


def test_a_deleted_stack_leaves_the_data_alone_and_needs_no_database(
    servers: Servers, cloudformation: CloudFormation
) -> None:
    with deployed(servers, DATABASE_URL=f"postgresql://u:p@127.0.0.1:{free_ports(1)[0]}/x"):
        handler(cloudformation.event("Delete", PhysicalResourceId="bucket265-schema"), LambdaContext(300))
    assert the_answer(cloudformation)["Status"] == "SUCCESS"


def test_the_id_of_a_resource_that_exists_is_kept(servers: Servers, cloudformation: CloudFormation) -> None:
    with deployed(servers, DATABASE_URL=f"postgresql://u:p@127.0.0.1:{free_ports(1)[0]}/x"):
        handler(cloudformation.event("Update", PhysicalResourceId="older"), LambdaContext(300))
    assert cloudformation.answers[0]["PhysicalResourceId"] == "older"


def test_an_unreachable_database_fails_the_deploy_with_the_remedy(
    servers: Servers, cloudformation: CloudFormation, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = f"postgresql://u:{PASSWORD}@127.0.0.1:{free_ports(1)[0]}/x"
    with deployed(servers, DATABASE_URL=nowhere):
        handler(cloudformation.event(), LambdaContext(300))
    answer = the_answer(cloudformation)
    assert answer["Status"] == "FAILED"
    assert answer["Reason"].startswith("the database does not let us in: ")
    assert "security group" in answer["Reason"]
    assert PASSWORD not in answer["Reason"] + caplog.text


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (f'{{"username": "u", "password": "{PASSWORD}"}}', "host, dbname missing; write "),
        (PASSWORD, "no PostgreSQL URL with a host; write "),
    ],
)
def test_a_secret_of_another_shape_fails_the_deploy_with_the_remedy(
    servers: Servers, aws: Aws, cloudformation: CloudFormation, caplog: pytest.LogCaptureFixture, value: str, told: str
) -> None:
    arn = aws.secret(f"deploy-{uuid4().hex}", value)
    with deployed(servers, **aws.env, DATABASE_SECRET_ARN=arn):
        handler(cloudformation.event(), LambdaContext(300))
    answer = the_answer(cloudformation)
    assert answer["Status"] == "FAILED"
    assert arn in answer["Reason"]
    assert told in answer["Reason"]
    assert PASSWORD not in answer["Reason"] + caplog.text


def test_no_access_to_the_secret_fails_the_deploy_with_the_remedy(
    servers: Servers, aws: Aws, cloudformation: CloudFormation
) -> None:
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:none-x"
    with deployed(servers, **aws.env, DATABASE_SECRET_ARN=arn):
        handler(cloudformation.event(), LambdaContext(300))
    assert f"the secret {arn} cannot be read" in the_answer(cloudformation)["Reason"]


def test_a_migration_that_fails_is_told_with_its_cause(
    servers: Servers, cloudformation: CloudFormation, url: str
) -> None:
    ask(url, "CREATE TABLE idempotency_keys (in_the_way int)")
    with deployed(servers, DATABASE_URL=url):
        handler(cloudformation.event(), LambdaContext(300))
    answer = the_answer(cloudformation)
    assert answer["Status"] == "FAILED"
    assert answer["Reason"].startswith("a migration failed and changed nothing: ")
    assert "already exists" in answer["Reason"]


def test_a_migration_that_waits_too_long_is_answered_before_the_functions_end(
    servers: Servers, cloudformation: CloudFormation, url: str
) -> None:
    with closing(psycopg2.connect(url)) as other, deployed(servers, DATABASE_URL=url):
        other.autocommit = True
        other.cursor().execute("SELECT pg_advisory_lock(%s)", (LOCK_KEY,))
        call = threading.Thread(target=handler, args=(cloudformation.event(), LambdaContext(2)))
        call.start()
        wait_until(lambda: cloudformation.answers, "the watchdog's answer", 30)
        assert call.is_alive()
        other.cursor().execute("SELECT pg_advisory_unlock(%s)", (LOCK_KEY,))
        call.join(60)
    answer = the_answer(cloudformation)
    assert (answer["Status"], answer["Reason"][:35]) == ("FAILED", "the migration did not end in time: ")


def test_a_function_that_is_ended_from_outside_answers(
    servers: Servers, cloudformation: CloudFormation, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(*_: Any) -> None:
        raise SystemExit

    monkeypatch.setattr(migration, "migrate", end)
    with deployed(servers, DATABASE_URL=url), pytest.raises(SystemExit):
        handler(cloudformation.event(), LambdaContext(300))
    assert "ended from outside" in the_answer(cloudformation)["Reason"]


def test_an_answer_that_is_not_taken_is_sent_again(
    servers: Servers, cloudformation: CloudFormation, caplog: pytest.LogCaptureFixture
) -> None:
    cloudformation.refusals = replies.TRIES - 1
    with deployed(servers, DATABASE_URL="postgresql://h/x"):
        handler(cloudformation.event("Delete"), LambdaContext(300))
    assert the_answer(cloudformation)["Status"] == "SUCCESS"
    assert caplog.text.count("migration.not_answered") == replies.TRIES - 1
    assert "presigned-secret" not in caplog.text


@pytest.mark.parametrize("link", ["", "http://198.51.100.1/answer", "file:///etc/passwd"])
def test_no_answer_goes_anywhere_but_by_https(
    servers: Servers, cloudformation: CloudFormation, caplog: pytest.LogCaptureFixture, link: str
) -> None:
    with deployed(servers, DATABASE_URL="postgresql://h/x"):
        handler(cloudformation.event("Delete", ResponseURL=link), LambdaContext(300))
    assert cloudformation.answers == []
    assert "migration.not_answered" in caplog.text
