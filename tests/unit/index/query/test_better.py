import pytest

from graven.index.query.better import better_query, field_to_count
from graven.index.query.parse import parse

NOW = 1_764_229_000 * 10**9


class Holding:
    """A log with these values by field, labels and documents; `asked` are the fields whose values were asked for."""

    def __init__(self, values=(), labels=(), documents=(), *, whole=True):
        self._values, self._labels, self._documents = dict(values), dict(labels), dict(documents)
        self.whole = whole
        self.asked = []

    def values(self, field, like):
        self.asked.append(field.name)
        return self._values.get(field.name, [])

    def labels(self):
        return self._labels

    def documents(self, field):
        return self._documents.get(field.name, [])


NOTHING_KNOWN = Holding(whole=False)
SHOP = Holding(
    {
        "action": ["order.create", "order.cancelled", "session.login"],
        "actor": ["alice", "bob", "svc-billing"],
        "outcome": ["success", "failure"],
        "target": ["order/42"],
        "target.type": ["order", "card"],
        "test": ["tests/test_a.py::test_pay", "tests/test_b.py::test_pay", "tests/test_b.py::test_ship"],
    },
    {"team": ["dev", "qa"], "tier": ["gold"]},
    {"input": [{"lines": [{"sku": "SKU-1", "qty": 2}], "customer": {"id": "c1", "name": "Al"}, "tags": ["red"]}]},
)


def hints(query, known=NOTHING_KNOWN):
    return better_query(query, parse(query, now_ns=0).query, known)


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("outcome:falure", "did you mean outcome:failure? outcome is success, failure, denied, error or unknown"),
        ("outcome:Failure", "did you mean outcome:failure? outcome is success, failure, denied, error or unknown"),
        ("outcome:5xx", "outcome is success, failure, denied, error or unknown"),
        ("-env:dev outcome:fail|denied", "did you mean outcome:(failure OR denied)?"),
        ("actor:alice|bob", "did you mean actor:(alice OR bob)?"),
        ("actor.type:usr", "did you mean actor.type:user? actor.type is user, service,"),
        ("target:order:42", "did you mean target:order/42?"),
        ("target.id:order:42", "did you mean target:order/42?"),
        ("actor:user:alice", "did you mean actor:alice?"),
        ('actor:"user:a b"', 'did you mean actor:"a b"?'),
        ("actor:/alice/", "did you mean actor:*alice*? there are no regular expressions"),
        ("actor:alice or actor:bob", "OR, AND and NOT are upper case; or is a word to search for"),
        ("not alice", "OR, AND and NOT are upper case; not is a word"),
        ("(not alice)", "OR, AND and NOT are upper case; not is a word"),
    ],
)
def test_what_was_probably_meant_is_said_whatever_the_log_holds(query, hint):
    (said,) = hints(query)
    assert said.startswith(hint)


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("actor:Alice", "did you mean actor:alice?"),
        ("actor:alicia", "did you mean actor:alice?"),
        ("action:order", "did you mean action:order.*?"),
        ("action:Order.*", "did you mean action:order.*?"),
        ("action:login", "did you mean action:session.login?"),
        ("test:test_pay", "did you mean test:*test_pay?"),
        ("test:tests/test_", "did you mean test:tests/test_*?"),
        ("target:Order/42", "did you mean target:order/42?"),
        ("target.type:ordr", "did you mean target.type:order?"),
        ("action:order.create actor:Bob", "did you mean actor:bob?"),
        ("actor:Bob OR actor:nobody", "did you mean actor:bob?"),
        ("actor:zz", "no event has actor:zz: actor has only alice, bob, svc-billing"),
        ("outcome:denied", "no event has outcome:denied: outcome has only success, failure"),
        ("env:dev", "no event has an env"),
        ("labels.tema:qa", "labels.tema is no known label: did you mean labels.team:qa?"),
        ("labels.zzzz:*", "labels.zzzz is no known label: there are labels.team, labels.tier"),
        ("labels.team:QA", "did you mean labels.team:qa?"),
        ("input.lines.sku:SKU-1", "did you mean input.lines[].sku:SKU-1? [] is any element of a list"),
        ("input.lines.qty>5", "did you mean input.lines[].qty>5? [] is any element of a list"),
        ("input.lines.sku:*", "did you mean input.lines[].sku:*? [] is any element of a list"),
        ("input.lines.0.sku:x", "did you mean input.lines[0].sku:x?"),
        ("input.lines[].sku:sku-1", "did you mean input.lines[].sku:SKU-1?"),
        ("input.tags:red", "did you mean input.tags[]:red? [] is any element of a list"),
        ("input.customer[].id:c1", "did you mean input.customer.id:c1?"),
        ("input.custmer.id:c1", "did you mean input.customer.id:c1?"),
        ("input.customer:c1", "input.customer is an object: it has id, name"),
        ("input.total>5", "no input.total in the newest events: input has customer, lines, tags"),
    ],
)
def test_what_the_log_holds_that_is_near_is_said(query, hint):
    assert hints(query, SHOP)[0] == hint


@pytest.mark.parametrize(
    "query",
    [
        "",
        "outcome:failure",
        '"this or that"',
        "actor:svc:billing",
        "target:a/b:c",
        "index:5",
        "uri:http://x",
        "uri:/cart/",
        "actor:|",
    ],
)
def test_what_may_have_been_meant_as_it_stands_is_left_alone(query):
    assert hints(query) == []


@pytest.mark.parametrize(
    "query", ["actor:alice outcome:failure", "-actor:Alice", "-labels.tema:qa", "order.cancelled", "target:order/43"]
)
def test_what_is_there_and_what_is_excluded_needs_no_hint(query):
    assert hints(query, SHOP) == []


def test_where_not_every_event_is_known_nothing_is_said_of_all():
    known = Holding({"actor": ["alice"]}, whole=False)
    assert hints("actor:zz", known) == hints("env:dev", known) == []


def test_so_many_conditions_are_looked_into_and_no_more():
    known = Holding()
    hints(" OR ".join(f"actor:a{n}" for n in range(60)), known)
    assert len(known.asked) == 8


@pytest.mark.parametrize(
    ("query", "by"),
    [
        ("outcome:falure", "outcome"),
        ("target:x actor:y", "actor"),
        ("action:order.*", "action"),
        ("declined", "action"),
        ("target:x", "action"),
        ("(", "action"),
        ("since:2025-01-01 until:1h actor:x", "actor"),
    ],
)
def test_the_field_to_look_at_is_the_first_that_is_asked_and_can_be_counted(query, by):
    assert field_to_count(query, now_ns=NOW) == by


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ('actor:"a|-b"', 'did you mean actor:(a OR "-b")?'),
        ('input.n:"1|.."', 'did you mean input.n:(1 OR "..")?'),
        ('actor:"OR|x"', 'did you mean actor:("OR" OR x)?'),
    ],
)
def test_alternatives_are_spelled_as_values(query, meant):
    assert hints(query) == [meant]


def test_no_pattern_is_meant_by_what_a_pattern_cannot_have_in_it():
    assert not any("did you mean" in hint for hint in hints('actor:"/a )b/"'))
