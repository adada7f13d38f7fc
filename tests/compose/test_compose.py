"""What ``docker compose up`` promises, on a real engine."""

from itertools import combinations

import psycopg2
import pytest

from tests.compose.project import SERVERS, Failed, Project, docker
from tests.support.deployment import Json, send
from tests.support.media import BIG_BUCK_BUNNY, measure
from tests.support.waiting import wait_until

UPLOADS = 4


def test_the_end_to_end_test_passes_inside(project: Project) -> None:
    assert " passed" in project.run("test-runner").splitlines()[-1]


def test_every_link_holds_for_the_doctor(project: Project) -> None:
    assert project.run("terminal").splitlines()[-1] == "all links hold"


def test_presigned_links_work_from_the_host(project: Project) -> None:
    deployment = project.deployment()
    source = BIG_BUCK_BUNNY.read_bytes()
    declared = deployment.declare("clip.mp4", "video/mp4", len(source))
    assert declared["upload"]["url"].startswith(f"http://localhost:{project.ports['S3_PORT']}/")
    assert send("PUT", declared["upload"]["url"], source, declared["upload"]["headers"]).status == 200
    deployment.wait_completed(declared["transaction_id"])
    result = deployment.send("GET", "/download", follow=True, transaction_id=declared["transaction_id"])
    video = measure(result.body)
    assert (video.codec, video.tag, video.frames) == ("hevc", "hvc1", measure(source).frames)


def overlap(one: Json, other: Json) -> bool:
    """Whether two conversions ran at the same time. Times are ISO 8601 in UTC: they compare as text."""
    starts, ends = "converting_since", "converting_until"
    return bool(one[starts] < other[ends] and other[starts] < one[ends])


def test_two_workers_share_four_uploads_and_convert_at_the_same_time(project: Project) -> None:
    project.start(workers=2)
    deployment = project.deployment()
    source = BIG_BUCK_BUNNY.read_bytes()
    sent = [deployment.put(f"clip {number}.mp4", "video/mp4", source) for number in range(UPLOADS)]
    states = [deployment.wait_completed(transaction_id) for transaction_id in sent]
    assert len({state["worker"] for state in states}) == 2
    assert any(overlap(one, other) for one, other in combinations(states, 2) if one["worker"] != other["worker"]), [
        (state["worker"], state["converting_since"], state["converting_until"]) for state in states
    ]


def test_one_scrape_of_the_api_shows_what_all_workers_did(project: Project) -> None:
    """They hand in every few seconds."""

    def converted() -> float:
        text = send("GET", f"{project.deployment().api_url}/metrics").body.decode()
        totals = [
            line.split()[1] for line in text.splitlines() if line.startswith("bucket265_conversions_completed_total ")
        ]
        return float(totals[0]) if totals else 0.0

    wait_until(lambda: converted() >= UPLOADS, "the workers' figures")


def users(container: Json) -> set[str]:
    """The user ids of a container's main process and all its descendants; a health check's process is neither."""
    listed = docker("top", container["Id"], "-eo", "uid,pid,ppid").splitlines()[1:]
    uid, parent = {}, {}
    for line in listed:
        user, pid, ppid = line.split()
        uid[pid], parent[pid] = user, ppid
    family = {str(container["State"]["Pid"])}
    while more := {pid for pid in parent if parent[pid] in family} - family:
        family |= more
    return {uid[pid] for pid in family}


def test_no_process_of_a_service_is_root(project: Project) -> None:
    for server in SERVERS:
        for container in project.containers(server):
            assert "0" not in users(container), server


def test_everything_is_published_on_this_machine_only_and_the_queue_not_at_all(project: Project) -> None:
    published: dict[str, set[tuple[str, int]]] = {}
    for server in SERVERS:
        bindings = project.containers(server)[0]["NetworkSettings"]["Ports"].values()
        published[server] = {(b["HostIp"], int(b["HostPort"])) for binding in bindings for b in binding or []}
    ports = project.ports
    assert published == {
        "postgres": {("127.0.0.1", ports["DB_PORT"])},
        "nats": set(),
        "minio": {("127.0.0.1", ports["S3_PORT"]), ("127.0.0.1", ports["S3_CONSOLE_PORT"])},
        "api": {("127.0.0.1", ports["API_PORT"])},
        "worker": set(),
    }


def test_the_database_is_reached_from_the_host_with_the_installations_password(project: Project) -> None:
    password = project.secret("postgres", "POSTGRES_PASSWORD")
    port = project.ports["DB_PORT"]
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(f"postgresql://bucket265:bucket265@127.0.0.1:{port}/bucket265")
    connection = psycopg2.connect(f"postgresql://bucket265:{password}@127.0.0.1:{port}/bucket265")
    connection.close()


def test_a_service_can_read_its_own_secrets_and_no_others(project: Project) -> None:
    assert "DATABASE_URL" in project.compose("exec", "--no-TTY", "api", "cat", "/secrets/api.env")
    for other in ("worker", "minio", "nats", "postgres", "installation/secrets"):
        with pytest.raises(Failed, match="Permission denied"):
            project.compose("exec", "--no-TTY", "api", "cat", f"/secrets/{other}.env")


def test_no_secret_stands_in_a_containers_configuration(project: Project) -> None:
    secrets = [
        project.secret("postgres", "POSTGRES_PASSWORD"),
        project.secret("api", "S3_SECRET_ACCESS_KEY"),
        project.secret("nats", "NATS_WORKER_PASSWORD"),
    ]
    configuration = str([container for server in SERVERS for container in project.containers(server)])
    assert [secret for secret in secrets if secret in configuration] == []


def test_the_images_carry_the_licence_notices(project: Project) -> None:
    assert "GNU" in project.compose("exec", "--no-TTY", "worker", "cat", "/app/NOTICE")
    assert "AFFERO" in project.compose("exec", "--no-TTY", "minio", "cat", "/usr/local/share/doc/minio/LICENSE")


def test_down_ends_every_service_in_order_and_up_finds_everything_again(project: Project) -> None:
    deployment = project.deployment()
    transaction_id = deployment.put("kept.mp4", "video/mp4", BIG_BUCK_BUNNY.read_bytes())
    result = send("GET", deployment.link(deployment.wait_completed(transaction_id)["transaction_id"])["url"]).body
    project.compose("stop")
    ended = {(server, box["State"]["ExitCode"]) for server in SERVERS for box in project.containers(server)}
    assert ended == {(server, 0) for server in SERVERS}
    project.compose("down")
    project.start()
    assert deployment.status(transaction_id)["status"] == "Completed"
    assert deployment.send("GET", "/download", follow=True, transaction_id=transaction_id).body == result
