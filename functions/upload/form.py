"""The classic form upload: files stream to storage as they arrive, then their rows are stored, then they appear.

The rows come before the objects, because the object-created event must find its row.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4
from weakref import WeakKeyDictionary

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from functions.shared.askedoptions import FIELD_BYTES as OPTIONS_BYTES
from functions.shared.askedoptions import parse_options
from functions.shared.auth import parse_uuid
from functions.shared.body import Body
from functions.shared.errors import (
    BodyTooLarge,
    Busy,
    EmptyFile,
    FileTooLarge,
    InvalidRequest,
    MissingFile,
    MissingParameter,
    NotOwner,
    RequestRefused,
    StorageUnavailable,
    UploadInterrupted,
)
from functions.shared.settings import settings
from functions.shared.transactions import NewTransaction, link_end
from functions.shared.wiring import storage, transactions
from functions.upload.accept import MAX_FILES, accepted_type, clean_filename, too_large_remedy, upload_limit
from functions.upload.formdata import Event, FormDataParser, PartBegin, PartData, PartEnd
from functions.upload.idempotency import ENDPOINT, fingerprint, keyed_id
from functions.upload.incoming import IncomingFile
from functions.upload.rows import new_transaction

FORM_OVERHEAD_BYTES = 1024**2
"""Room for boundaries, headers and plain fields beside the files."""

FIELD_BYTES = {"user_id": 1024, "options": OPTIONS_BYTES + 1}
"""How much is kept of a plain field, by its name."""

SLOT_WAIT_S = 60.0

_slots: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def receive_form(request: Request, content_type: str, user_id: UUID | None, key: str | None) -> dict[str, Any]:
    """Answer one form; ``user_id`` as far as known before it, ``key`` is the idempotency key.

    Leaves nothing on failure.
    """
    limit = upload_limit(settings().max_upload_bytes)
    body = Body(request, *_body_limit(limit, settings().form_upload_max_bytes))
    parser = FormDataParser(content_type)
    form = _Form(user_id, key, limit)
    async with _slot():
        try:
            while chunk := await body.read():
                for event in parser.feed(chunk):
                    await form.take(event)
            if body.received and not parser.ended:
                raise UploadInterrupted
            return await run_in_threadpool(form.commit)
        except BaseException:
            await form.abort()
            raise


def _body_limit(file_limit: int, form_limit: int | None) -> tuple[int, RequestRefused]:
    """How large the body may be, and what is said of a larger one."""
    if form_limit is None or form_limit > file_limit + FORM_OVERHEAD_BYTES:
        return file_limit + FORM_OVERHEAD_BYTES, FileTooLarge(too_large_remedy(file_limit))
    return form_limit, BodyTooLarge(
        f"A form may have at most {form_limit} bytes here. Declare the file instead, by POST /upload with JSON"
        " {filename, content_type, size}, and PUT it to the link in the answer: that way it may have"
        f" {file_limit} bytes."
    )


@asynccontextmanager
async def _slot() -> AsyncIterator[None]:
    """One of ``form_uploads_at_once``: each holds two parts in memory."""
    loop = asyncio.get_running_loop()
    slots = _slots.setdefault(loop, asyncio.Semaphore(settings().form_uploads_at_once))
    try:
        async with asyncio.timeout(SLOT_WAIT_S):
            await slots.acquire()
    except TimeoutError:
        raise Busy from None
    try:
        yield
    finally:
        slots.release()


class _Form:
    """The files and fields of one form."""

    def __init__(self, user_id: UUID | None, key: str | None, limit: int) -> None:
        self._user_id = user_id
        self._key = key
        self._limit = limit
        self._files: list[IncomingFile] = []
        self._file: IncomingFile | None = None
        self._field: tuple[str, bytearray] | None = None
        self._options: dict[str, Any] | None = None

    async def take(self, event: Event) -> None:
        """One step of the parser."""
        match event:
            case PartBegin():
                self._begin(event)
            case PartData(data) if self._file is not None:
                await self._file.write(data)
                if sum(file.size for file in self._files) > self._limit:
                    raise FileTooLarge(too_large_remedy(self._limit))
            case PartData(data) if self._field is not None:
                name, value = self._field
                value.extend(data[: FIELD_BYTES[name] - len(value)])
            case PartEnd():
                await self._end()

    def commit(self) -> dict[str, Any]:
        """Store the rows and make the objects; blocks."""
        if not self._files:
            raise MissingFile
        if self._user_id is None:
            raise MissingParameter("Missing required parameter(s): user_id")
        rows = [self._row(file, self._user_id) for file in self._files]
        if self._key is None:
            transactions().insert(rows)
            self._complete_all()
        else:
            transactions().insert_once(self._key, ENDPOINT, self._fingerprint(), rows)
            for file in self._files:
                self._complete_keyed(file, self._user_id)
        return _answer(self._files)

    def _row(self, file: IncomingFile, user_id: UUID) -> NewTransaction:
        facts = (file.filename, file.content_type, file.size)
        return new_transaction(settings(), file.transaction_id, user_id, *facts, options=self._options)

    async def abort(self) -> None:
        """Leave no unfinished upload in storage."""
        for file in self._files:
            await file.abort()

    def _begin(self, part: PartBegin) -> None:
        self._file = self._field = None
        if part.name == "file" and part.filename:
            filename = clean_filename(part.filename)
            self._file = self._incoming(filename, accepted_type(part.content_type, filename))
            self._files.append(self._file)
        elif part.name == "options" or (part.name == "user_id" and part.filename is None):
            self._field = (part.name, bytearray())  # options that a script appends as a Blob have a file name

    async def _end(self) -> None:
        if self._file is not None:
            if self._file.size == 0:
                raise EmptyFile
            await self._file.finish()
        elif self._field is not None:
            name, value = self._field
            if name == "user_id":
                self._name_user(value.decode("utf-8", "replace").strip())
            elif self._options is not None:
                raise InvalidRequest("The form has more than one field options; one holds for all its files.")
            else:
                self._options = parse_options(bytes(value))

    def _name_user(self, value: str) -> None:
        """Raises ``NotOwner`` if the form names another user than the query or the token does."""
        named = parse_uuid("user_id", value) if value else self._user_id
        if self._user_id not in (None, named):
            raise NotOwner
        self._user_id = named

    def _incoming(self, filename: str, content_type: str) -> IncomingFile:
        if len(self._files) == MAX_FILES:
            raise InvalidRequest(f"The form has more than {MAX_FILES} files.")
        transaction_id = uuid4()
        if self._key is not None:
            if self._user_id is None:
                raise InvalidRequest(
                    "With an Idempotency-Key the user_id must come in the query, or in the form before the file."
                )
            transaction_id = keyed_id(self._user_id, self._key, len(self._files))
        return IncomingFile(storage(), settings().uploads_bucket, transaction_id, filename, content_type)

    def _fingerprint(self) -> str:
        request: dict[str, Any] = {"form": [[file.filename, file.content_type, file.sha256] for file in self._files]}
        return fingerprint(request | ({"options": self._options} if self._options else {}))

    def _complete_all(self) -> None:
        for i, file in enumerate(self._files):
            try:
                file.complete()
            except StorageUnavailable:
                transactions().forget([rest.transaction_id for rest in self._files[i:]])
                raise

    def _complete_keyed(self, file: IncomingFile, user_id: UUID) -> None:
        """Finish an upload unless an earlier request under this key did; after a failure the key stays usable."""
        if transactions().extend_link(file.transaction_id, user_id, link_end(settings().link_ttl_s)):
            file.complete()
        else:
            file.give_up()


def _answer(files: list[IncomingFile]) -> dict[str, Any]:
    stored = [{"filename": file.filename, "transaction_id": str(file.transaction_id)} for file in files]
    if len(stored) == 1:
        return {"message": "File uploaded successfully", **stored[0]}
    return {"message": "Files uploaded successfully", "transactions": stored}
