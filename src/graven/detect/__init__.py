"""Alerts: what is looked for in a log, when it fires, and who is told.

Pure, from the bottom up:
    address    where an alert may be sent           rule      the alert, its one spelling
    fired      a firing and its entry                counting, silence, changed    the three kinds of watch
    flood      what one alert may say in a minute
    watch      one alert on one log                  shipped   the alerts that come with Graven
    timeless   a query that asks the same whenever it is asked
With a disk or a network:
    store      `alerts.sqlite`                       follow    the round over all alerts
    waiting    what waits to be sent, and why
    message, signing, webhook, mail                  deliver   the queue, with retries (turns: whose is next)
    aside      blocking calls that nobody waits for

How a server composes them; `stop` is a `threading.Event`, and `deliver.run(1.0)` runs on a loop of its own:

    store = AlertStore(data_dir / "alerts.sqlite")
    record = logs.system.record                      # append to `system`, durable on return
    follow = Follow(store, index, record, clock=time.time_ns, link=public_url)
    hook = Webhook(alert_keys(data_dir), clock=time.time_ns, allow_local=settings.alerts.allow_local)
    send = {"https": hook, "http": hook, "mailto": Mail(settings.alerts.mail)}
    deliver = Deliver(store, send, record, clock=time.time_ns, random=random.random)
    while not stop.wait(1.0):                        # at once, while either of them `is_behind`
        follow.round()                               # `follow.problems` for the status page
        deliver.record()
    follow.close()

`PUT /v1/logs/{log}/alerts/{name}` (an operator's call): `decode_alert(body, check_timeless, name=name)`, without
`check_timeless` for one that is switched off and otherwise listens as before, record
`alert.put` with `public_form(alert)`, then `store.put(log, alert, armed=log.size, armed_ns=…)`, where `armed_ns` is
the received time of the entry before, or now. `DELETE` records `alert.delete`, then `store.delete`. `SHIPPED` is put
when a log is created. `secret_of(key, address)` is what a receiver checks signatures with.
"""

from graven.detect.deliver import Deliver
from graven.detect.fired import Fired
from graven.detect.follow import Follow, Head, Record, Search
from graven.detect.mail import Mail, MailSettings
from graven.detect.rule import Alert, Silence, Threshold, decode_alert, encode_alert, public_form
from graven.detect.shipped import SHIPPED, Shipped
from graven.detect.signing import alert_keys, secret_of
from graven.detect.store import AlertStore, Stored
from graven.detect.timeless import check_timeless
from graven.detect.waiting import Queued, Waiting
from graven.detect.watch import Span, Watch
from graven.detect.webhook import Webhook

__all__ = [
    "SHIPPED",
    "Alert",
    "AlertStore",
    "Deliver",
    "Fired",
    "Follow",
    "Head",
    "Mail",
    "MailSettings",
    "Queued",
    "Record",
    "Search",
    "Shipped",
    "Silence",
    "Span",
    "Stored",
    "Threshold",
    "Waiting",
    "Watch",
    "Webhook",
    "alert_keys",
    "check_timeless",
    "decode_alert",
    "encode_alert",
    "public_form",
    "secret_of",
]
