import pytest
from tests.integration.pytest_plugin.project import Project


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)
