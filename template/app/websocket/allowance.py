"""How much a client may send."""

import time


class Allowance:
    """So many at once, and so many a second: what was not used lasts for one second."""

    def __init__(self, per_second: int) -> None:
        self.per_second = per_second
        self.left = float(per_second)
        self.counted_at = time.monotonic()

    def take(self) -> bool:
        """Take one, if there is one left."""
        now = time.monotonic()
        self.left += (now - self.counted_at) * self.per_second
        self.left = min(self.left, self.per_second)
        self.counted_at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True
