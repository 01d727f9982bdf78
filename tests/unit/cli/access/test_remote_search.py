"""What is asked of a server, and what is made of its answers."""

import json

import httpx
import pytest

from graven import errors
from graven.cli.access import remote_search
from graven.cli.access.questions import Question
from graven.cli.access.remote import RemoteAccess

STATE = {"away": False, "logs": [{"name": "default", "lag_entries": 0}]}


class Server:
    """Remembers what it was asked; `answers` maps the last part of the path to an answer, or to several in turn."""

    def __init__(self, **answers):
        self.answers = {"index": STATE, **answers}
        self.asked = []
        self.slept = []
        access = RemoteAccess(
            "http://test", "grv_x", transport=httpx.MockTransport(self.answer), sleep=self.slept.append
        )
        self.search = access.searcher()

    def answer(self, request):
        name = request.url.path.rpartition("/")[2]
        if name != "index":
            self.asked.append((request.url.path, dict(request.url.params)))
        answer = self.answers[name]
        answer = answer.pop(0) if isinstance(answer, list) else answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)


def page(*events, following=None, indexed=10):
    return {"events": list(events), "next": following, "indexed": indexed, "size": 10}


def test_a_page_keeps_the_spelling_of_its_events_and_puts_each_on_one_line():
    spelled = b'{"events":[{"index":1,\n"v":1.50,"n":123456789012345678901234567890}],"next":null,"indexed":2,"size":3}'
    server = Server(events=httpx.Response(200, content=spelled))
    found = server.search.page("default", Question(), limit=5, view="entry")
    assert found.events == [b'{"index":1, "v":1.50,"n":123456789012345678901234567890}']
    assert (found.next, found.indexed, found.size) == (None, 2, 3)


def test_what_is_given_goes_into_the_parameters_and_nothing_else():
    server = Server(events=page())
    question = Question("a:b", since="2h", clock="claimed", zone="+02:00")
    server.search.page("default", question, limit=7, order="oldest", cursor="c", explain=True)
    assert server.asked == [
        (
            "/v1/logs/default/events",
            {
                "q": "a:b", "since": "2h", "clock": "claimed", "zone": "+02:00", "limit": "7", "order": "oldest",
                "view": "row", "explain": "true", "cursor": "c",
            },
        )
    ]  # fmt: skip


def test_an_index_that_is_nearly_there_is_waited_for():
    behind = {"away": False, "logs": [{"name": "default", "lag_entries": 3}]}
    server = Server(events=page(), index=[behind, behind, STATE])
    server.search.page("default", Question(), limit=1)
    assert len(server.slept) == 2


def test_an_index_that_begins_with_its_server_is_waited_for():
    server = Server(events=page(), index=[{"away": True, "logs": []}, {"away": True, "logs": []}, STATE])
    server.search.page("default", Question(), limit=1)
    assert len(server.slept) == 2


def test_a_log_that_a_new_index_process_has_not_opened_yet_is_waited_for(monkeypatch):
    monkeypatch.setattr(remote_search, "PATIENCE_S", 0.0)
    unopened = {"away": False, "logs": [{"name": "default", "lag_entries": 3, "state": "away"}]}
    server = Server(events=page(), index=[unopened, unopened, STATE])
    server.search.page("default", Question(), limit=1)
    assert len(server.slept) == 2


def test_an_index_that_is_switched_off_is_not_waited_for():
    off = {"error": {"code": "index_off", "message": "search is switched off"}}
    server = Server(events=httpx.Response(503, json=off), index={"away": True, "off": True, "logs": []})
    with pytest.raises(errors.Unavailable) as caught:
        server.search.page("default", Question(), limit=1)
    assert (caught.value.code, server.slept) == ("index_off", [])


@pytest.mark.parametrize("lag", [0, 10_000_000])
def test_nobody_waits_for_an_index_that_is_there_or_far_behind(lag):
    server = Server(events=page(), index={"logs": [{"name": "default", "lag_entries": lag}]})
    server.search.page("default", Question(), limit=1)
    assert server.slept == []


def test_a_server_that_says_nothing_of_its_index_is_asked_all_the_same():
    server = Server(events=page(), index=httpx.Response(404, json={"error": {"code": "not_found", "message": "m"}}))
    assert server.search.page("default", Question(), limit=1).events == []


def test_a_bad_query_keeps_its_place():
    shape = {"error": {"code": "bad_query", "message": "m", "hint": "h", "details": {"position": 3, "end": 5}}}
    server = Server(events=httpx.Response(400, json=shape))
    with pytest.raises(errors.InvalidInput) as caught:
        server.search.page("default", Question("abc"), limit=1)
    assert caught.value.details == {"position": 3, "end": 5}


def test_something_else_than_a_page_is_no_page():
    with pytest.raises(errors.GravenError, match="something else"):
        Server(events={"x": 1}).search.page("default", Question(), limit=1)


def test_the_newest_match_is_asked_for_without_the_range():
    server = Server(newest={"newest": {"index": 4}})
    assert server.search.newest("default", Question("a", since="1h", until="now", zone="Z")).row == {"index": 4}
    assert server.asked[0][1] == {"q": "a", "zone": "Z"}


@pytest.mark.parametrize(("found", "kind"), [([], errors.NotFound), ([{"index": 4}, {"index": 9}], errors.Conflict)])
def test_an_id_that_is_not_one_event_is_refused(found, kind):
    with pytest.raises(kind):
        Server(events=page(*found)).search.index_of("default", "x")


def test_an_id_is_asked_for_in_quotes():
    server = Server(events=page({"index": 4}))
    assert server.search.index_of("default", 'a "b" \\') == 4
    assert server.asked[0][1]["q"] == 'id:"a \\"b\\" \\\\"'


def test_an_export_says_how_many_are_to_come():
    server = Server(export=httpx.Response(200, content=b"a\nb\n", headers={"graven-count": "2"}))
    found = server.search.export("default", Question("a"), "csv", ["index", "actor"])
    assert (found.count, b"".join(found.pieces)) == (2, b"a\nb\n")
    assert server.asked[0][1] == {"q": "a", "format": "csv", "fields": "index,actor"}


def test_an_export_that_breaks_off_is_no_export():
    class Broken(httpx.SyncByteStream):
        def __iter__(self):
            yield b"a\n"
            raise httpx.RemoteProtocolError("incomplete")

    found = Server(export=httpx.Response(200, stream=Broken())).search.export("default", Question(), "ndjson", None)
    with pytest.raises(errors.Unavailable) as caught:
        list(found.pieces)
    assert caught.value.code == "export_broken_off"


def test_a_refused_export_is_read_as_a_refusal():
    shape = {"error": {"code": "forbidden", "message": "m"}}
    with pytest.raises(errors.Forbidden):
        Server(export=httpx.Response(403, json=shape)).search.export("default", Question(), "ndjson", None)


def test_alerts_are_called_by_their_names():
    server = Server(alerts={"alerts": [{"alert": {"name": "a"}}]}, a={"name": "a"})
    assert server.search.alerts("default") == [{"alert": {"name": "a"}}]
    assert server.search.alert("default", "a") == {"alert": {"name": "a"}}
    server.search.put_alert("default", "a", json.dumps({}).encode())
    server.search.delete_alert("default", "a")
    assert [path for path, _ in server.asked] == ["/v1/logs/default/alerts", *["/v1/logs/default/alerts/a"] * 3]
