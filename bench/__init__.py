"""The measurements that README quotes. `python -m bench` runs them all; `python -m bench NAME` one."""
