"""Signatures that receivers of Standard Webhooks accept."""

import pytest

from graven.detect.signing import alert_keys, secret_of, signed_headers
from graven.errors import RefusedToStart


def test_the_published_vector_comes_out():
    """From libraries/python/tests/test_webhooks.py of standard-webhooks/standard-webhooks (test_sign_function)."""
    headers = signed_headers(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_while_a_key_is_changed_both_sign():
    both = signed_headers(["whsec_" + "A" * 32, "whsec_" + "B" * 32], "m", 1, b"x")["webhook-signature"].split(" ")
    old = signed_headers(["whsec_" + "B" * 32], "m", 1, b"x")["webhook-signature"]
    assert len(both) == 2
    assert old in both


def test_an_id_with_a_full_stop_is_refused():
    with pytest.raises(ValueError, match="full stop"):
        signed_headers([], "a.b", 1, b"")


def test_every_address_has_its_own_secret():
    one, other = secret_of(b"k" * 32, "https://a.example/"), secret_of(b"k" * 32, "https://b.example/")
    assert one != other
    assert one.startswith("whsec_")
    assert len(one) == 6 + 44


def test_the_key_is_made_once_and_kept_private(tmp_path):
    (key,) = alert_keys(tmp_path)
    assert alert_keys(tmp_path) == (key,)
    assert (tmp_path / "keys" / "alerts.hmac").stat().st_mode & 0o077 == 0


def test_a_second_line_is_the_key_before(tmp_path):
    (key,) = alert_keys(tmp_path)
    path = tmp_path / "keys" / "alerts.hmac"
    path.write_text("ab" * 32 + "\n" + key.hex() + "\n")
    assert alert_keys(tmp_path) == (b"\xab" * 32, key)


@pytest.mark.parametrize("text", ["", "xyz\n", "ab\n", "ab" * 32 + "\n" + "ab" * 32 + "\n" + "ab" * 32 + "\n", "ä"])
def test_a_damaged_key_is_refused(tmp_path, text):
    alert_keys(tmp_path)
    (tmp_path / "keys" / "alerts.hmac").write_text(text)
    with pytest.raises(RefusedToStart) as refused:
        alert_keys(tmp_path)
    assert refused.value.code == "key_malformed"


def test_a_key_that_others_may_read_is_refused(tmp_path):
    alert_keys(tmp_path)
    (tmp_path / "keys" / "alerts.hmac").chmod(0o644)
    with pytest.raises(RefusedToStart) as refused:
        alert_keys(tmp_path)
    assert refused.value.code == "key_exposed"
