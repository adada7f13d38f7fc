"""The desk's servers: safe from outsiders, ready for the functions, and on their data again after a kill."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import nats
import psutil
import psycopg2
import pytest

from local import jetstream, launcher
from local.bootstrap import bootstrap
from local.desk import Desk
from local.launcher import Identity
from local.objectstore import EVENTS, minio_client
from local.roundtrip import round_trip
from local.servers import Postgres
from tests.support.processes import running, tree
from tests.support.servers import Servers, new_desk, running_servers
from tests.support.stack import ROOT
from tests.support.waiting import BOUND_S, wait_until

IDENTITIES = [Identity.NAMESPACE, Identity.STEP_DOWN] if os.geteuid() == 0 else [Identity.SAME]
"""Every way in which PostgreSQL can be run by who runs this test."""


def test_secrets_are_random_and_readable_by_their_owner_alone(servers: Servers, tmp_path: Path) -> None:
    other = new_desk(tmp_path / "other")
    assert other.secrets != servers.desk.secrets
    assert stat.S_IMODE((other.data_dir / "secrets.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(other.data_dir.stat().st_mode) == 0o700


def test_every_server_listens_on_loopback_alone(servers: Servers) -> None:
    listening = [
        connection.laddr.ip
        for server in servers.all
        for process in tree(server.pid)
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 4
    assert set(listening) <= {"127.0.0.1", "::1"}


def test_postgres_asks_for_the_password(servers: Servers) -> None:
    url = servers.desk.database_url.replace(servers.desk.secrets.postgres_password, "guess")
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(url)


def test_bootstrap_again_changes_nothing(servers: Servers) -> None:
    before = set_up(servers.desk)
    bootstrap(servers.desk)
    assert set_up(servers.desk) == before


def set_up(desk: Desk) -> object:
    """What the bootstrap has made, as the servers tell it."""
    client = minio_client(desk.settings())
    config = client.get_bucket_notification("uploads")
    told = sorted((str(entry.queue), sorted(entry.events)) for entry in config.queue_config_list)
    assert told == [(arn, sorted(EVENTS)) for arn in sorted(desk.notify_arns)]
    return told, sorted(bucket.name for bucket in client.list_buckets()), asyncio.run(streams(desk.nats_url))


async def streams(url: str) -> object:
    connection = await nats.connect(url)
    try:
        js = connection.jetstream()
        consumers = [info.name for info in await js.consumers_info(jetstream.STREAM)]
        return sorted(
            (info.config.name, tuple(info.config.subjects or [])) for info in await js.streams_info()
        ), consumers
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("user", "subject", "allowed"),
    [
        ("storage", jetstream.STORED, True),
        ("storage", jetstream.REISSUED, False),
        ("storage", jetstream.DEAD_LETTER, False),
        ("storage", "$JS.API.STREAM.NAMES", False),
        ("worker", jetstream.STORED, False),
        ("worker", jetstream.REISSUED, True),
        ("worker", jetstream.DEAD_LETTER, True),
    ],
)
def test_who_may_publish_what_is_enforced(servers: Servers, user: str, subject: str, allowed: bool) -> None:
    url = {"storage": servers.desk.nats_storage_url, "worker": servers.desk.nats_url}[user]
    arrived, refusals = asyncio.run(publish(url, servers.desk.nats_url, subject))
    assert arrived == allowed
    assert any("permissions violation" in refusal for refusal in refusals) != allowed


async def publish(url: str, listener_url: str, subject: str) -> tuple[bool, list[str]]:
    """Publish as one user, listen as the worker: whether it arrived, and what the server objected to."""
    refusals: list[str] = []

    async def note(error: Exception) -> None:
        refusals.append(str(error).lower())

    listener, publisher = await nats.connect(listener_url), await nats.connect(url, error_cb=note)
    try:
        heard = await listener.subscribe(subject)
        await listener.flush()
        await publisher.publish(subject, b"{}")
        await publisher.flush()
        await listener.flush()
        # Both a message and a refusal reach us in a task of the client, some time after the flush.
        async with asyncio.timeout(BOUND_S):
            while not (heard.pending_msgs or refusals):
                await asyncio.sleep(0.02)
        return heard.pending_msgs > 0, refusals
    finally:
        await publisher.close()
        await listener.close()


def test_nats_lets_nobody_in_without_a_password(servers: Servers) -> None:
    async def connect() -> None:
        await nats.connect(f"nats://127.0.0.1:{servers.desk.ports.nats}", allow_reconnect=False)

    with pytest.raises(nats.errors.Error, match=r"(?i)authorization violation"):
        asyncio.run(connect())


def test_both_targets_deliver_an_object_created_event(servers: Servers) -> None:
    assert len(round_trip(servers.desk, deliveries=2).events_s) == 2


def test_killed_servers_start_again_on_their_data(tmp_path: Path) -> None:
    with running_servers(tmp_path) as servers:
        before = set_up(servers.desk)
        for server in servers.all:
            server.kill()
        servers.start()
        round_trip(servers.desk, deliveries=2)
        assert set_up(servers.desk) == before


def test_postgres_runs_under_a_closed_folder_whatever_the_machine_lets_it_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    desk = new_desk(closed / "data dir")
    for identity in [*IDENTITIES, *IDENTITIES]:
        monkeypatch.setattr(launcher, "non_root", lambda identity=identity: identity)
        postgres = Postgres(desk)
        try:
            postgres.start()
            postgres.wait_ready()
            uids = {process.uids().effective for process in tree(postgres.pid)}
            assert uids == {launcher.owner_of_files(identity)}
        finally:
            postgres.stop()


@pytest.mark.parametrize("identity", IDENTITIES)
def test_postgres_ends_with_whom_it_was_started_by(tmp_path: Path, identity: Identity) -> None:
    desk = new_desk(tmp_path / "data")
    program = (
        "from local import launcher, desk, servers; import time\n"
        f"launcher.non_root = lambda: launcher.Identity({identity.value!r})\n"
        "server = servers.Postgres(desk.read_desk()); server.start(); server.wait_ready()\n"
        "print('ready', flush=True); time.sleep(600)"
    )
    starter = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=dict(desk.env), stdout=subprocess.PIPE)
    assert starter.stdout is not None
    with starter.stdout:
        assert starter.stdout.readline() == b"ready\n"
    everything = tree(starter.pid)
    assert len(everything) > 3
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    wait_until(lambda: not running(everything), "the end of PostgreSQL")
