"""The live tail, exports, and what is recorded of reading."""

import csv
import io
import itertools
import json
import socket
import threading

import httpx
import pyarrow.parquet as pq
import pytest
from tests.support.searching import record, search, wait_indexed
from tests.support.server_requests import raw_exchange


def told(lines):
    """(kind, id, data) of each server-sent event."""
    kind = number = None
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "id":
            number = int(value)
        elif name == "data":
            yield kind, number, json.loads(value)


def first_rows(server, query, count, **headers):
    """The first rows of a tail, as ids."""
    with (
        server.client(headers={**server.headers, **headers}) as client,
        client.stream("GET", "/v1/logs/default/tail", params=query) as answer,
    ):
        assert answer.status_code == 200
        found = []
        for kind, number, data in told(answer.iter_lines()):
            if kind == "row":
                found.append((number, data["id"]))
                if len(found) == count:
                    return found
    return found


def test_a_tail_shows_what_arrives(server, client):
    record(client, [{"action": "before.it", "actor": {"id": "x"}}])
    opened = threading.Event()
    found = []

    def follow():
        with (
            server.client() as own,
            own.stream("GET", "/v1/logs/default/tail", params={"q": "actor:live"}) as answer,
        ):
            for kind, _, data in told(answer.iter_lines()):
                opened.set()  # the first message comes at once: how far the index is
                if kind == "row":
                    found.append(data["id"])
                    return

    thread = threading.Thread(target=follow)
    thread.start()
    assert opened.wait(60)
    record(client, [{"action": "a.b", "actor": {"id": who}, "id": f"by-{who}"} for who in ("other", "live")])
    thread.join(60)
    assert found == ["by-live"]


def test_a_tail_goes_on_behind_the_last_event_that_was_seen(server, client):
    first = record(client, [{"action": "a.b", "actor": {"id": "seen"}, "id": f"seen-{n}"} for n in range(5)])
    rows = first_rows(server, {"q": "actor:seen"}, 3, **{"Last-Event-ID": str(first + 1)})
    assert rows == [(first + n, f"seen-{n}") for n in (2, 3, 4)]


def first_look(server, query):
    """The ids of the rows before the first progress, and how many were left out."""
    with server.client() as own, own.stream("GET", "/v1/logs/default/tail", params=query) as answer:
        shown = []
        for kind, number, data in told(answer.iter_lines()):
            if kind == "progress":
                return shown, data["skipped"]
            shown.append(number)
    raise AssertionError


def test_a_tail_of_a_burst_shows_the_newest_and_counts_the_others(server, client):
    first = record(client, [{"action": "a.b", "actor": {"id": "burst"}} for _ in range(300)])
    shown = first_look(server, {"q": "actor:burst", "most": "40", "after": str(first - 1)})
    assert shown == (list(range(first + 260, first + 300)), 260)


def test_a_tail_shows_a_batch_that_is_no_more_than_its_rate(server, client):
    first = record(client, [{"action": "a.b", "actor": {"id": "batch"}} for _ in range(150)])
    shown = first_look(server, {"q": "actor:batch", "after": str(first - 1)})
    assert shown == (list(range(first, first + 150)), 0)


def test_a_tail_with_a_bad_query_is_refused(client):
    assert client.get("/v1/logs/default/tail", params={"q": "actr:x"}).status_code == 400


def test_a_tail_ends_when_its_reader_closes_its_side(server):
    """It has no end of its own: a reader that has gone would hold its place until a write fails."""
    request = f"GET /v1/logs/default/tail HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n\r\n"
    raw_exchange(server.url, request.encode(), half_close=True)  # returns when the server has closed


def test_a_tail_that_shows_something_ends_when_its_reader_closes_its_side(server):
    request = f"GET /v1/logs/default/tail HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n\r\n"
    host, _, port = server.url.partition("://")[2].partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as stream:
        stream.sendall(request.encode())
        assert stream.recv(1)
        stream.shutdown(socket.SHUT_WR)
        while stream.recv(65_536):
            pass


def test_behind_a_tail_that_ended_a_half_closed_connection_still_gets_its_answer(server, client):
    """What was said of the tail does not hold for what the same connection asks next."""
    mine = client.post("/v1/tokens", json={"name": "soon gone", "roles": ["reader"]}).json()
    head = f"Host: x\r\nAuthorization: Bearer {mine['token']}\r\n\r\n"
    host, _, port = server.url.partition("://")[2].partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as stream:
        stream.sendall(f"GET /v1/logs/default/tail HTTP/1.1\r\n{head}".encode())
        assert stream.recv(1)
        client.delete(f"/v1/tokens/{mine['id']}").raise_for_status()
        tail = b""
        while not tail.endswith(b"0\r\n\r\n"):
            tail += stream.recv(65_536)
        assert b"unknown_token" in tail
        stream.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        stream.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := stream.recv(65_536):
            answer += piece
    assert b"200 OK" in answer


def test_a_tail_is_recorded_at_its_start_and_its_end(server, client):
    first = record(client, [{"action": "a.b", "actor": {"id": "watched"}}])
    first_rows(server, {"q": "actor:watched", "after": str(first - 1)}, 1)
    start = until_recorded(client, 'action:events.tail.start attributes.query:"actor:watched"')
    end = until_recorded(client, f"action:events.tail.end attributes.count:1 index>{start['index']}")
    assert end["data"]["attributes"]["last"] >= first


def until_recorded(client, query):
    """The entry of `system` that matches, when the index has it."""
    for size in itertools.count():
        if found := search(client, query, log="system", limit=1, view="entry")["events"]:
            return dict(found[0])
        wait_indexed(client, size, "system")  # every search adds an entry to `system`
    raise AssertionError


@pytest.fixture
def exported(client):
    rows = [
        {"action": "exp.ort", "actor": {"id": "exporter"}, "id": f"x-{n}", "message": f"=cmd {n}", "duration_ns": n}
        for n in range(600)
    ]
    # once for the module: the same ids again are known
    answer = client.post("/v1/logs/default/events", json=rows).json()
    wait_indexed(client, (answer["first"] or 0) + answer["count"])


def export(client: httpx.Client, form: str, **parameters):
    answer = client.get("/v1/logs/default/export", params={"q": "actor:exporter", "format": form, **parameters})
    assert answer.status_code == 200, answer.text
    assert answer.headers["graven-count"] == "600"
    return answer.content


def test_ndjson_holds_every_match(client, exported):
    lines = [json.loads(line) for line in export(client, "ndjson").splitlines()]
    assert [line["id"] for line in lines] == [f"x-{n}" for n in range(600)]


def test_csv_has_the_fields_that_were_chosen(client, exported):
    text = export(client, "csv", fields="id,duration").decode()
    rows = list(csv.reader(io.StringIO(text)))
    assert (rows[0], len(rows), rows[8]) == (["id", "duration"], 601, ["x-7", "7"])


def test_parquet_is_read_by_another_program(client, exported):
    table = pq.read_table(io.BytesIO(export(client, "parquet")))
    assert table["id"].to_pylist() == [f"x-{n}" for n in range(600)]


def test_ocsf_has_a_class_for_each_event(client, exported):
    lines = [json.loads(line) for line in export(client, "ocsf").splitlines()]
    assert all("class_uid" in line and "time" in line for line in lines)


def test_an_unknown_format_is_refused(client):
    answer = client.get("/v1/logs/default/export", params={"format": "xml"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_format")


def test_a_search_is_one_entry_in_system(client):
    marker = "recorded-once-please"
    search(client, marker)
    size = next(log["size"] for log in client.get("/v1/logs").json()["logs"] if log["name"] == "system")
    wait_indexed(client, size, "system")
    found = search(client, f"action:events.search attributes.query:{marker}", log="system", view="entry")["events"]
    assert [entry["data"]["attributes"] for entry in found] == [{"query": marker, "count": 0}]


def test_reading_system_is_recorded_once_and_no_more(client):
    def size():
        return next(log["size"] for log in client.get("/v1/logs").json()["logs"] if log["name"] == "system")

    before = size()
    search(client, "action:events.search", log="system")
    assert size() == before + 1
