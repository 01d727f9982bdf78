import asyncio

import pytest
from tests.support.sdk_transport import ScriptedTransport, scripted_client

import graven
from graven.errors import UsageError


def test_a_client_shows_where_it_records_to_and_no_token(tmp_path):
    client = graven.Client("http://x", token="grv_secret", log="shop", spool_dir=tmp_path)
    assert repr(client) == "<Client of http://x log shop>"


def test_a_client_without_a_server_is_refused_at_once(monkeypatch):
    monkeypatch.delenv("GRAVEN_SERVER", raising=False)
    with pytest.raises(UsageError, match="no server"):
        graven.Client()


def test_the_block_ends_with_everything_sent(tmp_path):
    transport = ScriptedTransport()
    with scripted_client(transport, tmp_path, batch_age_s=3600.0) as client:
        client.record("a")
    assert len(transport.events) == 1


def test_an_actor_of_the_client_is_the_default(tmp_path):
    transport = ScriptedTransport()
    with scripted_client(transport, tmp_path, actor={"type": "ci", "id": "ci/118"}) as client:
        client.record("a")
        client.record("a", "bob")
    assert [event["actor"]["id"] for event in transport.events] == ["ci/118", "bob"]


def test_the_asynchronous_block_ends_with_everything_sent_and_the_loop_goes_on(tmp_path):
    transport = ScriptedTransport()

    async def main():
        turns = 0

        async def turn():
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        client = graven.AsyncClient("http://x", spool_dir=tmp_path, transport=lambda: transport, batch_age_s=3600.0)
        async with asyncio.TaskGroup() as group:
            turning = group.create_task(turn())
            async with client:
                client.record("a")
                assert await client.aflush()
            turning.cancel()
        return turns

    assert asyncio.run(main()) > 1
    assert len(transport.events) == 1
