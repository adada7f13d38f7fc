"""The deployment under test: the one that ``BUCKET265_API_URL`` names, else a stack on this desk."""

import os

import pytest

from tests.support.deployment import Deployment, deployment_of
from tests.support.stack import RunningStack


@pytest.fixture(scope="session")
def deployment(request: pytest.FixtureRequest) -> Deployment:
    """Ready for use. A deployment that is named also tells its storage: ``S3_ENDPOINT_URL`` and its keys."""
    api_url = os.environ.get("BUCKET265_API_URL")
    if api_url:
        return deployment_of(os.environ, api_url)
    stack: RunningStack = request.getfixturevalue("running_stack")
    return deployment_of(stack.env, stack.api_url)
