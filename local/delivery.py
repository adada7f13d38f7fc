"""One JetStream message, from its delivery to its end: ack, nak with a delay, or dead letter and term."""

import asyncio
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from nats.aio.msg import Msg
from nats.js import JetStreamContext

from functions.converter.handler import handler
from functions.converter.lease import Clock
from functions.deadletter.handler import handler as dead_letter_handler
from functions.shared import logs
from functions.shared.settings import settings
from local import jetstream

UNEXPECTED_DELAY_S = 5.0
LONGEST_DELAY_S = 60.0
ACK_TIMEOUT_S = 5.0
NO_END_MS = 10**12


@dataclass
class Wishes:
    """What the handler wants for the record it failed; this worker's ``Redelivery``."""

    delay_s: float | None = None
    dead: bool = False

    def later(self, _record: dict[str, Any], delay_s: float) -> None:
        self.delay_s = delay_s

    def dead_letter(self, _record: dict[str, Any], _reason: str) -> bool:
        """Not done yet: copying it comes after the handler."""
        self.dead = True
        return False

    def crashed(self, _record: dict[str, Any]) -> None:
        """Without a wish the delivery waits longer each time."""


@dataclass
class Context:
    """What a Lambda's context is to the handler, and the two things that only a worker has.

    A worker runs for as long as it takes; ``CONVERSION_BUDGET_S`` bounds a conversion.
    """

    clock: Clock = field(default_factory=Clock)
    redelivery: Wishes = field(default_factory=Wishes)

    def get_remaining_time_in_millis(self) -> int:
        return NO_END_MS


class Delivery:
    """One delivery of a message. ``ack_wait_s``: how long the queue waits for a sign of life."""

    def __init__(self, message: Msg, js: JetStreamContext, threads: Executor, ack_wait_s: float) -> None:
        self._message = message
        self._js = js
        self._threads = threads
        self._keep_alive_s = ack_wait_s / 3
        self._context = Context()

    async def settle(self) -> bool:
        """Run the handler and answer the queue; an unanswered message comes again.

        False if the next message had better wait a moment: the handler could not judge this one (it crashed, or no
        row could be read), or the queue took no answer.
        """
        wishes = self._context.redelivery
        try:
            work = asyncio.ensure_future(self._run(partial(handler, self._event(), self._context)))
            await self._keep_alive(work)
            done = not work.result()["batchItemFailures"]
            if done:
                await self._message.ack_sync(timeout=ACK_TIMEOUT_S)
            elif wishes.dead:
                await self._dead_letter()
            else:
                await self._message.nak(delay=self._delay_s())
        except jetstream.AWAY as exc:
            logs.event("message.unanswered", level=30, message_id=self._message_id, error=type(exc).__name__)
            return False
        return done or wishes.dead or wishes.delay_s is not None

    @property
    def _message_id(self) -> str:
        """The same for each delivery of a message: its place in the stream."""
        return f"{self._message.metadata.stream}:{self._message.metadata.sequence.stream}"

    def _event(self) -> dict[str, Any]:
        """The message as Lambda hands over a record of SQS."""
        metadata = self._message.metadata
        sent = str(int(metadata.timestamp.timestamp() * 1000))
        record = {
            "messageId": self._message_id,
            "receiptHandle": self._message.reply,
            "body": self._message.data.decode(errors="replace"),
            "attributes": {"ApproximateReceiveCount": str(metadata.num_delivered), "SentTimestamp": sent},
            "messageAttributes": {},
            "eventSource": "nats:jetstream",
            "eventSourceARN": f"arn:nats:jetstream:::{metadata.stream}",
        }
        return {"Records": [record]}

    async def _keep_alive(self, work: "asyncio.Future[dict[str, Any]]") -> None:
        """Hold the message while something moves; when the progress clock stops, the queue's clock runs on."""
        while not (await asyncio.wait({work}, timeout=self._keep_alive_s))[0]:
            if self._context.clock.idle_s() < settings().stall_s:
                try:
                    await self._message.in_progress()
                except jetstream.AWAY as exc:
                    logs.event("message.not_held", level=30, message_id=self._message_id, error=type(exc).__name__)

    def _delay_s(self) -> float:
        """The handler's wish; without one (it crashed, or no row could be read) longer each time."""
        wish = self._context.redelivery.delay_s
        if wish is not None:
            return wish
        return min(LONGEST_DELAY_S, UNEXPECTED_DELAY_S * self._message.metadata.num_delivered)

    async def _dead_letter(self) -> None:
        """Copy first, then fail the row, then end the message: a crash in between only repeats a step."""
        headers = {"Nats-Msg-Id": self._message_id}  # a step that is repeated soon makes no second copy
        await self._js.publish(jetstream.DEAD_LETTER, self._message.data, headers=headers)
        answer = await self._run(partial(dead_letter_handler, self._event(), None))
        if answer["batchItemFailures"]:
            await self._message.nak(delay=UNEXPECTED_DELAY_S)
        else:
            await self._message.term()

    async def _run(self, work: "partial[dict[str, Any]]") -> dict[str, Any]:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)
