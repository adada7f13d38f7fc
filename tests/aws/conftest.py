"""The template as CloudFormation sees it."""

import pytest

from tests.support.cloud.template import Template, transformed


@pytest.fixture(scope="session")
def template() -> Template:
    """After SAM's transformation. Tests only read it."""
    return transformed()
