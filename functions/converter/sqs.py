"""Wishes for a record, carried out on SQS: its visibility is its delay, a message to the other queue its dead letter.

The queue hides a record for far longer than any retry shall wait, so each failed record is shown again on purpose.
"""

import math
from typing import Any

from functions.shared import logs, wiring
from functions.shared.errors import Bucket265Error
from functions.shared.settings import SettingsError

LONGEST_DELAY_S = 43_200
CRASH_FIRST_S = 15.0
CRASH_LONGEST_S = 900.0
DOUBLINGS = 10
"""More than the longest delay needs."""


class SqsRedelivery:
    """A record whose visibility cannot be set is still reported as failed: it comes back by the queue's own clock."""

    def later(self, record: dict[str, Any], delay_s: float) -> None:
        seconds = min(max(0, math.ceil(delay_s)), LONGEST_DELAY_S)
        try:
            wiring.uploads_queue().set_visibility(record["receiptHandle"], seconds)
        except (Bucket265Error, SettingsError) as exc:
            logs.event("record.not_delayed", level=40, message_id=record["messageId"], delay_s=seconds, why=exc)

    def crashed(self, record: dict[str, Any]) -> None:
        """Longer each time: what keeps us from judging a record keeps us from judging the next one as well."""
        self.later(record, crash_delay_s(int(record["attributes"]["ApproximateReceiveCount"])))

    def dead_letter(self, record: dict[str, Any], reason: str) -> bool:
        try:
            wiring.dead_letter_queue().send(record["body"])
        except (Bucket265Error, SettingsError) as exc:
            logs.event("record.not_put_aside", level=40, message_id=record["messageId"], reason=reason, why=exc)
            self.crashed(record)
            return False
        return True


def crash_delay_s(deliveries: int) -> float:
    """Seconds until a record that could not be judged comes again, by how often it was delivered."""
    return min(CRASH_LONGEST_S, CRASH_FIRST_S * 2.0 ** min(max(0, deliveries - 1), DOUBLINGS))
