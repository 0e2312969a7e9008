"""Chains that are found in the database, and shared by few threads and many processes."""
import json
import signal
import uuid

import pytest

from harness import COLUMNS, lines_of, node_make, wait_for
from follow import followers

VALUES = {"acme": "acme", "Acme GmbH": "_41cme_20_47mb_48", "a_b": "a_5fb", "": "_",
          "zoë-7": "zo_c3_ab-7"}
QUICK = ("--flush-interval", "10ms", "--poll-interval", "100ms", "--chains-interval", "100ms")


def tenant_id(value, row):
    return str(uuid.uuid5(uuid.NAMESPACE_OID, value + "/" + row["id"]))


class Tenants:
    """One table whose column says whose the event is; the same 12 rows serve each tenant."""

    def __init__(self, world):
        self.world, self.source = world, world.source
        self.source.execute(self.source.kernel_table.rstrip(")") + ", tenant text)")
        self.rows, world.signers = node_make(world.path / "node", 12, "tenants")
        world.env["AUDITKEEP_CONFIG"] = str(world.path / "chains.conf")
        self.configure("chains_column=tenant\n")
        world.run("init")

    def configure(self, keys, rest=""):
        (self.world.path / "chains.conf").write_text(f"[source]\n{keys}\n{rest}")

    def load(self, value, first=0, last=12, but=()):
        self.source.load([{**row, "id": tenant_id(value, row), "tenant": value}
                          for i, row in enumerate(self.rows[:last])
                          if i >= first and i not in but], columns=[*COLUMNS, "tenant"])

    def load_all(self, values, first=0, last=12):
        self.source.load([{**row, "id": tenant_id(value, row), "tenant": value}
                          for value in values for row in self.rows[first:last]],
                         columns=[*COLUMNS, "tenant"])

    def states(self, status=0):
        return {state["chain"]: state for state in map(
            json.loads, lines_of(self.world.run("status", "--json", status=status).out))}

    def heads(self):
        return {chain: state["archived"]["index"] for chain, state in self.states().items()}

    def verdicts(self, status=0):
        out = self.world.run("verify", "--what", "source,archive,cross", "--json",
                             status=status).out
        return {report["chain"]: report["verdict"] for report in map(json.loads, lines_of(out))}


@pytest.fixture(params=["sqlite", "postgres"])
def tenants(request, make_world):
    return Tenants(make_world(request.param, "file"))


def load_empty_text(tenants):
    """COPY reads an empty field as NULL: the tenant '' is renamed into."""
    tenants.load("nobody")
    tenants.source.execute("UPDATE audit_events SET tenant = '' WHERE tenant = 'nobody'")


def test_each_value_is_a_chain(tenants):
    for value in VALUES:
        tenants.load(value) if value else load_empty_text(tenants)
    out = tenants.world.archive_once("--json").out
    assert {(r["chain"], r["events"]) for r in map(json.loads, lines_of(out))} == {
        (name, 12) for name in VALUES.values()}
    assert tenants.verdicts() == dict.fromkeys(VALUES.values(), "clean")
    assert tenants.world.run("status", "--chain", "_41cme_20_47mb_48", "--json").json()[
        "archived"]["index"] == 11
    assert "no chain 'a_b'" in tenants.world.run("status", "--chain", "a_b", status=2).err


def test_found_while_following_and_kept_when_gone(tenants):
    tenants.load("one")
    with followers(tenants.world, 1, *QUICK) as [follower]:
        wait_for(lambda: tenants.heads() == {"one": 11}, what="the first tenant")
        tenants.load("two")
        wait_for(lambda: tenants.heads() == {"one": 11, "two": 11}, what="the new tenant")
        tenants.source.execute("DELETE FROM audit_events WHERE tenant = 'two'")
        tenants.load("three", 0, 6)
        wait_for(lambda: tenants.heads().get("three") == 5, what="the third tenant")
        assert follower.stop() == 0, follower.log()
    assert set(tenants.heads()) == {"one", "two", "three"}
    assert tenants.verdicts(status=1) == {"one": "clean", "two": "faults", "three": "clean"}


def test_a_name_stands_for_one_thing(tenants):
    tenants.load("one")
    tenants.load("two")
    tenants.world.archive_once()
    tenants.configure("where_column=tenant\nwhere_value=two\n")
    refused = tenants.world.archive_once("--chain", "one", status=1)
    assert "chain 'one' is made of the rows with 'one'" in refused.err
    tenants.configure("")
    assert "not of all rows" in tenants.world.archive_once("--chain", "one", status=1).err
    tenants.source.execute(tenants.source.kernel_table.replace("audit_events", "other"))
    tenants.world.run("init", "--table", "other", "--chain", "other")
    assert "other" in tenants.world.archive_once("--table", "other", "--chain", "one",
                                                 status=1).err


def test_limit(tenants):
    tenants.load_all(["one", "two", "three"])
    assert "--chains-limit" in tenants.world.archive_once("--chains-limit", "2", status=2).err
    tenants.world.archive_once("--chains-limit", "3")


def test_a_value_without_a_name_stops_nobody_else(tenants):
    tenants.load("one")
    tenants.load("x" * 64)
    stopped = tenants.world.archive_once(status=2)
    assert "64 characters" in stopped.err
    assert tenants.world.run("status", "--chain", "one", "--json").json()["pending"] == 0


def test_events_without_a_tenant_are_told_of(tenants):
    tenants.load("one")
    tenants.load("two")
    tenants.source.execute("UPDATE audit_events SET tenant = NULL WHERE tenant = 'two'")
    assert "without a value in 'tenant'" in tenants.world.archive_once().err


def test_a_gap_stops_its_chain_only_and_shows(tenants):
    tenants.load("one")
    tenants.load("two", but=[5])
    with followers(tenants.world, 1, *QUICK, "--gap-grace", "1ms") as [follower]:
        wait_for(lambda: tenants.heads() == {"one": 11, "two": 4}, what="both to come so far")
        wait_for(lambda: "chain 'two'" in follower.log(), what="the gap to be told")
        wait_for(lambda: "prev_hash_gap" in str(tenants.states()["two"]["lastError"]),
                 what="the gap in the chain's state")
        wait_for(lambda: "prev_hash_gap" in tenants.world.run("status").out, what="the gap shown")
        tenants.load("three")
        wait_for(lambda: tenants.heads().get("three") == 11, what="a chain after the gap")
        states = tenants.states()
        assert states["one"]["lastError"] is None and states["three"]["lastError"] is None
        assert follower.stop() == 1, follower.log()
    assert tenants.verdicts(status=1)["one"] == "clean"
    tenants.load("two", 5, 6)
    tenants.world.archive_once()
    assert tenants.states()["two"]["lastError"] is None


def test_two_processes_share_many_tenants(tenants):
    names = [f"t{i:02}" for i in range(20)]
    tenants.load_all(names, 0, 4)
    with followers(tenants.world, 2, *QUICK, "--max-chains", "2") as [first, second]:
        wait_for(lambda: tenants.heads() == dict.fromkeys(names, 3), what="the first rows")
        tenants.load_all(names, 4, 8)
        first.signal(signal.SIGKILL)
        tenants.load_all(names, 8, 12)
        wait_for(lambda: tenants.heads() == dict.fromkeys(names, 11), what="the other one")
        assert second.stop() == 0, second.log()
    assert tenants.verdicts() == dict.fromkeys(names, "clean")


def test_more_chains_than_threads(tenants):
    names = [f"t{i}" for i in range(6)]
    tenants.configure("", "".join(
        f"[chain {name}]\nwhere_column=tenant\nwhere_value={name}\n" for name in names))
    tenants.load_all(names, 0, 6)
    with followers(tenants.world, 1, *QUICK, "--max-chains", "2") as [follower]:
        wait_for(lambda: tenants.heads() == dict.fromkeys(names, 5), what="the first rows")
        tenants.load_all(names, 6, 12)
        wait_for(lambda: tenants.heads() == dict.fromkeys(names, 11), what="all rows")
        assert follower.stop() == 0, follower.log()
    assert tenants.verdicts() == dict.fromkeys(names, "clean")


def test_a_lease_is_given_back_after_a_visit(tenants):
    tenants.load("one")
    with followers(tenants.world, 1, *QUICK) as [follower]:
        wait_for(lambda: tenants.heads() == {"one": 11}, what="the rows")
        wait_for(lambda: not tenants.states()["one"]["writer"]["held"], what="the lease's end")
        assert follower.stop() == 0


def test_an_idle_chain_beats(tenants):
    tenants.load("one")
    tenants.world.archive_once()
    with followers(tenants.world, 1, *QUICK, "--heartbeat-interval", "1s") as [follower]:
        wait_for(lambda: any("one-heartbeat" in key
                             for key in tenants.world.archive.objects(".json")),
                 what="a heartbeat")
        assert follower.stop() == 0, follower.log()
    tenants.world.run("verify", "--what", "archive")


def test_query(tenants):
    tenants.load("one")
    tenants.load("two")
    query = ("SELECT 'client-' || tenant, NULL, 'tenant', tenant FROM audit_events "
             "GROUP BY tenant")
    tenants.configure(f"chains_query={query}\n", "[chain client-two]\nretention=9 years\n")
    tenants.world.run("init")
    tenants.world.archive_once()
    assert tenants.verdicts() == {"client-one": "clean", "client-two": "clean"}
    assert tenants.world.run("status", "--chain", "client-two", "--json").json()["pending"] == 0
    tenants.configure("chains_query=SELECT 'both', NULL, 'tenant', tenant FROM audit_events\n")
    assert "more than one thing" in tenants.world.archive_once(status=2).err
    tenants.configure("chains_query=SELECT 1\n")
    assert "four" in tenants.world.archive_once(status=2).err


def test_values_with_more_than_one_text(tenants):
    kind = "tenant numeric" if tenants.source.kind == "postgres" else "tenant text COLLATE NOCASE"
    tenants.source.execute(tenants.source.kernel_table.replace("audit_events", "loose")
                           .rstrip(")") + f", {kind})")
    tenants.world.run("init", "--table", "loose")
    assert "--chains-query" in tenants.world.archive_once("--table", "loose", status=2).err


def test_one_or_the_other(tenants):
    refused = tenants.world.run("status", "--chains-query", "SELECT 1", status=2)
    assert "exclude" in refused.err
    assert "--chain NAME" in tenants.world.run("append", status=2).err
