"""Fixtures: 'world' comes once per source and archive, the others pick one of a kind."""
import pytest

from harness import Bucket, Folder, Postgres, Sqlite, World

PAIRS = [("sqlite", "file"), ("sqlite", "s3"), ("postgres", "file"), ("postgres", "s3")]


@pytest.fixture
def make_world(tmp_path):
    """make_world('sqlite'|'postgres', 'file'|'s3'): a fresh one; closed after the test."""
    opened = []

    def keep(thing):
        opened.append(thing)
        return thing

    def make(source="sqlite", archive="file"):
        path = tmp_path / f"world{len(opened)}"
        path.mkdir()
        return World(path,
                     keep(Sqlite(path / "audit.db") if source == "sqlite" else Postgres()),
                     keep(Folder(path / "archive") if archive == "file" else Bucket()))

    make.keep = keep
    yield make
    for thing in reversed(opened):
        thing.close()


@pytest.fixture(params=PAIRS, ids="-".join)
def world(request, make_world):
    return make_world(*request.param)


@pytest.fixture(params=["sqlite", "postgres"])
def source_world(request, make_world):
    return make_world(request.param, "file")


@pytest.fixture(params=["file", "s3"])
def archive_world(request, make_world):
    return make_world("sqlite", request.param)
