"""The event/1 view of an audit event."""

import json

import msgspec
import pytest
from tests.support.event_samples import K8S_SAMPLES, compact

from graven.errors import InvalidInput
from graven.event.mappers.k8s_view import k8s_view
from graven.event.model import Event


def view(**members):
    return k8s_view(compact({"auditID": "a", "stage": "ResponseComplete", **members}), id="a/x", source="k8s")


@pytest.mark.parametrize("sample", sorted(K8S_SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_every_real_event_gives_a_valid_native_event(sample):
    for line in sample.read_bytes().splitlines():
        if line.strip():
            msgspec.convert(k8s_view(line, id="a/b", source="k8s"), Event)


def test_a_real_event_is_understood():
    seen = k8s_view((K8S_SAMPLES / "create_clusterrolebinding.json").read_bytes(), id="a", source="k8s/x")
    assert seen["action"] == "k8s.clusterrolebindings.create"
    assert seen["outcome"] == "success"
    assert seen["actor"]["id"] == "minikube-user"
    assert seen["targets"][0]["change"]["after"]["kind"] == "ClusterRoleBinding"
    assert seen["duration_ns"] > 0


def test_only_the_last_source_ip_is_trusted():
    seen = view(sourceIPs=["6.6.6.6", "7.7.7.7", "10.0.0.1"])
    assert seen["origin"]["ip"] == "10.0.0.1"
    assert seen["attributes"]["claimed_source_ips"] == ["6.6.6.6", "7.7.7.7"]


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (200, "success"),
        (101, "success"),
        (301, "success"),
        (401, "denied"),
        (403, "denied"),
        (404, "failure"),
        (409, "failure"),
        (500, "error"),
    ],
)
def test_the_outcome_follows_the_status_code(code, outcome):
    assert view(responseStatus={"code": code})["outcome"] == outcome


def test_without_a_status_the_decision_tells():
    assert view(annotations={"authorization.k8s.io/decision": "forbid"})["outcome"] == "denied"
    assert view()["outcome"] == "unknown"
    assert view(stage="Panic", responseStatus={"code": 200})["outcome"] == "error"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("alice", "user"),
        ("system:anonymous", "anonymous"),
        ("system:serviceaccount:ns:a", "service"),
        ("system:node:n1", "system"),
    ],
)
def test_the_kind_of_actor_follows_the_user_name(name, kind):
    assert view(user={"username": name, "groups": ["g"]})["actor"] == {"type": kind, "id": name, "roles": ["g"]}


def test_an_impersonated_user_is_whom_it_was_done_for():
    seen = view(user={"username": "admin"}, impersonatedUser={"username": "alice"})
    assert seen["actor"]["id"] == "admin"
    assert seen["on_behalf_of"][0]["id"] == "alice"


def test_the_uid_of_the_answer_names_the_target():
    seen = view(
        objectRef={"resource": "pods", "namespace": "ns"},
        verb="create",
        responseStatus={"code": 201},
        responseObject={"kind": "Pod", "metadata": {"uid": "u-1", "name": "made-up"}},
    )
    assert (seen["targets"][0]["id"], seen["targets"][0]["name"]) == ("u-1", "ns/made-up")


def test_a_failed_request_changes_nothing():
    status = {"code": 403, "message": "no", "reason": "Forbidden"}
    seen = view(objectRef={"resource": "pods"}, verb="create", responseStatus=status,
                responseObject={"kind": "Status"})  # fmt: skip
    assert "change" not in seen["targets"][0]
    assert seen["error"] == {"type": "Forbidden", "message": "no"}


def test_redacted_parts_keep_their_marker():
    marker = {"$redacted": {"by": "server", "rule": "k8s-secret-body", "hmac": "k:0"}}
    assert view(requestObject=marker)["input"] == marker


def test_a_time_without_zone_is_not_claimed():
    assert "time" not in view(requestReceivedTimestamp="2020-01-01T00:00:00")


@pytest.mark.parametrize(
    "name", ["user", "objectRef", "responseStatus", "sourceIPs", "annotations", "responseObject", "verb"]
)
@pytest.mark.parametrize("odd", [None, 7, "x", [], {}, [1], {"a": 1}, True])
def test_odd_members_never_break_the_view(name, odd):
    json.dumps(view(**{name: odd}))


@pytest.mark.parametrize("data", [b"", b"[]", b"7", b"{", b"\xff"])
def test_what_is_no_object_is_refused(data):
    with pytest.raises(InvalidInput):
        k8s_view(data, id="a", source="k8s")
