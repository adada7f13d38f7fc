"""The deployment under test: the one that ``BUCKET265_API_URL`` names, else a stack on this desk and one on AWS."""

import os

import pytest

from tests.support.deployment import Deployment, deployment_of
from tests.support.stack import RunningStack

NAMED = os.environ.get("BUCKET265_API_URL")


@pytest.fixture(scope="session", params=["named"] if NAMED else ["desk", "aws"])
def deployment(request: pytest.FixtureRequest) -> Deployment:
    """Ready for use. A deployment that is named also tells its storage: ``S3_ENDPOINT_URL`` and its keys."""
    if NAMED:
        return deployment_of(os.environ, NAMED)
    if request.param == "aws":
        cloud: Deployment = request.getfixturevalue("cloud_deployment")
        return cloud
    stack: RunningStack = request.getfixturevalue("running_stack")
    return deployment_of(stack.env, stack.api_url)
