"""The measurements that README quotes. `python -m bench` runs them all; `python -m bench NAME` one."""

import os

# programs that a user starts are compiled once, not at each start
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
