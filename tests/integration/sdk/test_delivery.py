"""The recorder over a real socket against a server that misbehaves to order."""

import threading

from tests.support.sdk_server import AppendServer, problem

import graven


def client_for(server, tmp_path, **settings):
    quick = {"backoff_base_s": 0.01, "backoff_cap_s": 0.02, "batch_age_s": 0.01, "source": "test"}
    return graven.Client(getattr(server, "url", server), spool_dir=tmp_path / "spool", **{**quick, **settings})


def test_a_request_is_what_the_contract_says(tmp_path):
    with AppendServer() as server, client_for(server, tmp_path, token="grv_t", log="shop") as client:
        client.record("order.create", actor="alice")
        assert client.flush()
        (request,) = server.requests
    assert request.path == "/v1/logs/shop/events"
    assert request.headers["authorization"] == "Bearer grv_t"
    assert request.headers["content-type"] == "application/x-ndjson"
    assert len(request.key) == 32
    assert request.headers["user-agent"].startswith("graven-sdk/")


def test_every_compression_arrives(tmp_path):
    for compression, coding in (("none", None), ("gzip", "gzip"), ("zstd", "zstd"), ("auto", "zstd")):
        with AppendServer() as server, client_for(server, tmp_path, compression=compression, batch_age_s=1) as client:
            for n in range(100):
                client.record("a", input=n)
            assert client.flush()
            assert [event["input"] for event in server.events] == list(range(100))
            assert {request.headers.get("content-encoding") for request in server.requests} == {coding}


def test_a_server_that_comes_late_gets_everything_in_order(tmp_path):
    with AppendServer() as early:
        port = early.port
    client = client_for(f"http://127.0.0.1:{port}", tmp_path)
    for n in range(1000):
        client.record("a", input=n)
    assert not client.flush(0.05)
    with AppendServer(port) as server:
        assert client.flush(60)
        assert [event["input"] for event in server.events] == list(range(1000))
        client.close()
    spool = tmp_path / "spool"  # made only where events had to wait on the disk
    assert not spool.exists() or list(spool.iterdir()) == []


def test_an_answer_that_is_lost_after_the_commit_costs_no_duplicate(tmp_path):
    with AppendServer() as server, client_for(server, tmp_path) as client:
        lost = []

        def lose(request):
            if len(lost) < 3:
                lost.append(request)
                raise ConnectionResetError

        server.before_answer = lose
        for n in range(500):
            client.record("a", input=n)
        assert client.flush(60)
        assert [event["input"] for event in server.events] == list(range(500))
        by_key: dict[str, set[bytes]] = {}
        for request in server.requests:
            by_key.setdefault(request.key, set()).add(request.raw)
        assert all(len(bodies) == 1 for bodies in by_key.values()), "every retry is byte-identical"
        assert len(server.requests) >= len(by_key) + 3


def test_a_slow_server_delays_nobody_and_its_batches_go_to_disk(tmp_path):
    gate = threading.Event()
    with AppendServer() as server:
        server.before_answer = lambda request: gate.wait(60)
        client = client_for(server, tmp_path, spool_after_s=0.01, timeout_s=60.0)
        client.record("a", input=0)
        server.wait_for_requests(1)
        for n in range(1, 3000):
            assert client.record("a", input=n) is not None, "nothing is refused while one request hangs"
        gate.set()
        assert client.flush(60)
        assert client.stats().spooled > 0
        assert [event["input"] for event in server.events] == list(range(3000))
        client.close()


def test_429_is_waited_out(tmp_path):
    with AppendServer() as server, client_for(server, tmp_path) as client:
        server.fault = lambda request: (429, {"Retry-After": "0"}, b"") if len(server.requests) <= 3 else None
        client.record("a")
        assert client.flush(60)
        assert len(server.requests) == 4
        assert len({request.raw for request in server.requests}) == 1


def test_a_proxy_that_says_200_is_no_acknowledgement(tmp_path):
    with AppendServer() as server, client_for(server, tmp_path) as client:
        server.fault = lambda request: (200, {}, b"<html>hotel</html>") if len(server.requests) <= 2 else None
        client.record("a")
        assert client.flush(60)
        assert len(server.events) == 1


def test_one_bad_item_of_a_batch_costs_one_event(tmp_path):
    losses = []
    with AppendServer() as server, client_for(server, tmp_path, on_loss=losses.append, batch_age_s=1) as client:

        def refuse(request):
            bad = [at for at, event in enumerate(request.events) if event["input"] == 50]
            errors = [{"item": at, "field": "input", "reason": "is fifty", "suggestion": ""} for at in bad]
            return problem(422, "invalid_event", "bad", errors=errors) if bad else None

        server.fault = refuse
        for n in range(100):
            client.record("a", input=n)
        assert client.flush(60)
        assert [event["input"] for event in server.events] == [n for n in range(100) if n != 50]
        assert len(server.requests) == 2
    assert [(loss.reason, loss.count) for loss in losses] == [("refused", 1)]
    assert "is fifty" in losses[0].detail
    (kept,) = (tmp_path / "spool" / "refused").iterdir()
    assert b'"input":50' in kept.read_bytes()


def test_a_body_that_is_too_large_for_the_server_is_halved(tmp_path):
    with AppendServer() as server, client_for(server, tmp_path, batch_age_s=1) as client:
        server.fault = lambda request: problem(413, "too_large", "body too large") if len(request.events) > 30 else None
        for n in range(100):
            client.record("a", input=n)
        assert client.flush(60)
        assert [event["input"] for event in server.events] == list(range(100))


async def _record_asynchronously(server, tmp_path):
    async with graven.AsyncClient(server.url, spool_dir=tmp_path / "spool", source="test") as client:
        for n in range(100):
            client.record("a", input=n)
        assert await client.aflush(60)
        return client.stats()


def test_the_asynchronous_client_delivers(tmp_path):
    import asyncio

    with AppendServer() as server:
        stats = asyncio.run(_record_asynchronously(server, tmp_path))
        assert stats.acknowledged == 100
        assert [event["input"] for event in server.events] == list(range(100))
