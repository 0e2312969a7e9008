"""Defaults < configuration file < environment < command line, each named when it is wrong."""
import pytest


@pytest.fixture
def conf(tmp_path):
    def write(text):
        path = tmp_path / "my.conf"
        path.write_text(text)
        return path
    return write


@pytest.mark.parametrize("text, complaint", [
    ("[archive]\nretentoin=1 day\n",
     "section 'archive' has no key 'retentoin'; hint: did you mean 'retention'?"),
    ("[arkive]\nretention=1 day\n", "section 'arkive' is unknown, key 'retention'"),
    ("[archive]\nretention=later\n",
     "section 'archive', key 'retention': 'later' is not a period; hint: write '7 years', "
     "'18 months' or '90 days'"),
    ("[log]\nlevel=loud\n",
     "section 'log', key 'level': 'loud' is not one of error|warning|info|debug"),
])
def test_wrong_file(auditkeep, conf, text, complaint):
    path = conf(text)
    text = auditkeep.refused("status", "--config", path)
    assert text.startswith(f"configuration file '{path}'")
    assert text.endswith(complaint)


def test_missing_file(auditkeep):
    text = auditkeep.refused("status", "--config", "none.conf")
    assert text.startswith("configuration file 'none.conf' cannot be read: ")


def test_wrong_environment(auditkeep):
    text = auditkeep.refused("archive", env={"AWS_MAX_ATTEMPTS": "many"})
    assert text == "environment variable AWS_MAX_ATTEMPTS: 'many' is not a whole number"


def test_environment_that_the_command_does_not_use(auditkeep):
    assert auditkeep("canonical", stdin=b"1", env={"AWS_MAX_ATTEMPTS": "many"}).out == "1"


def test_file_named_by_the_environment(auditkeep, conf):
    path = conf("[log]\nlevel=loud\n")
    assert "my.conf" in auditkeep.refused("status", env={"AUDITKEEP_CONFIG": str(path)})


def test_precedence(auditkeep, conf):
    """The chain that is complained about is the one that counts."""
    path = conf("[source]\nsource=sqlite:x\nchain=file\nwhere_column=tenant\n")
    assert "chain 'file'" in auditkeep.refused("status", "--config", path)
    env = {"AUDITKEEP_CHAIN": "env"}
    assert "chain 'env'" in auditkeep.refused("status", "--config", path, env=env)
    assert "chain 'line'" in auditkeep.refused("status", "--config", path, "--chain", "line", env=env)


@pytest.mark.parametrize("key, text", [("source", "chain=a b"), ("checkpoint", "origin=a+b"),
                                       ("chain a b", "table=t"), ("chain a", "origin=a b")])
def test_names_that_no_checkpoint_could_bear(auditkeep, conf, key, text):
    path = conf(f"[{key}]\n{text}\n")
    assert "is not a name of 1 to" in auditkeep.refused("archive", "--config", path)


@pytest.mark.parametrize("name", ["AUDITKEEP_CHAIN", "AUDITKEEP_ORIGIN"])
def test_names_in_the_environment(auditkeep, name):
    text = auditkeep.refused("archive", env={name: "a b"})
    assert name in text and "'a b' is not a name of 1 to" in text


def test_sample_is_a_configuration(auditkeep, conf):
    """All keys uncommented, with the defaults that stand there."""
    sample = auditkeep("init", "--print-config").out
    keys = [line[1:] if line.startswith("#") and line[1:2] not in (" ", "") else line
            for line in sample.splitlines()]
    path = conf("\n".join(keys))
    assert auditkeep("canonical", "--config", path, stdin=b"1").out == "1"
    assert any(line.startswith("retention=7 years") for line in keys)


def test_init_writes_a_configuration_once(auditkeep, tmp_path):
    path = tmp_path / "new.conf"
    out = auditkeep("init", "--config", path, "--key", "archiver.pem").out
    assert out == (f"created configuration '{path}'\ncreated checkpoint key 'archiver.pem'\n"
                   "created its public half 'archiver.pem.pub'\n")
    assert "\nkey=archiver.pem\n" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    out = auditkeep("init", "--config", path).out
    assert out == (f"kept configuration '{path}'\nkept checkpoint key 'archiver.pem'\n"
                   "kept its public half 'archiver.pem.pub'\n")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_init_makes_an_event_key_and_its_registry(auditkeep, tmp_path):
    words = ["init", "--signing-key", "events.pem", "--signer-id", "app", "--signers", "s.json"]
    auditkeep(*words)
    assert '"signerId":"app"' in (tmp_path / "s.json").read_text()
    assert (tmp_path / "events.pem").stat().st_mode & 0o777 == 0o600
    assert "kept signer registry" in auditkeep(*words).out
    words[4] = "other"
    assert 'add to it: {"signerId":"other"' in auditkeep(*words).out


def test_init_dry_run_writes_nothing(auditkeep, tmp_path):
    out = auditkeep("init", "--dry-run", "--config", "new.conf", "--key", "archiver.pem").out
    assert out == ("-- would create configuration 'new.conf'\n"
                   "-- would create checkpoint key 'archiver.pem'\n"
                   "-- would create its public half 'archiver.pem.pub'\n")
    assert list(tmp_path.iterdir()) == []


def test_init_refuses_a_key_of_another_kind(auditkeep, tmp_path):
    (tmp_path / "archiver.pem").write_text("no key\n")
    text = auditkeep.refused("init", "--key", "archiver.pem", status=2)
    assert "archiver.pem" in text
    assert (tmp_path / "archiver.pem").read_text() == "no key\n"
