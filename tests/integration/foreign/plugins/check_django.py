"""Django's own test cases, pytest-django's fixtures, and values that would query if they were shown."""

import httpx
import pytest
from django.contrib.auth.models import User
from django.test import LiveServerTestCase, TestCase, TransactionTestCase
from django.utils.functional import SimpleLazyObject


class TestTransactionRolledBack(TestCase):
    @classmethod
    def setUpTestData(cls):
        User.objects.create(username="a")

    def test_client(self):
        with self.assertNumQueries(1):
            assert self.client.get("/users/").content == b"1"


class TestTransactionCommitted(TransactionTestCase):
    def test_client(self):
        assert self.client.get("/users/").content == b"0"


class TestServed(LiveServerTestCase):
    def test_over_http(self):
        assert httpx.get(f"{self.live_server_url}/users/").text == "0"


@pytest.fixture
def users(db):
    User.objects.create(username="b")
    return User.objects.all()


@pytest.fixture
def lazy_user(users):
    return SimpleLazyObject(User.objects.get)


def test_a_queryset_is_evaluated_by_the_test_only(users, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert len(users) == 1


def test_a_lazy_object_is_loaded_by_the_test_only(lazy_user, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert lazy_user.username == "b"


@pytest.mark.xfail(strict=True)
def test_a_failure_with_lazy_locals(users, django_assert_num_queries):
    first = users[:1]
    with django_assert_num_queries(0):
        raise AssertionError
    assert first
