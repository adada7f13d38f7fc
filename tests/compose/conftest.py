"""One installation for all tests of the images, built and started as a user does it."""

from collections.abc import Iterator

import pytest

from tests.compose.project import Failed, Project, docker


@pytest.fixture(scope="session")
def project() -> Iterator[Project]:
    """All services healthy; removed at the end. Ends the run, with exit code 1, where there is no engine."""
    try:
        docker("info")
        docker("compose", "version")
    except (OSError, Failed) as exc:
        reason = str(exc).splitlines()[-1]
        pytest.exit(f"test-compose needs a Docker engine with Compose v2, and there is none: {reason}", returncode=1)
    made = Project()
    try:
        made.start()
        yield made
    finally:
        made.remove()
