"""Webhooks against a real web server on loopback."""

import asyncio
import json
import ssl

import pytest
from tests.support.alert_world import SECOND, START_NS, World
from tests.support.receivers import certificate, hook_server

from graven.detect.deliver import Deliver
from graven.detect.rule import Alert, Threshold
from graven.detect.sent import Delivered, Later, Refused
from graven.detect.signing import secret_of, signed_headers
from graven.detect.store import Delivery
from graven.detect.webhook import Webhook

KEY = b"k" * 32
BODY = b'{"type":"alert.fire"}'


def send(address, **options):
    webhook = Webhook([KEY], clock=lambda: START_NS, **{"allow_local": True, **options})
    return asyncio.run(webhook(Delivery("alert-1", address, "shop", "x", BODY, START_NS, 0)))


def test_the_body_arrives_signed_for_this_address():
    with hook_server() as hook:
        address = f"http://127.0.0.1:{hook.port}/T0/secret?k=1"
        assert send(address) == Delivered("204")
    ((path, headers, body),) = hook.got
    assert (path, body) == ("/T0/secret?k=1", BODY)
    expected = signed_headers([secret_of(KEY, address)], "alert-1", START_NS // SECOND, BODY)
    assert {name: headers[name] for name in expected} == expected
    assert headers["host"] == f"127.0.0.1:{hook.port}"
    assert headers["content-type"] == "application/json"


def test_a_name_is_called_at_the_address_that_was_checked_and_keeps_its_name():
    with hook_server() as hook:
        assert send(f"http://localhost:{hook.port}/") == Delivered("204")
    assert hook.got[0][1]["host"] == f"localhost:{hook.port}"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]", "2130706433"])
def test_loopback_is_refused_however_it_is_written(host):
    with hook_server() as hook:
        assert isinstance(send(f"http://{host}:{hook.port}/", allow_local=False), Refused)
    assert hook.got == []


def test_metadata_services_are_refused():
    assert isinstance(send("http://169.254.169.254/latest/meta-data/", allow_local=False), Refused)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((200, {}, b"ok"), Delivered("200")),
        ((404, {}, b"no"), Later("404")),
        ((410, {}, b""), Refused("410: the receiver is gone for good")),
        ((500, {}, b""), Later("500")),
        ((429, {"retry-after": "120"}, b""), Later("429", 120.0)),
        ((503, {"retry-after": "soon"}, b""), Later("503")),
    ],
)
def test_an_answer_decides_what_comes_next(answer, expected):
    with hook_server(answer) as hook:
        assert send(f"http://127.0.0.1:{hook.port}/") == expected


def test_a_redirect_is_not_followed():
    with hook_server() as other, hook_server((302, {"location": f"http://127.0.0.1:{other.port}/"}, b"")) as hook:
        assert send(f"http://127.0.0.1:{hook.port}/") == Later("302: a redirect is not followed")
        assert other.got == []


def test_of_an_endless_answer_no_more_is_read_than_is_allowed():
    def endless(stream):
        while True:
            stream.write(b"x" * 65_536)

    with hook_server((200, {}, endless)) as hook:
        assert send(f"http://127.0.0.1:{hook.port}/") == Delivered("200")


def test_an_answer_that_does_not_come_ends_in_time():
    with hook_server(None) as hook:
        assert send(f"http://127.0.0.1:{hook.port}/", timeout_s=0.2) == Later("no answer within 0.2 s")


def test_an_answer_that_drips_ends_in_time():
    with hook_server() as hook:

        def drip(stream):
            while not hook.release.wait(0.02):
                stream.write(b"x")
                stream.flush()

        hook.answers.append((200, {}, drip))
        assert send(f"http://127.0.0.1:{hook.port}/", timeout_s=0.3) == Later("no answer within 0.3 s")


def test_nobody_there_is_tried_later_and_the_reason_holds_no_address():
    with hook_server() as hook:
        port = hook.port
    attempt = send(f"http://127.0.0.1:{port}/secret")
    assert isinstance(attempt, Later)
    assert attempt.detail == "ConnectError (ConnectionRefusedError)"
    assert "secret" not in attempt.detail


def test_a_name_that_does_not_exist_is_tried_later():
    assert isinstance(send("https://nobody.invalid/secret"), Later)


def test_tls_checks_the_certificate_against_the_name(tmp_path):
    files = certificate(tmp_path)
    trust = ssl.create_default_context(cafile=str(files[0]))
    with hook_server(tls=files) as hook:
        assert send(f"https://localhost:{hook.port}/", verify=trust) == Delivered("204")
        assert isinstance(send(f"https://localhost:{hook.port}/"), Later), "an unknown authority"
    assert len(hook.got) == 1


def test_an_alert_goes_from_the_log_to_a_receiver_that_was_away(tmp_path):
    world = World(tmp_path)
    with hook_server((503, {}, b"")) as hook:
        address = f"http://127.0.0.1:{hook.port}/"
        world.put(Alert(name="boom", query="action:boom", threshold=Threshold(count=1, window_s=1), to=(address,)))
        index = world.add(action="boom")
        (fired,) = world.round()
        webhook = Webhook([KEY], clock=lambda: world.now_ns, allow_local=True)

        def deliver():
            return Deliver(world.store, {"http": webhook}, world.record, clock=lambda: world.now_ns, random=lambda: 0.0)

        world.now_ns += 10 * SECOND
        due_ns = world.step(deliver())
        world.restart()
        world.now_ns = due_ns
        assert world.step(deliver()) is None
    assert [headers["webhook-id"] for _, headers, _ in hook.got] == [fired.id, fired.id]
    assert hook.got[0][1]["webhook-signature"] != hook.got[1][1]["webhook-signature"], "a new time is signed"
    assert json.loads(hook.got[1][2])["data"]["indexes"] == [index]
    assert [json.loads(world.recorded[each])["action"] for each in world.order] == ["alert.fire", "alert.deliver"]
    world.store.close()
