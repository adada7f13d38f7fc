"""``docker compose`` on the project's own file, as a project of its own beside any other."""

import json
import subprocess
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from tests.support.deployment import Deployment
from tests.support.ports import free_ports
from tests.support.servers import clean_environment
from tests.support.stack import ROOT
from tests.support.waiting import wait_until

PORTS = ("API_PORT", "S3_PORT", "S3_CONSOLE_PORT", "DB_PORT")
SERVERS = ("postgres", "nats", "minio", "api", "worker")
HEALTHY_WITHIN_S = 300


class Failed(Exception):
    """A command ended with another exit code than 0; the message is its output."""


def docker(*words: str, env: Mapping[str, str] | None = None) -> str:
    """The standard output of one command; raises ``Failed`` with all it said."""
    done = subprocess.run(["docker", *words], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"docker {' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Project:
    """One installation, on free ports."""

    def __init__(self) -> None:
        self.name = f"bucket265-test-{uuid4().hex[:8]}"
        self.ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        self._env = clean_environment() | {name: str(port) for name, port in self.ports.items()}

    def compose(self, *words: str) -> str:
        return docker("compose", "-p", self.name, "--profile", "*", *words, env=self._env)

    def start(self, workers: int = 1) -> None:
        """Build what has changed, start, and return when every service is healthy."""
        try:
            self.compose("up", "--build", "--detach", "--scale", f"worker={workers}", *SERVERS)
            wait_until(lambda: self._healthy(workers), "all services to be healthy", HEALTHY_WITHIN_S)
        except (Failed, AssertionError) as exc:
            exc.add_note(self.compose("ps", "--all") + self.compose("logs", "--tail", "20"))
            raise

    def run(self, service: str, *words: str) -> str:
        """``docker compose run --rm``."""
        return self.compose("run", "--rm", "--build", "--no-TTY", service, *words)

    def secret(self, service: str, name: str) -> str:
        """One value of a service's file of secrets, as root sees it."""
        path = f"/volumes/secrets/{service}.env"
        text = self.compose("run", "--rm", "--no-TTY", "--no-deps", "--entrypoint", "cat", "init", path)
        return dict(line.split("=", 1) for line in text.splitlines())[name]

    def containers(self, service: str = "") -> list[dict[str, Any]]:
        """What the engine tells of the containers, also of those that have ended."""
        ids = self.compose("ps", "--all", "--quiet", *([service] if service else [])).split()
        found: list[dict[str, Any]] = json.loads(docker("inspect", *ids)) if ids else []
        return found

    def deployment(self) -> Deployment:
        """As a user of the host sees it, who has no keys."""
        return Deployment(f"http://127.0.0.1:{self.ports['API_PORT']}", "", "", "")

    def remove(self) -> None:
        """Everything: containers, volumes, network and images, but not the layers that the next build can use."""
        self.compose("down", "--volumes", "--remove-orphans")
        label = f"label=com.docker.compose.project={self.name}"
        images = docker("image", "ls", "--quiet", "--filter", label).split()
        if images:
            docker("image", "rm", "--force", "--no-prune", *set(images))

    def _healthy(self, workers: int) -> bool:
        running = [self._health(container) for server in SERVERS for container in self.containers(server)]
        return running == ["healthy"] * (len(SERVERS) - 1 + workers)

    @staticmethod
    def _health(container: dict[str, Any]) -> str:
        state = container["State"]
        return str(state.get("Health", {}).get("Status", state["Status"]))
