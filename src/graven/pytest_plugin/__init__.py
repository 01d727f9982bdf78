"""The pytest plugin: records what a test run did, down to the calls that its tests made."""
