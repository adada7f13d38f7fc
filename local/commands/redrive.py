"""``redrive [ID ... | --all]``: give failed transactions a fresh attempts budget and send their event again."""

import argparse
import asyncio
import sys
from uuid import UUID

import nats.errors
from nats.aio.client import Client

from functions.reconciler.redrive import NotRedriven, redriven
from functions.shared.database import Database
from functions.shared.reissue import object_created_json
from functions.shared.upkeep import Upkeep
from local import jetstream
from local.commands.running import existing_desk, reporting
from local.problems import ClientError


@reporting
def run(args: argparse.Namespace) -> int:
    """Speaks to the database and the queue that the environment names, else to the desk's in ``DATA_DIR``."""
    desk = existing_desk()
    database = Database(desk.database_url, size=1)
    try:
        return asyncio.run(_redrive(args, Upkeep(database), desk.nats_url))
    finally:
        database.close()


async def _redrive(args: argparse.Namespace, upkeep: Upkeep, nats_url: str) -> int:
    ids = upkeep.failed_ids() if args.all else [UUID(text) for text in args.ids]
    if not ids:
        print("nothing to redrive: no transaction has failed")
        return 0
    queue = await _connected(nats_url)
    try:
        done = [await _redrive_one(upkeep, queue, one) for one in ids]
    finally:
        await queue.close()
    return 0 if all(done) else 1


async def _connected(url: str) -> Client:
    """Before any row is touched: a row set to Retrying waits for its event."""
    try:
        return await jetstream.connect_once(url, "redrive")
    except (OSError, nats.errors.Error) as exc:
        raise ClientError(f"The queue does not let us in ({exc}): is the stack up, is NATS_URL right?") from exc


async def _redrive_one(upkeep: Upkeep, queue: Client, transaction: UUID) -> bool:
    try:
        source = redriven(upkeep, transaction)
    except NotRedriven as exc:
        print(f"{transaction}: {exc}", file=sys.stderr)
        return False
    try:
        await queue.jetstream().publish(jetstream.REISSUED, object_created_json(source))
    except nats.errors.Error as exc:
        print(f"{transaction}: the queue did not take its event ({exc!r}); the reconciler sends it", file=sys.stderr)
        return True
    print(f"{transaction}: sent again")
    return True
