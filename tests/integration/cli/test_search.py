"""Finding things from the command line: with a real server, its index, and without either."""

import json
import signal
import subprocess
import sys
import threading

import pytest
from tests.support.cli_run import CommandLine
from tests.support.server_process import running_server, start_server

pytestmark = pytest.mark.slow

EVENTS = 1_500


def event(index):
    return {
        "id": f"e{index}",
        "action": "order.refund" if index % 3 else "order.create",
        "actor": {"id": "alice" if index % 2 else "bob"},
        "outcome": "failure" if index % 50 == 0 else "success",
        "targets": [{"type": "order", "id": str(index % 7)}],
        "qa": {"environment": "dev" if index % 5 else "prod"},
        **({"error": {"type": "PaymentError", "message": "card declined"}} if index % 50 == 0 else {}),
    }


LINES = b"".join(json.dumps(event(index)).encode() + b"\n" for index in range(EVENTS))


def expected(matches):
    return [index for index in range(EVENTS) if matches(event(index))]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The command line beside a server with the events."""
    home = tmp_path_factory.mktemp("served")
    with running_server(home / "data", index=True) as server:
        line = CommandLine.at(home, GRAVEN_SERVER=server.url, GRAVEN_TOKEN=server.token)
        line.must("record", "-", stdin=LINES)
        yield line


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The same events in a folder that no server holds."""
    home = tmp_path_factory.mktemp("folder")
    line = CommandLine.at(home, GRAVEN_DATA="d")
    line.must("log", "create", "other", "--data", "d")
    line.must("record", "-", stdin=LINES)
    return line


@pytest.fixture(params=["served", "folder"])
def line(request):
    return request.getfixturevalue(request.param)


def found(line, *arguments):
    return [json.loads(one)["index"] for one in line.must("search", "--json", *arguments).text.splitlines()]


def test_words_are_a_query_and_everything_is_paged(line):
    wanted = expected(lambda e: e["actor"]["id"] == "alice" and e["qa"]["environment"] != "dev")
    assert found(line, "actor:alice", "-env:dev", "--limit", "all") == wanted[::-1]
    assert found(line, "--oldest", "-n", "3", "actor:alice", "-env:dev") == wanted[:3]
    assert len(found(line, "--limit", "all")) == EVENTS


def test_what_was_just_recorded_is_found(line):
    line.must("record", "--action", "just.now", "--actor", "me")
    assert len(found(line, "action:just.now")) >= 1


def test_counts_facets_and_histograms_agree(line):
    query = "outcome:failure"
    wanted = len(expected(lambda e: e["outcome"] == "failure"))
    assert line.must("search", query, "--count").text == f"{wanted}\n"
    facets = json.loads(line.must("search", query, "--by", "error", "--json").text)
    assert facets["facets"]["error"]["values"] == [{"value": "PaymentError", "count": wanted}]
    histogram = json.loads(line.must("search", query, "--histogram", "--by", "outcome", "--json").text)
    assert sum(bucket["count"] for bucket in histogram["buckets"]) == wanted
    assert "PaymentError" in line.must("search", query, "--by", "error").text
    assert "█" in line.must("search", query, "--histogram").text


def test_people_get_sentences_within_the_terminal(line):
    ran = line.must("search", "outcome:failure", "-n", "2")
    heading, *rows = ran.text.splitlines()
    assert "WHO" in heading
    assert all("PaymentError: card declined"[:12] in row and len(row) <= 80 for row in rows)
    assert "more match" in ran.err
    assert "\x1b" not in ran.text


def test_fields_and_templates(line):
    rows = line.must("search", "id:e50", "--fields", "index,target.id,env,time").text.splitlines()
    assert rows[1].split() == ["50", "1", "prod"]
    assert line.must("search", "id:e50", "--template", "{index}|{target}|{outcome}").text == "50|order/1|failure\n"


def test_a_bad_query_is_marked_where_it_is_wrong(line):
    for command in (["search", "outcome:failure", "actr:x"], ["export", "-q", "outcome:failure actr:x"]):
        ran = line.run(*command)
        assert ran.code == 4
        assert "outcome:failure actr:x\n       " + " " * 16 + "^^^^" in ran.err
        assert 'did you mean "actor"?' in ran.err
    problem = json.loads(line.run("search", "--json", "actr:x").err)["error"]
    assert (problem["code"], problem["details"]["position"]) == ("bad_query", 0)


def test_nothing_says_where_the_newest_match_is(line):
    ran = line.must("search", "outcome:failure", "--until", "2020-01-01")
    assert ran.text == ""
    assert f"entry {EVENTS - 50}," in ran.err


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("actor:Alice", "did you mean actor:alice?"),
        ("action:order", "did you mean action:order.*?"),
        ("target.type:Order", "did you mean target.type:order?"),
        ("input.lines.sku:s1", "did you mean input.lines[].sku:s1?"),
        ("labels.tema:qa", "did you mean labels.team:qa?"),
    ],
)
def test_nothing_says_what_was_probably_meant(line, query, meant):
    if not found(line, "labels.team:qa"):
        shaped = {"action": "order.ship", "actor": {"id": "bob"}, "labels": {"team": "qa"}}
        shaped |= {"input": {"lines": [{"sku": "s1"}]}, "targets": [{"type": "order", "id": "1"}]}
        line.must("record", "-", stdin=json.dumps(shaped).encode())
    ran = line.must("search", query)
    assert ran.text == ""
    assert meant in ran.err


def test_a_moment_that_cannot_be_read_is_answered_with_its_spelling(line):
    ran = line.run("search", "--since", "2 hours ago")
    assert ran.code == 4
    assert ran.err.startswith("error: --since '2 hours ago': a time such as")
    assert ran.err.endswith("try: --since 2h\n")


def test_neighbours_of_an_event_by_index_and_by_id(line):
    by_id = json.loads(line.must("around", "e100", "outcome:failure", "-B2", "-A1", "--json").text)
    assert [one["index"] for one in [*by_id["before"], by_id["event"], *by_id["after"]]] == [0, 50, 100, 150]
    shown = line.must("around", "100", "-B1", "-A1").text.splitlines()
    assert [one.split()[0] for one in shown] == ["INDEX", "99", "▶", "101"]
    assert line.run("around", "nobody").code == 5


def test_an_entry_is_shown_and_proven_by_the_id_of_its_event(line):
    assert json.loads(line.must("show", "e100", "--json").text)["index"] == 100
    assert "index 100\n" in line.must("prove", "e100").text
    ran = line.run("show", "e1000000")
    assert ran.code == 5
    assert "graven search id:'e1000000*' finds ids that begin so" in ran.err


def test_beyond_the_end_the_last_entry_is_named(line):
    for command in ("show", "around", "prove"):
        ran = line.run(command, "99999")
        assert ran.code == 5
        assert "the last is " in ran.err
        assert f": graven {command} last" in ran.err


def test_exports_of_a_query(line):
    wanted = expected(lambda e: e["outcome"] == "failure")
    out = line.must("export", "-q", "outcome:failure").text
    assert [json.loads(one)["index"] for one in out.splitlines()] == wanted
    part = line.must("export", "-q", "outcome:failure OR outcome:denied", "--from", "60", "--to", "160").text
    assert [json.loads(one)["index"] for one in part.splitlines()] == [100, 150]
    line.must("export", "-q", "outcome:failure", "--fields", "index,actor", "-o", "f.csv")
    assert (line.home / "f.csv").read_text().splitlines()[:2] == ["index,actor", "0,bob"]
    line.must("export", "-q", "outcome:failure", "--format", "parquet", "-o", "f")
    assert (line.home / "f").read_bytes()[:4] == b"PAR1"
    line.must("export", "-o", "all.parquet")
    assert (line.home / "all.parquet").read_bytes()[:4] == b"PAR1"
    assert len(line.must("export", "-q", "outcome:failure", "--format", "ocsf").text.splitlines()) == len(wanted)
    assert line.run("export", "-q", "a", "--format", "ndjson", "--fields", "index").code == 2


@pytest.mark.parametrize("name", ["f.xlsx", "f.csv.gz", "f.ZIP"])
def test_a_file_whose_ending_promises_what_is_not_written_is_refused(line, name):
    ran = line.run("export", "-o", name)
    assert ran.code == 2
    assert "--format says it for any other name" in ran.err
    assert not (line.home / name).exists()


def test_the_plan_is_shown(line):
    text = line.must("search", "--explain", "outcome:failure", "declined").text
    assert "1. outcome:failure" in text
    assert "entries" in text


def test_searches_are_recorded_once(line):
    line.must("search", "outcome:failure", "target:order/5", "--limit", "all")
    read = line.must("search", "--log", "system", "action:events.search", "-n", "1", "--json").text
    asked = json.loads(read)["data"]["attributes"]
    assert asked["query"] == "outcome:failure target:order/5"


def test_the_index_is_shown_and_derived_again(served):
    served.must("index", "rebuild")
    (state,) = [
        log for log in json.loads(served.must("index", "status", "--json").text)["logs"] if log["name"] == "default"
    ]
    assert state["lag_entries"] == 0
    assert state["indexed"] >= EVENTS
    assert "following" in served.must("index", "status").text
    assert len(found(served, "outcome:failure")) == len(expected(lambda e: e["outcome"] == "failure"))


def test_an_alert_is_set_shown_tried_and_deleted(served):
    condition = ["-q", "outcome:failure", "--count", "3", "--within", "1m"]
    tried = json.loads(served.must("alert", "test", *condition, "--json").text)
    assert (tried["would_fire"], len(tried["fired"])) == (True, min(tried["fires"], 4))
    served.must(
        "alert", "set", "burst", *condition, "--by", "actor", "--to", "https://hooks.example/qa", "--cooldown", "1h"
    )
    (alert,) = [
        one["alert"]
        for one in json.loads(served.must("alert", "list", "--json").text)
        if one["alert"]["name"] == "burst"
    ]
    assert (alert["threshold"], alert["cooldown_s"]) == ({"count": 3, "window_s": 60, "by": "actor"}, 3_600)
    assert "3 within 1m by actor" in served.must("alert", "list").text
    assert "secret" in served.must("alert", "show", "burst").text
    assert "bob" in served.must("alert", "test", "burst").text
    assert "it is OFF" in served.must("alert", "set", "burst", "--off").text
    changed = json.loads(served.must("alert", "show", "burst", "--json").text)["alert"]
    assert changed == {**alert, "enabled": False}
    assert "hooks.example" in served.must("alert", "list").text
    served.must("alert", "delete", "burst")
    assert served.run("alert", "show", "burst").code == 5
    bad = served.run("alert", "set", "burst", "-q", "actr:x", "--silent-for", "5m")
    assert bad.code == 4
    assert "actr:x\n       ^^^^" in bad.err


def test_a_folder_says_what_only_a_server_does(folder):
    for command in (["tail"], ["alert", "list"]):
        ran = folder.run(*command)
        assert ran.code == 2
        assert "graven serve --data d" in ran.err
    (folder.home / "d" / "index" / "default" / "000000000000").mkdir(parents=True)
    assert "next start" in folder.must("index", "rebuild").text
    assert not (folder.home / "d" / "index" / "default").exists()
    assert "offline" in folder.must("index", "status").text


class Tail:
    """`graven tail` in a process of its own; `next()` waits for a line of stdout."""

    def __init__(self, line, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "graven", "tail", *arguments],
            cwd=line.home,
            env=line.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said = []
        self.spoken = threading.Condition()
        self.reader = threading.Thread(target=self._listen, daemon=True)
        self.reader.start()

    def _listen(self):
        for text in self.process.stderr:
            with self.spoken:
                self.said.append(text)
                self.spoken.notify_all()

    def next(self):
        return self.process.stdout.readline().rstrip("\n")

    def wait_until_said(self, text):
        with self.spoken:
            assert self.spoken.wait_for(lambda: any(text in one for one in self.said), timeout=60), self.said

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(30)
        self.reader.join(30)
        self.process.stdout.close()
        self.process.stderr.close()
        return code


def test_a_tail_shows_the_last_and_then_what_comes_through_a_pipe(served):
    tail = Tail(served, "-n", "2", "outcome:failure", "--template", "{index} {message}")
    try:
        assert tail.next().split()[0] == str(EVENTS - 100)
        assert tail.next().split()[0] == str(EVENTS - 50)
        for number in range(3):
            served.must("record", "--action", "a.b", "--actor", "x", "--outcome", "failure", "--message", f"m{number}")
            assert tail.next().split()[1] == f"m{number}"
    finally:
        code = tail.interrupt()
    assert code == 130


def test_an_entry_with_line_breaks_is_one_line_of_a_tail(served):
    tail = Tail(served, "-n", "0", "action:with.breaks", "--json")
    try:
        tail_is_open(served)
        served.must("record", "-", stdin=b'{"action":"with.breaks",\n"actor":\r\n{"id":"x"}}')
        assert json.loads(tail.next())["data"] == {"action": "with.breaks", "actor": {"id": "x"}}
    finally:
        tail.interrupt()


def tail_is_open(line):
    """Wait until the server has recorded that a tail began: the newest of them is of the test that asks."""
    for _ in range(200):
        read = line.must("search", "--log", "system", "action:events.tail.start", "-n", "1", "--json").text
        if read and json.loads(read)["data"]["attributes"].get("query") == "action:with.breaks":
            return
    raise AssertionError("no tail was opened")


def test_a_tail_goes_on_behind_a_server_that_was_killed(tmp_path):
    server = start_server(tmp_path / "data", index=True)
    line = CommandLine.at(tmp_path, GRAVEN_SERVER=server.url, GRAVEN_TOKEN=server.token)
    line.must("record", "--action", "a.one", "--actor", "x")
    tail = Tail(line, "--since", "1h", "--template", "{action}")
    try:
        assert tail.next() == "a.one"
        line.must("record", "--action", "a.two", "--actor", "x")
        assert tail.next() == "a.two"
        server.kill()
        tail.wait_until_said("the server closed the connection in the middle; trying again")
        with running_server(tmp_path / "data", "--listen", server.url.removeprefix("http://"), index=True):
            line.must("record", "--action", "a.three", "--actor", "x")
            assert tail.next() == "a.three"
            tail.wait_until_said("back after")
            assert tail.interrupt() == 130
    finally:
        if tail.process.poll() is None:
            tail.process.kill()
            tail.process.wait()
        if server.process.poll() is None:
            server.kill()
