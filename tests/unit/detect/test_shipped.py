"""Each alert that comes with Graven: something that it must find, and something that it must not."""

import json

import pytest
from tests.support.alert_world import START_NS, World

from graven.detect.rule import decode_alert, encode_alert
from graven.detect.shipped import SHIPPED
from graven.event.mappers.k8s_view import k8s_view
from graven.log.messages import Incident
from graven.log.record import incident_event
from graven.server.system import system_event

BY_NAME = {one.alert.name: one for one in SHIPPED}


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.store.close()


def fired(world, name):
    """The alert as it is shipped, on the log where it belongs, over what the world holds."""
    one = BY_NAME[name]
    log = "system" if one.log == "system" else "shop"
    world.store.put(log, one.alert, armed=0, armed_ns=START_NS)
    world.round()
    return [event["attributes"]["indexes"] for event in world.fired()]


def test_every_shipped_alert_is_tested_here_and_valid():
    assert set(BY_NAME) == {
        "denial-burst", "token-created", "container-exec", "recorder-silent", "verification-failed", "result-changed"
    }  # fmt: skip
    for one in SHIPPED:
        assert decode_alert(encode_alert(one.alert)) == one.alert


def test_a_burst_of_denials_of_one_actor(world):
    for n in range(10):
        world.add(at_s=n, outcome="denied", actor={"id": "mallory"})
    assert fired(world, "denial-burst") == [list(range(10))]


def test_denials_of_many_or_slow_ones_are_no_burst(world):
    for n in range(30):
        world.add(at_s=n, outcome="denied", actor={"id": f"user-{n % 5}"})
        world.add(at_s=n, outcome="success", actor={"id": "mallory"})
    for n in range(20):
        world.add(at_s=100 + n * 7, outcome="denied", actor={"id": "mallory"})
    assert fired(world, "denial-burst") == []


def token(action):
    facts = {"token": "abc", "name": "ci", "roles": ["recorder"]}
    return system_event(action, targets=(("token", "abc"),), attributes=facts)


def test_a_token_that_is_made(world):
    world.add(log="system", **token("token.create"))
    world.add(log="system", **token("token.create"))
    assert fired(world, "token-created") == [[0], [1]]


def test_a_token_that_is_revoked_is_not_made(world):
    world.add(log="system", **token("token.revoke"))
    world.add(log="system", **system_event("server.start"))
    assert fired(world, "token-created") == []


def audit(verb, subresource, audit_id="a1", stage="ResponseComplete"):
    event = {
        "verb": verb,
        "stage": stage,
        "auditID": audit_id,
        "user": {"username": "eve"},
        "objectRef": {"resource": "pods", "subresource": subresource, "name": "db-0", "namespace": "shop"},
        "responseStatus": {"code": 101},
    }
    return k8s_view(json.dumps(event).encode(), id=audit_id, source="k8s/prod")


def test_an_exec_into_a_container_by_either_verb_and_once_for_its_stages(world):
    world.add(**audit("create", "exec", stage="RequestReceived"))
    world.add(**audit("create", "exec", stage="ResponseStarted"))
    world.add(**audit("get", "exec", "a2"))
    assert fired(world, "container-exec") == [[0], [2]]


def test_reading_a_pod_or_its_log_is_no_exec(world):
    world.add(**audit("get", None))
    world.add(**audit("get", "log"))
    world.add(**audit("create", "eviction"))
    assert fired(world, "container-exec") == []


def test_a_recorder_that_is_silent_for_a_day(world):
    world.add(at_s=0)
    world.now_ns += 86_400 * 10**9
    assert fired(world, "recorder-silent") == [[0]]


def test_a_recorder_that_says_something_every_day_is_not_silent(world):
    for day in range(3):
        world.add(at_s=day * 86_399)
    world.now_ns += 86_000 * 10**9
    assert fired(world, "recorder-silent") == []


def test_a_verification_that_failed_or_could_not_be_made(world):
    world.add(log="system", **incident_event(Incident("scrub_finding", "shop", "bad hash", {"index": 5})))
    world.add(log="system", **incident_event(Incident("scrub_finding", "shop", "bad hash", {"index": 6})))
    world.add(log="system", **incident_event(Incident("scrub_could_not_check", "other", "no file", {})))
    assert fired(world, "verification-failed") == [[0], [2]]


def test_another_incident_is_no_failed_verification(world):
    world.add(log="system", **incident_event(Incident("control_lost", "system", "lost", {})))
    world.add(log="system", **system_event("server.stop"))
    assert fired(world, "verification-failed") == []


def run(action, **qa):
    return {"action": f"test.{action}", "qa": {"run": "ci-118", **qa}}


@pytest.mark.parametrize(("late", "found"), [("passed", [[1, 2, 3]]), ("failed", [])])
def test_a_result_that_changed_after_the_run_closed(world, late, found):
    world.add(**run("run.start"))
    world.add(**run("case.finish", test="t", suite="s", status="failed"))
    world.add(**run("run.finish", status="failed"))
    world.add(**run("case.finish", test="t", suite="s", status=late))
    assert fired(world, "result-changed") == found
