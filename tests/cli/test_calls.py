"""Wrong calls: one line that says what is wrong and what would be right; status 2."""
import json
import os
import subprocess

import pytest

from caller import PROGRAM


@pytest.mark.parametrize("words, text", [
    ([], "no command given; hint: 'auditkeep help' lists them"),
    (["archiv"], "command 'archiv' is unknown; hint: did you mean 'archive'?"),
    (["frobnicate"], "command 'frobnicate' is unknown; hint: 'auditkeep help' lists them"),
    (["verify", "--sinec", "x"], "option '--sinec' is unknown; hint: did you mean '--since'?"),
    (["verify", "--zzzzzzz"], "option '--zzzzzzz' is unknown; hint: see 'auditkeep help'"),
    (["verify", "-q"], "option '-q' is unknown; hint: see 'auditkeep help'"),
    (["verify", "--limit"], "option '--limit' needs a value; hint: --limit N"),
    (["verify", "--limit="], "option '--limit' needs a value that is not empty"),
    (["verify", "--json=1"], "option '--json' takes no value"),
    (["verify", "--limit", "-3"], "option '--limit': '-3' is not a whole number"),
    (["verify", "--what", "all"],
     "option '--what': 'all' is not one of source|archive|cross|kafka|snowflake"),
    (["verify", "--what", "source,archiv"],
     "option '--what': 'archiv' is not one of source|archive|cross|kafka|snowflake; "
     "hint: did you mean 'archive'?"),
    (["verify", "--since", "yesterday"],
     "option '--since': 'yesterday' is not a time; hint: write RFC 3339, '2025-02-01T00:00:00Z'"),
    (["archive", "--retention", "long"],
     "option '--retention': 'long' is not a period; hint: write '7 years', '18 months' or '90 days'"),
    (["archive", "--segment-events", "0"],
     "option '--segment-events': '0' is out of range, 1 to 1048576"),
    (["archive", "--segment-bytes", "1 MB"],
     "option '--segment-bytes': '1 MB' is not a size; hint: write bytes, or '16MiB'"),
    (["archive", "--flush-interval", "10"],
     "option '--flush-interval': '10' is not a duration; hint: write '500ms', '30s', '5min', '1h' "
     "or '2d'"),
    (["status", "--limit", "3"],
     "option '--limit' does not apply to 'status'; hint: see 'auditkeep status --help'"),
    (["status", "x"], "argument 'x' is one too many; hint: auditkeep status [OPTION]... "),
    (["get"], "an argument is missing; hint: auditkeep get [OPTION]... ID"),
    (["get", "seven"], "argument 'seven' is not the id of an event, a UUID"),
    (["status"], "'status' needs --source; hint: give it, or set DATABASE_URL or its key in the "
                 "configuration file"),
    (["status", "--source", "sqlite:x", "--chain", "A"],
     "option '--chain': 'A' is not a name of 1 to 63 characters of a-z, 0-9, '_' and '-'"),
    (["archive", "--origin", "our audit"],
     "option '--origin': 'our audit' is not a name of 1 to 255 bytes without blanks and '+'; "
     "hint: name the archive, such as 'audit.example.org'"),
    (["deliver", "--source", "sqlite:x", "--sink", "amqp://h/queue"],
     "cannot tell what kind of sink the URL names; hint: --sink kafka://HOST:PORT/TOPIC or "
     "snowflake://ACCOUNT/DATABASE/SCHEMA/TABLE"),
    (["deliver", "--source", "sqlite:x"],
     "'deliver' needs --sink; hint: give it, or set AUDITKEEP_SINK or its key in the "
     "configuration file"),
    (["verify", "--source", "sqlite:x", "--what", "kafka"],
     "--what kafka needs to know which; hint: --sink kafka://…"),
    (["deliver", "--follow", "--once"], "--follow and --once exclude each other"),
    (["archive", "--follow", "--once"], "--follow and --once exclude each other"),
    (["restore"], "'restore' writes into the database at --source; hint: --dry-run shows what it "
                  "would do, --yes does it"),
    (["init"], "there is nothing to do; hint: give --source, --config, --key or --signing-key"),
    (["man", "nothing"], "command 'nothing' is unknown; hint: 'auditkeep help' lists them"),
    (["completion", "csh"], "shell 'csh' is unknown; hint: one of bash, zsh, fish"),
    (["verify", "--source", "sqlite:x", "--require-signatures", "--what", "source"],
     "--require-signatures needs to know who may sign; hint: give --signers FILE"),
])
def test_wrong_call(auditkeep, words, text):
    assert auditkeep.refused(*words) == text.strip()


def test_links_act_as_their_command(auditkeep, tmp_path):
    for link, command in (("audit-archiver", "archive"), ("audit-verify", "verify")):
        os.symlink(PROGRAM, tmp_path / link)
        assert auditkeep("--help", program=tmp_path / link).out == auditkeep(command, "--help").out


def test_link_of_a_later_command(auditkeep, tmp_path):
    os.symlink(PROGRAM, tmp_path / "audit-retention")
    text = auditkeep.refused("run", program=tmp_path / "audit-retention")
    assert text == "'audit-retention' is not in this version: 'retention' comes with a later one"


# ---- secrets ----

@pytest.mark.parametrize("words, env", [
    (["status", "--source", "postgresql://u:geheim@127.0.0.1:1/x"], {}),
    (["status", "--source=host=h password=geheim"], {}),
    (["archive", "--aws-secret-access-key", "geheim"], {}),
    (["archive", "--aws-session-token=geheim"], {}),
    (["status", "--source"], {"DATABASE_URL": "postgresql://u:geheim@127.0.0.1:1/x"}),
    (["status"], {"DATABASE_URL": "mysql://u:geheim@127.0.0.1:1/x"}),
])
def test_a_secret_is_never_shown(auditkeep, words, env):
    assert "geheim" not in auditkeep.refused(*words, env=env)


def test_a_secret_in_the_configuration_is_never_shown(auditkeep, tmp_path):
    conf = tmp_path / "a.conf"
    conf.write_text("[source]\nsource=mysql://u:geheim@h/x\n")
    assert "geheim" not in auditkeep.refused("status", "--config", conf)
    conf.write_text("[source]\npostgresql://u:geheim@h/x\n")
    assert "geheim" not in auditkeep.refused("status", "--config", conf)


# ---- the form of errors ----

def test_error_as_json_when_asked_for(auditkeep):
    result = auditkeep("status", "--log-format", "json", status=2)
    (line,) = result.err.splitlines()
    error = json.loads(line)
    assert error["level"] == "error"
    assert error["error"] == "config"
    assert error["message"].startswith("'status' needs --source")
    assert error["ts"].endswith("Z")
    assert {"remedy", "runbook"} <= error.keys()


def test_error_in_bytes_that_are_no_text(auditkeep):
    text = auditkeep.refused("status", b"--chain=\xff".decode("utf-8", "surrogateescape"))
    assert text == "option '--chain': the value is not UTF-8"


def test_full_output(auditkeep):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([PROGRAM, "help"], stdout=full, stderr=subprocess.PIPE,
                              check=False)
    assert done.returncode == 3
    assert done.stderr.startswith(b"auditkeep: standard output cannot be written: ")
