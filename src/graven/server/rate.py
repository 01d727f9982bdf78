"""A token bucket: so many at once, and so many a second after that. The clock is passed in."""

__all__ = ["Bucket"]


class Bucket:
    """Full at the beginning. Holds at most `rate`, and gets `rate` more each second."""

    def __init__(self, rate: int, now_s: float) -> None:
        self._rate = rate
        self._held = float(rate)
        self._at_s = now_s

    def available(self, now_s: float) -> int:
        """How many may be taken now."""
        passed_s = max(0.0, now_s - self._at_s)
        self._at_s = max(self._at_s, now_s)
        self._held = min(float(self._rate), self._held + passed_s * self._rate)
        return int(self._held + 1e-9)

    def take(self, number: int) -> None:
        """Take what was available; a ValueError beyond that."""
        if number > self._held + 1e-9:
            raise ValueError(f"{number} are taken, there are {self._held:g}")
        self._held = max(0.0, self._held - number)

    def wait_s(self, now_s: float) -> float:
        """How long it takes until one may be taken: 0 when one may be now."""
        return 0.0 if self.available(now_s) else (1.0 - self._held) / self._rate
