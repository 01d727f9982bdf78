"""Another log into this one: what a CI job recorded, with the checkpoint that proves it."""
