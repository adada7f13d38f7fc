"""The links of the chain, in the order in which an upload passes them. READ FIRST."""

from local.doctor import database, machine, queue, storage
from local.doctor.checkup import Check

CHAIN = (
    Check("database", database.answers),
    Check("schema", database.schema, needs=("database",)),
    Check("storage", storage.buckets),
    Check("upload link", storage.upload_link, needs=("storage",)),
    Check("browser origin", storage.browser_origin, needs=("upload link",)),
    Check("queue", queue.answers),
    Check("stream", queue.stream, needs=("queue",)),
    Check("notification", storage.notification, needs=("storage",)),
    Check("round trip", queue.trip, needs=("storage", "queue", "stream", "notification")),
    Check("encoder", machine.encoder),
    Check("sandbox", machine.confinement),
    Check("scratch disk", machine.scratch_disk),
    Check("data disk", machine.data_disk),
)
