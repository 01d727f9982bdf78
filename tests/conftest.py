"""One setting for all tests: what Hypothesis tries is fixed in CI, and random everywhere else.

A red CI has to mean that a change broke something. New counterexamples are looked for by hand and by the soaks.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile("ci", derandomize=True)
settings.register_profile("soak", max_examples=30_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
if os.environ.get("CI"):
    settings.load_profile("ci")
