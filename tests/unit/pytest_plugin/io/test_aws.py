"""botocore against a real HTTP server on loopback: one record for each API call, none for its HTTP."""

import botocore.exceptions
import botocore.session
import pytest
from botocore.config import Config


@pytest.fixture
def dynamodb(server, recorded):
    client = botocore.session.Session().create_client(
        "dynamodb",
        region_name="eu-west-1",
        endpoint_url=server.url,
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=Config(retries={"max_attempts": 1}),
    )
    yield client
    client.close()


def test_a_call_is_recorded_once_with_its_parameters(dynamodb, server, recorded):
    answer = dynamodb.delete_table(TableName="orders")
    assert len(server.seen) == 1
    (event,) = recorded
    assert (event["action"], event["method"]["operation"]) == ("aws.call", "dynamodb.DeleteTable")
    assert event["input"] == {"TableName": "orders"}
    assert event["output"] == answer


def test_an_invalid_call_passes_its_exception(dynamodb, server, recorded):
    with pytest.raises(botocore.exceptions.ParamValidationError):
        dynamodb.delete_table(Nonsense=1)
    assert server.seen == []
    assert recorded[0]["outcome"] == "error"
