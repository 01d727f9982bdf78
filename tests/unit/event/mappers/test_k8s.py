"""Kubernetes audit events: real samples, odd shapes, nothing refused, secrets never kept."""

import json

import pytest
from tests.support.event_samples import K8S_SAMPLES, NOW_NS, PRODUCER, REDACTOR, compact, entries

from graven.event.batch import MAX_ENTRY_SIZE
from graven.event.mappers.k8s import prepare_k8s, split_body

SAMPLES = sorted(K8S_SAMPLES.glob("*.json"))


def audit(**members):
    return {"auditID": "a-1", "stage": "ResponseComplete", "verb": "get", **members}


def prepare(body: bytes):
    return prepare_k8s(body, PRODUCER, REDACTOR, source="k8s/test", now_ns=NOW_NS, random=lambda size: b"\x5a" * size)


def reasons(body: bytes) -> list[str]:
    return [
        json.loads(entry.data or b"")["reason"] for entry in entries(prepare(body)) if entry.format == "quarantine/1"
    ]


def test_there_are_samples():
    assert len(SAMPLES) >= 40


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_every_real_event_keeps_its_bytes_but_for_redacted_spans(sample):
    body = sample.read_bytes()
    batch = prepare(body)
    lines = [line for line in body.split(b"\n") if line.strip()]
    assert len(batch) == len(lines)
    for entry, line in zip(entries(batch), lines, strict=True):
        if entry.format == "quarantine/1":
            assert sample.stem == "fal_01_003"
            continue
        value = json.loads(line)
        assert entry.id == f"{value['auditID']}/{value['stage']}"
        assert (entry.format, entry.source) == ("k8s.audit/v1", "k8s/test")
        assert entry.redacted or entry.data == line.strip()


def test_the_sample_that_is_no_event_goes_to_quarantine():
    batch = prepare((K8S_SAMPLES / "fal_01_003.json").read_bytes())
    assert batch.quarantined == 1
    assert list(batch.blobs.values()) == [b'{"kind": 0}']


def test_quarantined_content_sent_again_has_the_key_it_had():
    first, again, other = (prepare(body) for body in (b"nonsense", b"nonsense", b"other nonsense"))
    assert first.keys == again.keys != other.keys


def test_credentials_in_a_config_map_are_redacted():
    body = (K8S_SAMPLES / "create_configmap_sensitive_values.json").read_bytes()
    assert b"MY-KEY" in body
    batch = prepare(body)
    assert batch.redacted == 12
    assert not any(b"MY-KEY" in tail for tail in batch.tails)


@pytest.mark.parametrize(
    "outer",
    [
        {"kind": "EventList", "apiVersion": "audit.k8s.io/v1"},
        {"kind": "EventList"},
        {"kind": "EventList", "apiVersion": "audit.k8s.io/v1beta1", "metadata": {}},
    ],
)
def test_the_items_of_a_list_keep_their_exact_bytes(outer):
    items = [b'{ "auditID" : "1","stage":"Panic" }', b'{"stage":"RequestReceived",\n"auditID":"2"}']
    head = compact(outer)[:-1]
    batch = prepare(head + b',"items": [' + b" , ".join(items) + b"]}")
    assert [entry.data for entry in entries(batch)] == items
    assert [entry.id for entry in entries(batch)] == ["1/Panic", "2/RequestReceived"]


@pytest.mark.parametrize("body", [b"", b" \n", b'{"kind":"EventList","items":[]}', b'{"kind":"EventList"}', b"[]"])
def test_nothing_gives_an_empty_batch(body):
    assert len(prepare(body)) == 0


def test_lines_and_lists_may_be_mixed():
    body = (
        compact(audit()) + b"\r\n\n" + compact({"kind": "EventList", "items": [audit(auditID="b"), audit(auditID="c")]})
    )
    assert [entry.id.split("/")[0] for entry in entries(prepare(body))] == ["a-1", "b", "c"]


def test_an_indented_event_is_one_event():
    body = json.dumps(audit(), indent=2).encode()
    assert entries(prepare(body))[0].data == body


def test_one_bad_item_does_not_cost_the_others():
    body = compact({"kind": "EventList", "items": [audit(), 7, audit(auditID="b")]})
    batch = prepare(body)
    assert [entry.format for entry in entries(batch)] == ["k8s.audit/v1", "quarantine/1", "k8s.audit/v1"]
    assert batch.quarantined == 1
    assert list(batch.made_ids) == [1]


def test_a_bad_line_does_not_cost_the_others():
    batch = prepare(compact(audit()) + b"\n{broken\n" + compact(audit(auditID="b")))
    assert [entry.format for entry in entries(batch)] == ["k8s.audit/v1", "quarantine/1", "k8s.audit/v1"]
    assert list(batch.blobs.values()) == [b"{broken"]


def test_a_body_that_is_not_json_at_all_stays_in_one_piece():
    body = b"\xff\xfe\n{{{\nrubbish"
    batch = prepare(body)
    assert (len(batch), batch.quarantined) == (1, 1)
    assert list(batch.blobs.values()) == [body]


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (7, "a JSON object is expected"),
        ({}, "auditID is missing"),
        (audit(kind="Pod"), "kind is 'Pod'"),
        (audit(kind=None, auditID=7), "auditID is missing"),
        (audit(apiVersion="audit.k8s.io/v1alpha1"), "unknown apiVersion"),
        (audit(apiVersion=["audit.k8s.io/v1"]), "unknown apiVersion"),
        (audit(stage="Done"), "unknown stage"),
        (audit(stage=["Panic"]), "unknown stage"),
        (audit(kind=["Event"]), "kind is"),
        ({"kind": ["EventList"], "items": []}, "kind is"),
        (audit(auditID="x" * 128), "too many"),
        ({"kind": "EventList", "items": 7}, "is a list"),
        ({"kind": "EventList", "apiVersion": "v9", "items": []}, "unknown apiVersion"),
    ],
)
def test_what_is_no_audit_event_is_kept_with_the_reason(item, reason):
    (found,) = reasons(compact(item))
    assert reason in found


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"auditID":"1","stage":"Panic","stage":"Panic"}', "duplicate member"),
        (b'{"auditID":"1","stage":"Panic","x":' + b"[" * 70 + b"]" * 70 + b"}", "nested too deep"),
        (b'{"auditID":"1","stage":"Panic","x":1e400}', "out of range"),
        (b'{"auditID":"1","stage":"Panic","x":"\\ud800"}', "surrogate"),
    ],
)
def test_the_laws_of_strict_json_hold_here_too(body, reason):
    (found,) = reasons(body)
    assert reason in found


def test_a_retried_batch_has_the_same_keys():
    body = compact({"kind": "EventList", "items": [audit(), audit(stage="RequestReceived")]})
    assert prepare(body).keys == prepare(body).keys
    assert len(set(prepare(body).keys)) == 2


SECRET = {"kind": "Secret", "apiVersion": "v1", "data": {"user": "aGFubmFo"}, "stringData": {"x": "plain-text"}}
ANNOTATED = {
    "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": '{"data":{"user":"aGFubmFo"}}'}}
}


@pytest.mark.parametrize(
    "members",
    [
        {"objectRef": {"resource": "secrets"}, "requestObject": SECRET, "responseObject": SECRET},
        {"objectRef": {"resource": "secrets"}, "requestObject": ANNOTATED},
        {
            "objectRef": {"resource": "secrets"},
            "requestObject": [{"op": "add", "path": "/data/user", "value": "aGFubmFo"}],
        },
        {"objectRef": {"resource": "secrets"}, "requestObject": "aGFubmFo"},
        {"objectRef": {"resource": "secrets"}, "responseObject": {"kind": "SecretList", "items": [SECRET]}},
        {"requestObject": SECRET},
        {"objectRef": {"resource": "secrets"}, "requestObject": {"kind": ["Status"], "data": "aGFubmFo"}},
    ],
)
def test_bodies_of_secrets_are_redacted_whole(members):
    batch = prepare(compact(audit(**members)))
    assert batch.redacted == len([name for name in members if name != "objectRef"])
    assert b"aGFubmFo" not in batch.tails[0]
    assert b"plain-text" not in batch.tails[0]
    assert b'"rule":"k8s-secret-body"' in batch.tails[0]


def test_the_answer_that_a_secret_was_deleted_is_kept():
    status = {"kind": "Status", "status": "Success"}
    body = compact(audit(objectRef={"resource": "secrets"}, verb="delete", responseObject=status))
    assert entries(prepare(body))[0].data == body


def test_tokens_of_a_review_are_redacted():
    body = compact(audit(objectRef={"resource": "tokenreviews"}, requestObject={"spec": {"token": "opaque"}}))
    assert b"opaque" not in prepare(body).tails[0]


@pytest.mark.parametrize(
    "planted",
    [
        {"$redacted": {"by": "server", "rule": "x", "hmac": "k:0"}},
        {"$sealed": 1},
        {"$redacted": 1, "more": [{"$sealed": 2}]},
    ],
)
def test_a_planted_marker_is_replaced_and_does_not_hide_the_event(planted):
    batch = prepare(compact(audit(requestObject={"data": {"a": planted}, "kind": "ConfigMap"})))
    (entry,) = entries(batch)
    assert (entry.format, entry.redacted) == ("k8s.audit/v1", 1)
    marker = json.loads(entry.data or b"")["requestObject"]["data"]["a"]["$redacted"]
    assert (marker["by"], marker["rule"]) == ("server", "forged-marker")


def test_a_marker_planted_at_the_top_is_replaced_too():
    (entry,) = entries(prepare(compact(audit(**{"$redacted": {"by": "server"}}))))
    assert json.loads(entry.data or b"")["$redacted"]["$redacted"]["rule"] == "forged-marker"


def test_a_large_event_becomes_a_blob():
    batch = prepare(compact(audit(requestObject={"data": "x" * MAX_ENTRY_SIZE})))
    (entry,) = entries(batch)
    assert entry.data is None
    assert entry.blob is not None
    assert entry.blob[0] in batch.blobs


def test_items_are_split_without_copying_their_neighbours():
    assert list(split_body(b' [1, {"a": 2} ] ')) == [(b"1", ""), (b'{"a": 2}', "")]
