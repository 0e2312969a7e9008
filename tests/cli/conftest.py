"""The fixture that every test of the command line uses."""
import pytest

from caller import Caller


@pytest.fixture
def auditkeep(tmp_path):
    return Caller(tmp_path)
