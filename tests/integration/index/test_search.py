"""Search, histogram, facets and neighbours over HTTP, on a real server with its index process."""

import pytest
from tests.support.searching import all_pages, record, search, wait_indexed
from tests.support.server_requests import make_token


@pytest.fixture(scope="module")
def shop(server):
    """Forty orders by two people, every fourth declined."""
    with server.client() as client:
        events = [
            {
                "action": "order.create",
                "actor": {"id": "alice" if n % 2 else "bob"},
                "outcome": "failure" if n % 4 == 0 else "success",
                "targets": [{"type": "order", "id": str(n)}],
                "time": f"2026-11-01T10:{n:02d}:00Z",
                "message": "card declined" if n % 4 == 0 else "order taken",
                "output": {"total": n * 10, "lines": [{"sku": f"S{n % 3}"}]},
                "labels": {"team": "pay" if n < 10 else "web"},
                "id": f"order-{n}",
            }
            for n in range(40)
        ]
        return record(client, events)


def test_the_newest_come_first(client, shop):
    found = search(client, "actor:bob", limit=3)
    assert [row["id"] for row in found["events"]] == ["order-38", "order-36", "order-34"]


def test_a_row_says_who_did_what_to_what(client, shop):
    (row,) = search(client, "id:order-8")["events"]
    assert (row["actor"], row["action"], row["targets"]) == (
        {"id": "bob"},
        "order.create",
        [{"type": "order", "id": "8"}],
    )


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ('"card declined"', 10),
        ("declin*", 10),
        ("*eclin*", 10),
        ("outcome:failure -actor:alice", 10),
        ("outcome:failure actor:alice", 0),
        ("target:order/7 OR target:order/8", 2),
        ("output.total>=390", 1),
        ("output.lines[].sku:S1", 13),
        ("labels.team:pay", 10),
        ("clock:claimed since:2026-11-01T10:30:00Z until:2026-11-01T10:35:00Z", 5),
        ("backdated>1h", 40),
    ],
)
def test_a_query_finds_what_it_asks_for(client, shop, query, count):
    assert len(all_pages(client, f"action:order.create {query}", limit=7)) == count


def test_pages_stay_the_same_while_events_arrive(client, shop):
    first = search(client, "action:order.create", limit=10)
    record(client, [{"action": "order.create", "actor": {"id": "late"}}])
    second = search(client, "action:order.create", limit=10, cursor=first["next"])
    assert [row["id"] for row in second["events"]] == [f"order-{n}" for n in range(29, 19, -1)]


def test_entries_are_given_as_they_are_stored(client, shop):
    (entry,) = search(client, "id:order-3", view="entry")["events"]
    assert entry["data"]["output"] == {"total": 30, "lines": [{"sku": "S0"}]}


def test_a_bad_query_is_refused_with_its_position(client, shop):
    answer = client.get("/v1/logs/default/events", params={"q": "actor:x actr:y"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["details"]["position"]) == (400, "bad_query", 8)


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"limit": "1001"}, "bad_parameter"),
        ({"limit": "0"}, "bad_parameter"),
        ({"limit": "+5"}, "bad_parameter"),
        ({"order": "best"}, "bad_parameter"),
        ({"explain": "yes"}, "bad_parameter"),
        ({"explain": ""}, "bad_parameter"),
        ({"clock": "wall"}, "bad_parameter"),
        ({"zone": "CET"}, "bad_parameter"),
        ({"since": "yesterdayish"}, "bad_parameter"),
        ({"colour": "red"}, "bad_parameter"),
        ({"cursor": "AAAA"}, "bad_cursor"),
        ({"q": "(" * 40}, "bad_query"),
        ({"q": "a" * 5000}, "bad_query"),
    ],
)
def test_a_bad_parameter_is_refused(client, shop, parameters, code):
    answer = client.get("/v1/logs/default/events", params=parameters)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_a_cursor_of_another_query_is_refused(client, shop):
    cursor = search(client, "actor:bob", limit=1)["next"]
    answer = client.get("/v1/logs/default/events", params={"q": "actor:alice", "limit": 1, "cursor": cursor})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_cursor")


def test_a_cursor_of_another_order_is_refused(client, shop):
    cursor = search(client, "actor:bob", limit=1)["next"]
    parameters = {"q": "actor:bob", "limit": 1, "cursor": cursor, "order": "oldest"}
    assert client.get("/v1/logs/default/events", params=parameters).status_code == 400


def test_a_cursor_that_was_changed_is_refused(client, shop):
    cursor = search(client, "actor:bob", limit=1)["next"]
    changed = ("A" if cursor[20] != "A" else "B").join((cursor[:20], cursor[21:]))
    parameters = {"q": "actor:bob", "limit": 1, "cursor": changed}
    assert client.get("/v1/logs/default/events", params=parameters).status_code == 400


def test_the_plan_says_what_answers(client, shop):
    plan = search(client, "output.total>5 actor:bob declined", explain="true")["explain"]
    assert [part["condition"] for part in plan["conditions"]] == ["actor:bob", "declined", "output.total>5"]


def test_a_histogram_stacks_by_outcome(client, shop):
    parameters = {"q": "clock:claimed id:order-*", "by": "outcome", "buckets": 10}
    found = client.get("/v1/logs/default/histogram", params=parameters).json()
    assert found["total"] == sum(bucket["count"] for bucket in found["buckets"]) == 40
    assert sum(bucket["by"].get("failure", 0) for bucket in found["buckets"]) == 10


def test_facets_count_values(client, shop):
    parameters = {"q": "id:order-*", "fields": "actor,outcome"}
    found = client.get("/v1/logs/default/facets", params=parameters).json()
    assert found["facets"]["actor"]["values"] == [{"value": "alice", "count": 20}, {"value": "bob", "count": 20}]
    assert found["facets"]["outcome"]["values"][0] == {"value": "success", "count": 30}


def test_a_field_that_cannot_be_counted_is_refused(client, shop):
    answer = client.get("/v1/logs/default/facets", params={"fields": "trace"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_parameter")


def test_an_event_has_neighbours(client, shop):
    index = search(client, "id:order-20")["events"][0]["index"]
    found = client.get(f"/v1/logs/default/events/{index}/around", params={"before": 2, "after": 1}).json()
    ids = [row["id"] for row in (*found["before"], found["event"], *found["after"])]
    assert ids == ["order-18", "order-19", "order-20", "order-21"]


def test_neighbours_can_be_chosen(client, shop):
    index = search(client, "id:order-20")["events"][0]["index"]
    parameters = {"q": "actor:bob", "before": 1, "after": 1}
    found = client.get(f"/v1/logs/default/events/{index}/around", params=parameters).json()
    assert [row["id"] for row in (*found["before"], *found["after"])] == ["order-18", "order-22"]


def test_an_event_is_found_by_its_id(client, shop):
    assert client.get("/v1/logs/default/events/order-5").json()["id"] == "order-5"


def test_an_id_that_several_sources_use_is_ambiguous(client, shop):
    twins = [{"action": "a.b", "actor": {"id": "x"}, "id": "twin", "source": source} for source in ("one", "two")]
    first = record(client, twins)
    answer = client.get("/v1/logs/default/events/twin")
    assert (answer.status_code, answer.json()["error"]["details"]["indexes"]) == (409, [first, first + 1])


def test_an_id_that_nobody_used_is_not_found(client, shop):
    assert client.get("/v1/logs/default/events/no-such-id").status_code == 404


def test_the_newest_match_is_found_without_the_range(client, shop):
    found = client.get("/v1/logs/default/newest", params={"q": "id:order-39 since:1m until:1m"}).json()
    assert found["newest"]["id"] == "order-39"


def test_fields_are_completed(client, shop):
    found = client.get("/v1/logs/default/complete", params={"q": "outc"}).json()
    assert found["options"][0]["text"] == "outcome:"


def test_a_bare_word_is_completed_to_the_field_that_has_it(client, shop):
    found = client.get("/v1/logs/default/complete", params={"q": "order.cr"}).json()
    assert [option["text"] for option in found["options"]] == ["action:order.create"]


def test_values_are_completed_with_how_often_there_are(client, shop):
    found = client.get("/v1/logs/default/complete", params={"q": "outcome:fa"}).json()
    assert found["options"] == [{"text": "failure", "count": 10}]


def test_a_view_is_the_event_whatever_its_format(client, shop):
    index = search(client, "id:order-5")["events"][0]["index"]
    found = client.get(f"/v1/logs/default/events/{index}/view").json()
    assert (found["index"], found["event"]["id"], found["large"]) == (index, "order-5", [])


def test_a_large_member_is_left_out_and_given_by_itself(client, shop):
    output = {"text": "x" * 2_000_000}
    index = record(client, [{"action": "big.one", "actor": {"id": "x"}, "output": output, "message": "huge"}])
    found = client.get(f"/v1/logs/default/events/{index}/view").json()
    (large,) = found["large"]
    assert "output" not in found["event"]
    value = client.get(f"/v1/logs/default/events/{index}/value", params={"path": large["path"]})
    assert value.json() == output


def test_another_token_without_the_role_reads_nothing(client, server, shop):
    made = client.post("/v1/tokens", json={"name": "writer", "roles": ["recorder"]}).json()
    with server.client(headers={"Authorization": f"Bearer {made['token']}"}) as writer:
        for path in ("events", "histogram", "facets", "events/0/around", "newest", "complete", "tail", "export"):
            assert writer.get(f"/v1/logs/default/{path}").status_code == 403, path


def test_a_log_that_is_not_there_is_not_found(client, shop):
    assert client.get("/v1/logs/nope/events").json()["error"]["code"] == "unknown_log"


def test_the_newest_match_is_an_event_that_was_read_and_its_record_names_it(client, shop):
    index = search(client, "id:order-39")["events"][0]["index"]
    client.get("/v1/logs/default/newest", params={"q": "id:order-39 until:2000-01-01"}).raise_for_status()
    sizes = {log["name"]: log["size"] for log in client.get("/v1/logs").json()["logs"]}
    wait_indexed(client, sizes["system"], "system")
    asked = 'action:events.newest attributes.query:"id:order-39 until:2000-01-01"'
    (entry,) = search(client, asked, "system", view="entry")["events"]
    assert entry["data"]["attributes"]["first"] == index


def test_a_look_at_a_page_of_results_is_two_recorded_reads(client, shop):
    parameters = {"q": "actor:bob action:order.create"}
    for call in ("events", "histogram", "facets", "histogram"):
        path = f"/v1/logs/default/{call}"
        client.get(path, params={**parameters, **({"fields": "actor"} if call == "facets" else {})}).raise_for_status()
    sizes = {log["name"]: log["size"] for log in client.get("/v1/logs").json()["logs"]}
    wait_indexed(client, sizes["system"], "system")
    asked = f'attributes.query:"{parameters["q"]}"'
    actions = [row["action"] for row in search(client, asked, "system")["events"]]
    # two where the minute ended in between
    assert actions.count("events.search") == 1
    assert 1 <= actions.count("events.count") <= 2
    assert set(actions) == {"events.search", "events.count"}


def test_a_proof_by_id_is_for_those_who_may_read(client, shop):
    by_id = "/v1/logs/default/events/order-7/proof"
    assert client.get(by_id, headers=make_token(client, "reader")).status_code == 200
    operator = make_token(client, "operator")
    for path in (by_id, "/v1/logs/default/events/no-such-order/proof", "/v1/logs/system/events/no-such/proof"):
        refused = client.get(path, headers=operator)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "missing_role"), path
    assert client.get(f"/v1/logs/default/events/{shop}/proof", headers=operator).status_code == 200


def test_a_proof_by_id_from_system_is_for_those_who_may_read_system(client, shop):
    refused = client.get("/v1/logs/system/events/no-such/proof", headers=make_token(client, "reader"))
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "missing_role")


def test_digits_are_an_index_and_an_id_of_digits_is_searched_for(client, shop):
    index = record(client, [{"action": "a.b", "actor": {"id": "x"}, "id": str(shop + 3)}])
    found = client.get(f"/v1/logs/default/events/{shop + 3}").json()
    assert (found["index"], found["id"]) == (shop + 3, "order-3")
    assert [row["index"] for row in search(client, f"id:{shop + 3}")["events"]] == [index]
