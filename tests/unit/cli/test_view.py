from graven.cli.view import view_of

BY = {"token": "tok", "ip": "10.0.0.1"}


def entry(data, kind="event/1", **more):
    return {"v": 1, "received": "2026-01-01T00:00:00.000000000Z", "by": BY, "format": kind, "data": data, **more}


def rows(value):
    return dict(view_of(value).rows)


def test_a_native_event_tells_who_what_when_how():
    shown = rows(
        entry(
            {
                "action": "order.create",
                "outcome": "success",
                "actor": {"type": "user", "id": "alice", "name": "Alice"},
                "on_behalf_of": [{"type": "user", "id": "bob"}],
                "targets": [{"type": "order", "id": "42"}],
                "time": "2026-01-01T00:00:00Z",
                "duration_ns": 1_500_000,
                "method": {"protocol": "http", "operation": "POST", "uri": "/orders"},
            }
        )
    )
    assert shown["who"] == "user:alice (Alice)  for user:bob"
    assert shown["what"] == "order.create  order:42  success"
    assert shown["when"] == "2026-01-01T00:00:00Z  took 1.5 ms"
    assert shown["how"] == "http  POST  /orders"
    assert shown["received"].endswith("by token tok from 10.0.0.1")


def test_inputs_outputs_and_changes_are_blocks():
    view = view_of(
        entry(
            {
                "action": "a",
                "input": {"x": 1},
                "output": [],
                "targets": [{"id": "t", "change": {"before": 1, "after": 2}}],
            }
        )
    )
    assert view.blocks == [("change of t", {"before": 1, "after": 2}), ("input", {"x": 1})]


def test_an_audit_event_is_read_by_way_of_its_mapper():
    data = {
        "auditID": "a",
        "stage": "ResponseComplete",
        "verb": "delete",
        "user": {"username": "eve"},
        "objectRef": {"resource": "secrets", "name": "s", "namespace": "n"},
        "responseStatus": {"code": 403},
        "sourceIPs": ["1.1.1.1", "2.2.2.2"],
    }
    shown = rows(entry(data, "k8s.audit/v1", id="a/ResponseComplete", source="k8s/x"))
    assert "eve" in shown["who"]
    assert "delete" in shown["what"]
    assert "denied" in shown["what"]
    assert "2.2.2.2" in shown["where"]
    assert "1.1.1.1" not in shown["where"]


def test_an_actor_that_is_only_a_type_is_named_once():
    event = {"action": "a", "actor": {"type": "anonymous", "id": "anonymous"}}
    assert ("who", "anonymous") in view_of(entry(event)).rows


def test_quarantine_says_why_and_where_the_bytes_are():
    value = entry({"expected": "k8s.audit/v1", "reason": "no auditID"}, "quarantine/1")
    shown = rows({**value, "blob": {"digest": "sha256:00", "size": 11}})
    assert shown["reason"] == "no auditID"
    assert shown["kept as"] == "sha256:00  11 bytes"


def test_an_unknown_format_is_shown_as_it_is():
    assert view_of(entry({"x": 1}, "later/9")).blocks == [("data", {"x": 1})]


def test_redaction_is_told():
    assert rows(entry({"action": "a"}, redacted=2))["redacted"] == "2 values replaced before storing"


def test_odd_members_do_not_break_the_view():
    odd = {"action": 1, "actor": "x", "targets": [1, None], "method": [], "qa": 3, "error": "e", "labels": []}
    assert rows(entry(odd))["who"] == "x"


def test_a_pushed_event_shows_as_itself_with_the_log_that_it_comes_from():
    event = {"action": "order.create", "actor": {"id": "alice"}}
    inner = entry(event) | {"by": {"token": "local", "ip": "::1"}}
    wrapper = {"origin": "job.example/1", "index": 57, "entry": inner}
    view = view_of(entry(wrapper, "graven.entry/1", received="2026-01-02T00:00:00.000000000Z"))
    shown = dict(view.rows)
    assert view.title == "order.create"
    assert shown["recorded"] == "2026-01-01T00:00:00.000000000Z  by token local from ::1"
    assert shown["pushed"] == "entry 57 of job.example/1"
    assert shown["received"] == "2026-01-02T00:00:00.000000000Z  by token tok from 10.0.0.1"


def test_a_wrapper_of_nothing_is_shown_as_it_is():
    assert view_of(entry({"origin": "o"}, "graven.entry/1")).blocks == [("data", {"origin": "o"})]
