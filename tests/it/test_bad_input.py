"""Calls, databases and data that are wrong: a clear text, the right status, nothing lost."""
import json
import signal
import time

import pytest

from harness import node_make, sample_events, stop, wait_for


def complains(result, *words):
    """The error names these things, in one line of lower case with no full stop."""
    line = result.err.strip().splitlines()[-1]
    for word in words:
        assert word in result.err, str(result)
    assert not line.endswith("."), line
    assert "(null)" not in result.err, line


# ---- the database ----

def test_no_server(make_world):
    world = make_world()
    for command in (["archive", "--once"], ["verify", "--what", "source"], ["status"], ["init"]):
        result = world.run(*command, status=3,
                           env={"DATABASE_URL": "postgresql://nobody:geheim@127.0.0.1:1/audit"})
        complains(result, "127.0.0.1")
        assert "geheim" not in result.err + result.out


def test_no_such_database(make_world):
    world = make_world("postgres", "file")
    result = world.run("archive", "--once", status=2,
                       env={"DATABASE_URL": world.source.url + "_absent"})
    complains(result, world.source.name + "_absent", "hint")


def test_wrong_database_password(make_world):
    world = make_world("postgres", "file")
    user, rest = world.source.url.split("@")
    result = world.run("archive", "--once", status=3, env={"DATABASE_URL": user + "wrong@" + rest})
    assert user.rsplit(":", 1)[1] not in result.err


def test_no_database_file(make_world, tmp_path):
    world = make_world()
    result = world.run("archive", "--once", status=None,
                       env={"DATABASE_URL": f"sqlite:{tmp_path}/absent/audit.db"})
    assert result.status in (2, 3), str(result)
    complains(result, "absent/audit.db")


def test_file_that_is_no_database(make_world, tmp_path):
    world = make_world()
    (tmp_path / "notes.db").write_text("these are notes, no database\n" * 100)
    result = world.run("archive", "--once", status=None,
                       env={"DATABASE_URL": f"sqlite:{tmp_path}/notes.db"})
    assert result.status in (2, 3), str(result)
    complains(result, "notes.db")
    assert (tmp_path / "notes.db").read_text().startswith("these are notes")


def test_schema_without_init(source_world):
    result = source_world.archive_once(status=2)
    complains(result, "init")


@pytest.mark.parametrize("column", ["prev_hash", "payload", "id"])
def test_missing_column(source_world, column):
    source = source_world.source
    kept = [c for c in ("id", "event_type", "payload", "prev_hash") if c != column]
    source.execute("CREATE TABLE audit_events (" + ", ".join(f"{c} text" for c in kept)
                   + ", hash text, signature text, signer_id text, ts timestamptz)")
    complains(source_world.run("init", status=2), column)
    complains(source_world.archive_once(status=2), column)


def test_table_is_not_there(source_world):
    source_world.init()
    result = source_world.archive_once("--table", "no_such_table", status=2)
    complains(result, "no_such_table")


# ---- events ----

def test_oversized_event_is_refused_by_append(source_world):
    source_world.init()
    event = {"eventType": "big", "payload": {"text": "x" * (64 << 20)}}
    result = source_world.run("append", stdin=json.dumps(event) + "\n", status=2)
    complains(result, "--max-event-bytes")
    assert len(result.err) < 4000
    assert source_world.source.events() == []


def test_oversized_row_stops_the_archive_and_is_named(source_world):
    """A row that somebody else wrote: what is before it is archived, nothing is passed over."""
    source_world.init()
    events = list(sample_events(20))
    events[10]["payload"]["text"] = "x" * (64 << 20)
    source_world.run("append", "--max-event-bytes", "128MiB",
                     stdin="".join(json.dumps(event) + "\n" for event in events))
    result = source_world.archive_once(status=2)
    complains(result, events[10]["id"], "--max-event-bytes")
    assert source_world.state()["archived"]["index"] <= 9
    source_world.archive_once("--max-event-bytes", "128MiB")
    source_world.run("verify", "--max-event-bytes", "128MiB")
    assert source_world.state()["archived"]["index"] == 19


@pytest.mark.parametrize("line, word", [
    ("{", "1"), ("[]", "object"), ('{"payload": {}}', "eventType"),
    ('{"eventType": 7, "payload": {}}', "eventType"),
    ('{"eventType": "a", "payload": {"a": 1, "a": 2}}', "duplicate"),
    ('{"eventType": "a", "payload": {"a": 1e999}}', "number"),
    ('{"eventType": "a", "payload": {"a": 01}}', "payload"),
    ('{"eventType": "a", "payload": "\\ud800"}', "surrogate"),
    ('{"eventType": "a", "payload": {}, "id": "no uuid"}', "id"),
    ('{"eventType": "a", "payload": {}, "ts": "yesterday"}', "ts"),
    ('{"eventType": "a", "payload": {}, "colour": 1}', "colour"),
])
def test_bad_line_appends_nothing(source_world, line, word):
    source_world.init()
    good = '{"eventType": "good", "payload": {}}\n'
    result = source_world.run("append", stdin=good + line + "\n" + good, status=2)
    complains(result, "line 2")
    assert result.out == "" or source_world.source.events() != []
    known = {json.loads(row)["id"] if row.startswith("{") else row.split()[0]
             for row in result.out.splitlines()}
    assert {row["id"] for row in source_world.source.events()} == known
    source_world.run("append", stdin=good)
    source_world.assert_whole()


def test_append_without_key_says_which_option(source_world):
    source_world.init()
    result = source_world.run("append", stdin='{"eventType": "a", "payload": {}}\n', status=None,
                              env={"AUDITKEEP_SIGNING_KEY": str(source_world.path / "none.pem")})
    assert result.status == 2
    complains(result, "none.pem")
    assert source_world.source.events() == []


# ---- signers ----

@pytest.mark.parametrize("text, words", [
    (None, ["signers-x.json"]),
    ("{", ["signers-x.json"]),
    ("7", ["signers-x.json"]),
    ('[{"signerId": "bob"}]', ["bob"]),
    ('[{"signerId": "bob", "algorithm": "ed448", '
     '"publicKey": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}]', ["bob", "ed448"]),
    ('[{"signerId": "bob", "algorithm": "ed25519", "publicKey": "AAAA"}]', ["bob"]),
    ('[{"signerId": "bob", "publicKey": "-----BEGIN PUBLIC KEY-----\\n!"}]', ["bob"]),
    ('[{"algorithm": "ed25519", "publicKey": "AAAA"}]', ["signers-x.json"]),
])
def test_bad_signer_file(make_world, text, words):
    world = make_world()
    world.init().append(sample_events(5))
    path = world.path / "signers-x.json"
    if text is not None:
        path.write_text(text)
    for command in (["verify", "--what", "source"], ["archive", "--once"]):
        result = world.run(*command, "--signers", path, status=2)
        complains(result, *words)
    assert world.state()["pending"] == 5
    world.assert_whole()


def test_unknown_signer_is_a_fault_not_an_error(make_world):
    world = make_world()
    world.init().append(sample_events(5))
    rows, world.signers = node_make(world.path / "node", 1, "other signers")
    assert rows
    assert {fault for fault, _ in world.faults("source")} == {"signer_unknown"}


# ---- writers ----

def test_second_archiver_is_told_who_holds_the_chain(source_world):
    source_world.init().append(sample_events(50))
    first = source_world.start("archive", "--follow", "--flush-interval", "100ms")
    try:
        wait_for(lambda: source_world.state()["pending"] == 0 or first.poll() is not None,
                 what="the first archiver at work")
        assert first.poll() is None, first.communicate()
        result = source_world.archive_once(status=4)
        complains(result, "main")
    finally:
        status, err = stop(first)
    assert status == 0, err
    source_world.assert_whole()


def test_two_archivers_at_once_do_the_work_once(make_world):
    world = make_world("postgres", "file")
    world.init().append(sample_events(2000))
    both = [world.start("archive", "--once", "--segment-events", "50") for _ in range(2)]
    statuses = sorted(process.wait(timeout=60) for process in both)
    for process in both:
        process.communicate()
    assert statuses in ([0, 0], [0, 4])
    world.assert_whole()


def test_concurrent_appenders_make_one_chain(source_world):
    source_world.init()
    path = source_world.path / "events.ndjson"
    path.write_text("".join(json.dumps({"eventType": "a", "payload": {"n": n}}) + "\n"
                            for n in range(500)))
    with open(path, "rb") as one, open(path, "rb") as two, open(path, "rb") as three:
        running = [source_world.start("append", stdin=file) for file in (one, two, three)]
        for process in running:
            _, err = process.communicate(timeout=60)
            assert process.returncode == 0, err
    assert len(source_world.source.events()) == 1500
    source_world.assert_whole()


def test_paused_archiver_does_no_harm_when_it_wakes(make_world):
    """SIGSTOP, another takes over, SIGCONT: the sleeper finds itself fenced, or done."""
    world = make_world("postgres", "file")
    world.init().append(sample_events(3000))
    sleeper = world.start("archive", "--once", "--segment-events", "20")
    time.sleep(0.1)
    sleeper.send_signal(signal.SIGSTOP)
    result = world.archive_once("--segment-events", "20", status=None)
    assert result.status in (0, 4), str(result)
    sleeper.send_signal(signal.SIGCONT)
    status = sleeper.wait(timeout=60)
    sleeper.communicate()
    assert status in (0, 4)
    world.assert_whole()


# ---- the call ----

@pytest.mark.parametrize("words, complaint", [
    (["archive", "--onec"], "--onec"), (["archiv"], "archiv"), ([], "command"),
    (["archive", "--segment-events", "zero"], "zero"),
    (["verify", "--what", "everything"], "everything"),
    (["archive", "--retention", "a while"], "a while"),
    (["archive", "--archive", "ftp://x"], "ftp"), (["archive", "--source", "mysql://x"], "--source"),
])
def test_wrong_call(make_world, words, complaint):
    world = make_world()
    result = world.run(*words, status=2)
    assert complaint in result.err


def test_password_on_the_command_line_is_refused(make_world):
    world = make_world()
    result = world.run("status", "--source", "postgresql://u:geheim@127.0.0.1/x", status=2)
    assert "geheim" not in result.err


def test_full_standard_output_is_an_error(make_world):
    world = make_world()
    world.init().append(sample_events(5))
    with open("/dev/full", "w", encoding="ascii") as full:
        process = world.start("verify", "--what", "source", "--json", stdout=full)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 3, err


@pytest.mark.parametrize("command", ["append", "archive", "verify", "init", "restore"])
def test_help_ends_with_the_exit_statuses(make_world, command):
    out = make_world().run(command, "--help").out
    assert "exit status" in out.lower()
