"""The channel and the SQL API against a Snowflake of the tests' own, fault by fault."""
import json
import os
import subprocess

import pytest

import snowflake_token
from harness import PROGRAM
from snowflake_server import Reply, Snowflake, refusal

TOOL = PROGRAM.parent / "tests/tools/snowflake_client"
CHANNEL = "AUDITKEEP_DEFAULT"
PASSPHRASE = "open sesame"


def make_key(path, passphrase=None):
    words = ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
    if passphrase:
        words += ["-aes-256-cbc", "-pass", "pass:" + passphrase]
    subprocess.run([*words, "-out", str(path)], check=True, capture_output=True)
    return path


@pytest.fixture(scope="session")
def key_files(tmp_path_factory):
    path = tmp_path_factory.mktemp("keys")
    return (make_key(path / "one.p8"), make_key(path / "two.p8"),
            make_key(path / "locked.p8", PASSPHRASE))


@pytest.fixture
def sf(key_files, tmp_path):
    """With the first key in its slot. After the test: nothing that breaks the protocol was sent."""
    server = Snowflake([snowflake_token.PublicKey.of(key_files[0])], tmp_path)
    yield server
    server.close()
    assert server.violations == []


class Tool:
    """A process with one channel."""

    def __init__(self, sf, key, **more):
        env = {"PATH": os.environ["PATH"], "SNOWFLAKE_ACCOUNT": "myorg-myacct",
               "SNOWFLAKE_HOST": sf.url, "SNOWFLAKE_USER": "audit_svc", "SNOWFLAKE_KEY": str(key),
               "SNOWFLAKE_TABLE": sf.table, "SNOWFLAKE_TIMEOUT": "60000",
               "SNOWFLAKE_COMMIT": "60000", "SNOWFLAKE_KNOWN": "0", "NO_PROXY": "*"}
        env |= {"SNOWFLAKE_" + name.upper(): value for name, value in more.items()}
        self.process = subprocess.Popen([TOOL], env=env, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        log = self.process.stderr.read()
        self.process.wait(60)
        self.process.stdout.close()
        self.process.stderr.close()
        assert "Bearer" not in log and "eyJ" not in log and "ver:1" not in log

    def __call__(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip("\n")

    def said(self):
        """What it said before it ended by itself."""
        out, err = self.process.communicate(timeout=60)
        return out + err


@pytest.fixture
def tool(sf, key_files):
    with Tool(sf, key_files[0]) as running:
        yield running


def stored(sf):
    """The indexes in the table, in order."""
    return [int(row["SEQ"]) for row in sf.db.rows()]


def requests(sf, call):
    return [made for made in sf.requests if made[0] == call]


# ---- the calls, to the letter ----

def test_rows_are_in_the_table_once_they_are_committed(sf, tool):
    assert tool("open -1") == "open -1"
    assert tool("send 0 9") == "taken"
    assert tool("wait 9") == "poll 9"
    assert stored(sf) == list(range(10))


@pytest.mark.parametrize("is_bare", [False, True])
def test_host_and_token_come_as_json_or_as_bare_text(sf, tool, is_bare):
    sf.is_bare = is_bare
    assert tool("open -1") == "open -1"


def test_requests_have_the_documented_shape(sf, tool):
    tool("open -1")
    tool("send 0 2")
    tool("poll")
    pipe = "/v2/streaming/databases/AUDIT/schemas/LAND/pipes/AUDIT_EVENTS_LAND-STREAMING"
    assert [(made[0], made[1], made[2]) for made in sf.requests] == [
        ("hostname", "GET", "/v2/streaming/hostname"),
        ("token", "POST", "/oauth/token"),
        ("open", "PUT", f"{pipe}/channels/{CHANNEL}"),
        ("append", "POST", pipe.replace("streaming/", "streaming/data/", 1)
         + f"/channels/{CHANNEL}/rows"),
        ("status", "POST", f"{pipe}:bulk-channel-status")]
    append = sf.requests[3]
    assert append[3]["startOffsetToken"] == "0" and append[3]["endOffsetToken"] == "2"
    assert append[4]["Content-Encoding"] == "zstd"
    assert "_" not in append[4]["Host"], "the name of the host is used as it came"


def test_the_older_spelling_has_one_offset_token(sf, key_files):
    sf.spelling = "old"
    with Tool(sf, key_files[0], old="1") as tool:
        tool("open -1")
        assert tool("send 0 2") == "taken"
    assert requests(sf, "append")[0][3]["offsetToken"] == "2"


def test_the_row_keeps_the_lines_exact_bytes(sf, tool):
    tool("open -1")
    tool("send 0 0 500")
    row = sf.db.rows()[0]
    assert len(json.loads(row["RAW"])["payload"]) == 500
    assert row["CHAIN_ID"] == "default" and row["PREV_HASH"] is None
    assert row["OCCURRED_AT"] == "1970-01-01T00:00:00Z"


def test_a_large_batch_is_cut_into_requests(sf, tool):
    tool("open -1")
    assert tool("send 0 49 400000") == "taken"
    assert stored(sf) == list(range(50))
    sizes = [made[5] for made in requests(sf, "append")]
    assert len(sizes) > 1 and max(sizes) <= 3584 * 1024


def test_an_event_beyond_any_request_goes_by_its_place_in_the_archive(sf, tool):
    tool("open -1")
    assert tool("send 0 0 16000000 audit/2025/02/01/default.ndjson.zst") == "taken"
    row = sf.db.rows()[0]
    assert row["RAW"] is None and row["ARCHIVE_KEY"].startswith("audit/")


def test_an_event_beyond_any_request_without_a_place_stops(sf, tool):
    tool("open -1")
    said = tool("send 0 0 16000000")
    assert said.startswith("error bad_input event 0 is too large")
    assert stored(sf) == []


def test_drop_deletes_the_channel_and_its_token(sf, tool):
    tool("open -1")
    tool("send 0 4")
    tool("wait 4")
    assert tool("drop") == "dropped"
    assert tool("open 4") == ("error gap snowflake_gap: channel 'AUDITKEEP_DEFAULT' went back from "
                              "index 4 to -1; hint: was the table or the channel made anew?")


def test_a_process_that_ends_keeps_the_channel(sf, key_files, tool):
    tool("open -1")
    tool("send 0 4")
    with Tool(sf, key_files[0]) as other:
        assert other("open 4") == "open 4"
    assert sf.count("drop") == 0


# ---- who we are ----

def test_the_second_key_serves_when_the_first_is_refused(sf, key_files):
    sf.keys = [snowflake_token.PublicKey.of(key_files[1])]
    with Tool(sf, key_files[0], key_2=str(key_files[1])) as tool:
        assert tool("open -1") == "open -1"


def test_a_key_that_is_not_registered_is_denied(sf, key_files):
    with Tool(sf, key_files[1]) as tool:
        said = tool("open -1")
    assert said.startswith("error denied cannot ask for the ingest host: HTTP 401 390144")
    assert "RSA_PUBLIC_KEY_FP" in said and "eyJ" not in said


def test_a_locked_key_opens_with_its_passphrase(sf, key_files):
    sf.keys = [snowflake_token.PublicKey.of(key_files[2], PASSPHRASE)]
    with Tool(sf, key_files[2], passphrase=PASSPHRASE) as tool:
        assert tool("open -1") == "open -1"


@pytest.mark.parametrize("passphrase", [None, "wrong"])
def test_a_locked_key_stays_locked_without_it(sf, key_files, passphrase):
    more = {"passphrase": passphrase} if passphrase else {}
    tool = Tool(sf, key_files[2], **more)
    said = tool.said()
    assert said.startswith("error config key file") and "passphrase" in said
    assert tool.process.returncode == 2 and "wrong" not in said


@pytest.mark.parametrize("skew", [-7200, 7200])
def test_a_clock_that_is_off_follows_the_servers(sf, tool, skew):
    sf.skew = skew
    assert tool("open -1") == "open -1"
    assert sf.count("hostname") == 2


def test_an_expired_token_is_fetched_again(sf, tool):
    tool("open -1")
    sf.expire_tokens()
    assert tool("send 0 4") == "taken"
    assert sf.count("token") == 2 and stored(sf) == list(range(5))


def test_a_token_refused_twice_is_an_error(sf, tool):
    tool("open -1")
    sf.script("append", refusal(401, "390114"), refusal(401, "390114"))
    assert tool("send 0 4").startswith("error denied cannot append to channel")
    assert stored(sf) == []


def test_forbidden_stops_and_names_the_grants(sf, tool):
    sf.script("open", refusal(403, "390189", "not authorized"))
    said = tool("open -1")
    assert said.startswith("error denied cannot open channel") and "snowflake ddl" in said


@pytest.mark.parametrize("host", ["evil.example.com", "127.0.0.1@evil.example.com", "a b", ""])
def test_no_token_goes_to_a_strangers_host(sf, tool, host):
    sf.script("hostname", ("done", Reply(200, host)))
    assert tool("open -1").startswith(("error denied", "error bad_input"))
    assert sf.count("token") == 0


# ---- an append whose fate is not known ----

@pytest.mark.parametrize("fault", [
    "lost", ("done", Reply(500, "")), ("done", Reply(502, "<html>")), ("done", Reply(503, "")),
    ("done", Reply(504, "")), ("done", Reply(408, "")), "garbage",
    ("done", refusal(500, "ERR_GENERAL_EXCEPTION_RETRY_REQUEST"))], ids=str)
def test_rows_that_were_taken_all_the_same_are_not_sent_again(sf, tool, fault):
    tool("open -1")
    sf.commit_polls = 2
    sf.script("append", fault)
    assert tool("send 0 9") == "lost"
    assert sf.count("append") == 1
    assert tool("open -1") == "open 9"
    assert tool("send 10 19") == "taken"
    assert tool("wait 19") == "poll 19"
    assert stored(sf) == list(range(20))


@pytest.mark.parametrize("fault", ["cut", Reply(500, ""), Reply(503, "")], ids=str)
def test_rows_that_were_not_taken_are_sent_again_after_opening(sf, key_files, fault):
    with Tool(sf, key_files[0], commit="300") as tool:
        tool("open -1")
        sf.script("append", fault)
        assert tool("send 0 9") == "lost"
        assert tool("open -1") == "open -1"
        assert tool("send 0 9") == "taken"
    assert stored(sf) == list(range(10))


def test_an_answer_that_comes_too_late_is_no_answer(sf, key_files):
    with Tool(sf, key_files[0], timeout="2000") as tool:
        tool("open -1")
        sf.script("append", "late")
        assert tool("send 0 9") == "lost"
        assert tool("open -1") == "open 9"
    assert stored(sf) == list(range(10))


@pytest.mark.parametrize("fault", [
    Reply(429, "", {"Retry-After": "1"}), refusal(503, "ReceiverSaturated"),
    Reply(400, "\"MemoryThresholdExceededInContainer\"")], ids=str)
def test_rows_that_were_turned_away_go_again_with_the_same_token(sf, tool, fault):
    tool("open -1")
    sf.script("append", fault, fault)
    assert tool("send 0 9") == "taken"
    tokens = [made[3]["continuationToken"] for made in requests(sf, "append")]
    assert len(tokens) == 3 and len(set(tokens)) == 1
    assert stored(sf) == list(range(10))


def test_a_body_that_is_too_large_is_halved(sf, tool):
    tool("open -1")
    sf.script("append", Reply(413, ""))
    assert tool("send 0 9") == "taken"
    assert stored(sf) == list(range(10)) and sf.count("append") == 3


# ---- the channel is not ours any more ----

@pytest.mark.parametrize("code", [
    "STALE_CONTINUATION_TOKEN_SEQUENCER", "ERR_CHANNEL_MUST_BE_REOPENED",
    "ERR_CHANNEL_MUST_BE_REOPENED_DUE_TO_ROW_SEQ_GAP", "ERR_CHANNEL_HAS_INVALID_ROW_SEQUENCER",
    "ERR_CHANNEL_HAS_INVALID_CLIENT_SEQUENCER",
    "ERR_CHANNEL_DOES_NOT_EXIST_OR_IS_NOT_AUTHORIZED", "STALE_PIPE_CACHE"])
def test_it_is_opened_again_where_the_code_says_so(sf, tool, code):
    reopen_after(sf, tool, {"code": code, "message": "x"})


@pytest.mark.parametrize("body", [{"error_code": "STALE_PIPE_CACHE"}, "\"STALE_PIPE_CACHE\"",
                                  "STALE_PIPE_CACHE: the pipe changed"], ids=str)
def test_a_code_is_found_in_any_of_its_shapes(sf, tool, body):
    reopen_after(sf, tool, body)


def reopen_after(sf, tool, body):
    tool("open -1")
    sf.script("append", Reply(400, body))
    assert tool("send 0 9") == "lost"
    assert tool("open -1") == "open -1"
    assert tool("send 0 9") == "taken"
    assert stored(sf) == list(range(10))


def test_a_second_writer_fences_the_first(sf, key_files, tool):
    tool("open -1")
    tool("send 0 4")
    with Tool(sf, key_files[0]) as other:
        assert other("open 4") == "open 4"
        assert tool("send 5 9") == "lost"
        assert other("send 5 9") == "taken"
    assert stored(sf) == list(range(10))


def test_two_writers_that_fight_are_stopped(sf, tool):
    tool("open -1")
    for _ in range(3):
        sf.script("append", refusal(400, "STALE_CONTINUATION_TOKEN_SEQUENCER"))
        assert tool("send 0 9") == "lost"
        assert tool("open -1") == "open -1"
    sf.script("append", refusal(400, "STALE_CONTINUATION_TOKEN_SEQUENCER"))
    assert tool("send 0 9") == "lost"
    assert tool("open -1").startswith("error fenced channel")


def test_an_idle_channel_that_is_invalid_shows_in_its_status(sf, tool):
    tool("open -1")
    tool("send 0 4")
    sf.invalidate(CHANNEL)
    assert tool("poll") == "lost 4"
    assert tool("open 4") == "open 4"


def test_a_pipe_that_moves_is_followed(sf, tool):
    tool("open -1")
    tool("send 0 4")
    sf.fail_over()
    assert tool("send 5 9") == "lost"
    assert tool("open 4") == "open 4"
    assert tool("send 5 9") == "taken"
    assert sf.count("hostname") == 2 and stored(sf) == list(range(10))


def test_rows_on_their_way_are_waited_for_at_opening(sf, key_files, tool):
    sf.commit_polls = 4
    tool("open -1")
    tool("send 0 9")
    with Tool(sf, key_files[0]) as other:
        assert other("open -1") == "open 9"
    bodies = sf.count("open")
    assert bodies > 2 and stored(sf) == list(range(10))


def test_rows_that_never_arrive_are_dropped_and_sent_again(sf, key_files, tool):
    sf.commit_polls = 10 ** 6
    tool("open -1")
    tool("send 0 9")
    with Tool(sf, key_files[0], commit="300") as other:
        assert other("open -1") == "open -1"
        sf.commit_polls = 0
        assert other("send 0 9") == "taken"
    assert stored(sf) == list(range(10))


def test_an_opening_that_is_under_way_is_tried_again(sf, tool):
    sf.script("open", refusal(409, "ERR_OPEN_CHANNEL_IN_PROGRESS"))
    assert tool("open -1") == "open -1"


def test_a_pipe_that_does_not_exist_stops(sf, key_files):
    with Tool(sf, key_files[0], table="OTHER") as tool:
        said = tool("open -1")
    assert said.startswith("error missing cannot open channel")


# ---- rows that the table does not take ----

def test_rows_that_are_dropped_stop_the_sink(sf, tool):
    sf.is_rejected = lambda row: row["SEQ"] == "7"
    tool("open -1")
    assert tool("send 0 9") == "taken"
    said = tool("poll")
    assert said.startswith("error gap snowflake_gap: channel 'AUDITKEEP_DEFAULT' dropped 1 rows, "
                           "the last one at or before index 9")
    assert "SECRET-PAYLOAD" not in said


def test_rows_that_were_dropped_before_a_crash_stop_it_too(sf, key_files, tool):
    sf.is_rejected = lambda row: row["SEQ"] == "7"
    tool("open -1")
    tool("send 0 9")
    with Tool(sf, key_files[0]) as other:
        assert other("open 5").startswith("error gap snowflake_gap")


def test_rows_that_were_dropped_and_looked_into_do_not(sf, key_files, tool):
    sf.is_rejected = lambda row: row["SEQ"] == "7"
    tool("open -1")
    tool("send 0 9")
    with Tool(sf, key_files[0], known="1") as other:
        assert other("open 5") == "open 9"
        assert other("send 10 12") == "taken"
        assert other("wait 12") == "poll 12"


def test_a_token_that_goes_back_stops_the_sink(sf, tool):
    tool("open -1")
    tool("send 0 9")
    tool("wait 9")
    sf.channels[CHANNEL].committed = "3"
    assert tool("poll").startswith("error gap snowflake_gap: channel 'AUDITKEEP_DEFAULT' went back "
                                   "from index 9 to 3")


def test_a_token_that_is_no_index_stops_the_sink(sf, tool):
    tool("open -1")
    sf.channels[CHANNEL].committed = "2025-02-01"
    assert tool("poll").startswith("error gap snowflake_gap: channel 'AUDITKEEP_DEFAULT' stands at "
                                   "the offset token '2025-02-01'")


# ---- faults of calls that may be sent again ----

@pytest.mark.parametrize("call", ["hostname", "token", "open"])
@pytest.mark.parametrize("fault", ["lost", Reply(500, ""), Reply(429, "")], ids=str)
def test_calls_that_do_no_harm_twice_are_tried_again(sf, tool, call, fault):
    sf.script(call, fault)
    assert tool("open -1") == "open -1"


@pytest.mark.parametrize("call", ["token", "open", "status"])
def test_an_answer_that_cannot_be_read_is_an_error(sf, tool, call):
    sf.script(call, "garbage")
    said = tool("open -1")
    if call == "status":
        said = tool("poll")
    assert said.startswith("error bad_input cannot ")


def test_a_status_that_does_not_answer_is_asked_again(sf, tool):
    tool("open -1")
    tool("send 0 4")
    sf.script("status", "cut", Reply(503, ""))
    assert tool("poll") == "poll 4"


# ---- SQL ----

COUNT = 'SELECT COUNT(*) FROM "AUDIT"."LAND"."AUDIT_EVENTS_LAND"'


def test_a_statement_gives_its_rows(sf, tool):
    tool("open -1")
    tool("send 0 9")
    assert tool(f"sql {COUNT}") == "rows 1 10"


@pytest.mark.parametrize("verb", ["sql", "async"])
def test_a_statement_that_runs_on_is_waited_for(sf, tool, verb):
    sf.statements.running_polls = 3
    assert tool(f"{verb} {COUNT}") == "rows 1 0"
    made = requests(sf, "sql")
    assert made[0][3].get("async") == ("true" if verb == "async" else None)
    assert [one[1] for one in made] == ["POST", "GET", "GET", "GET"]


def test_a_result_of_many_partitions_is_read_whole(sf, tool):
    sf.statements.partition_rows = 3
    tool("open -1")
    tool("send 0 9")
    assert tool('sql SELECT SEQ FROM "AUDIT"."LAND"."AUDIT_EVENTS_LAND"') == "rows 10 0 1 2"
    assert sf.count("sql") == 4


@pytest.mark.parametrize("fault", ["lost", ("done", Reply(503, "")), Reply(429, "")], ids=str)
def test_a_statement_is_carried_out_once(sf, tool, fault):
    sf.script("sql", fault)
    assert tool(f"sql {COUNT}") == "rows 1 0"
    first, again = requests(sf, "sql")
    assert first[3]["requestId"] == again[3]["requestId"]
    assert "retry" not in first[3] and again[3]["retry"] == "true"
    assert len(sf.db.executed) == 1


def test_a_statement_that_fails_says_why(sf, tool):
    said = tool('sql SELECT 1 FROM "AUDIT"."LAND"."OTHER"')
    assert said.startswith("error missing cannot run a statement: SQL error 002003")


def test_a_statement_that_runs_out_of_its_time_is_a_timeout(sf, tool):
    slow = Reply(408, {"code": "000630", "message": "Statement reached its timeout."})
    sf.script("sql", slow)
    assert tool(f"sql {COUNT}").startswith("error timeout cannot run a statement")


# ---- the token check itself ----

def test_the_check_of_tokens_can_fail(key_files):
    key = snowflake_token.PublicKey.of(key_files[0])
    signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", str(key_files[0])],
                            input=b"text", check=True, capture_output=True).stdout
    assert key.verifies(b"text", signed)
    assert not key.verifies(b"Text", signed)
    assert not snowflake_token.PublicKey.of(key_files[1]).verifies(b"text", signed)
