"""Which OCSF event an event is."""

import json

import pytest
from tests.support.ocsf_schema import check_ocsf
from tests.support.views import MARKER, rows, view

from graven.event.mappers.k8s_view import k8s_view
from graven.index.export.ocsf import ocsf_event, ocsf_lines

USER = {"type": "user", "id": "u-7", "name": "bob"}
ORDER = {"type": "order", "id": "42"}
HTTP = {"protocol": "http", "operation": "POST", "uri": "https://shop.example/orders"}


def made(**event):
    one = ocsf_event(view(**event), "shop")
    check_ocsf(one)
    return one


@pytest.mark.parametrize(
    ("type_uid", "event"),
    [
        (300201, {"action": "user.login"}),
        (300201, {"action": "session.sign_in", "outcome": "denied"}),
        (300202, {"action": "user.logout"}),
        (300101, {"action": "user.create", "targets": [USER]}),
        (300103, {"action": "user.password_change", "targets": [USER]}),
        (300104, {"action": "user.passwordReset", "targets": [USER]}),
        (300106, {"action": "user.delete", "targets": [USER]}),
        (300107, {"action": "role.grant", "targets": [USER]}),
        (300108, {"action": "role.revoke", "targets": [USER]}),
        (300109, {"action": "account.lock", "targets": [USER]}),
        (300110, {"action": "user.mfa.enable", "targets": [USER]}),
        (300111, {"action": "user.mfa.remove", "targets": [USER]}),
        (300199, {"action": "user.update", "targets": [USER]}),
        (300401, {"action": "order.create", "targets": [ORDER]}),
        (300403, {"action": "order.update", "targets": [ORDER]}),
        (300404, {"action": "token.revoke", "targets": [{"type": "token", "id": "t"}]}),
        (300413, {"action": "job.resume", "targets": [{"type": "job", "id": "j"}]}),
        (100701, {"action": "process.start", "targets": [{"type": "process", "id": "4711"}]}),
        (600301, {"action": "order.create"}),
        (600301, {"action": "http.request", "method": HTTP}),
        (600302, {"action": "user.get", "targets": [USER], "method": {"protocol": "grpc"}}),
        (600399, {"action": "cart.checkout", "method": {"protocol": "grpc"}}),
        (99, {"action": "test.case.finish"}),
        (99, {"action": "deploy.finish", "targets": [ORDER]}),
    ],
)
def test_the_verb_of_the_action_decides(type_uid, event):
    assert made(**event)["type_uid"] == type_uid


def test_a_kubernetes_call_is_api_activity_whatever_it_is_about():
    audit = {
        "verb": "create",
        "user": {"username": "eve"},
        "sourceIPs": ["10.1.2.3"],
        "objectRef": {"resource": "serviceaccounts", "name": "robot", "namespace": "shop"},
        "responseStatus": {"code": 403, "reason": "Forbidden", "message": "no"},
        "requestURI": "/api/v1/namespaces/shop/serviceaccounts",
    }
    event = made(**k8s_view(json.dumps(audit).encode(), id="a", source="k8s/staging"))
    assert event["type_uid"] == 600301
    assert event["api"]["operation"] == "k8s.serviceaccounts.create"
    assert event["api"]["response"] == {"error": "Forbidden", "error_message": "no"}
    assert event["src_endpoint"] == {"ip": "10.1.2.3"}
    assert (event["status_id"], event["status_code"]) == (2, "denied")
    assert event["resources"][0]["name"] == "shop/robot"


def test_an_entity_has_what_it_was_and_what_it_became():
    change = {"before": {"total": 1}, "after": {"total": 2}, "patch": []}
    event = made(action="order.update", reason="refund", targets=[{**ORDER, "change": change}])
    assert event["entity"] == {"uid": "42", "type": "order", "data": {"total": 1}}
    assert event["entity_result"]["data"] == {"total": 2}
    assert event["comment"] == "refund"
    assert event["unmapped"]["targets"] == [{"change": {"patch": []}}]


def test_the_claimed_time_is_the_time_and_the_log_says_when_it_came():
    event = made(time="2026-11-22T20:01:02.123456789-03:30")
    assert event["time"] == 1_795_390_262_123
    assert event["timezone_offset"] == -210
    assert event["metadata"]["original_time"] == "2026-11-22T20:01:02.123456789-03:30"
    assert event["metadata"]["logged_time"] == 1_795_387_062_704


def test_without_a_claim_the_received_time_counts():
    assert made()["time"] == 1_795_387_062_704


@pytest.mark.parametrize(
    ("number", "severity"), [(1, 1), (12, 1), (13, 2), (15, 3), (17, 4), (20, 4), (21, 5), (24, 6), (None, 0)]
)
def test_severity_follows_opentelemetry(number, severity):
    event = made(severity=number)
    assert event["severity_id"] == severity
    assert event["unmapped"].get("severity") == number


def test_what_has_no_place_is_unmapped_under_its_own_name():
    event = made(qa={"run": "ci-1"}, ticket="T-1", duration_ns=5, labels={"team": "qa"}, on_behalf_of=[{"id": "x"}])
    left = event["unmapped"]
    assert left["qa"] == {"run": "ci-1"}
    assert left["on_behalf_of"] == [{"id": "x"}]
    assert (left["ticket"], left["duration_ns"]) == ("T-1", 5)
    assert event["metadata"]["tags"] == [{"name": "team", "value": "qa"}]
    assert left["graven"] == {"index": 0, "token": "tok", "by_ip": "127.0.0.1", "redacted": 0}


def test_a_redacted_value_does_not_stand_where_a_string_must():
    event = made(actor={"id": MARKER, "name": MARKER}, message=MARKER, origin={"ip": MARKER})
    assert event["actor"]["user"]["uid"].startswith('{"$redacted"')
    assert event["unmapped"]["message"] == MARKER
    assert event["unmapped"]["origin"] == {"ip": MARKER}
    assert event["src_endpoint"] == {"svc_name": "shop-api"}


def test_an_entry_that_says_nothing_is_a_base_event():
    nothing = {**view(7), "event": {}, "source": "", "format": "quarantine/1"}
    event = ocsf_event(nothing, "shop")
    check_ocsf(event)
    assert event["class_uid"] == 0
    assert event["unmapped"] == {"graven": {"index": 7, "token": "tok", "by_ip": "127.0.0.1", "redacted": 0}}


def test_the_export_is_one_object_a_line():
    batches = [rows({}, {"input": 2**80}), rows({"message": "two\nlines"})]
    lines = b"".join(ocsf_lines(batches, "shop")).splitlines()
    assert [json.loads(line)["metadata"]["uid"] for line in lines] == ["id-0", "id-1", "id-0"]


def test_a_large_export_comes_in_pieces():
    pieces = list(ocsf_lines([rows(*[{"message": "x" * 1000}] * 100)] * 3, "shop"))
    assert len(pieces) > 3
    assert max(map(len, pieces)) < 70_000
