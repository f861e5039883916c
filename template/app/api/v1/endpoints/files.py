"""/api/v1/files: uploads and downloads, streamed."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Query, Response, status
from fastapi.responses import RedirectResponse, StreamingResponse

from app.api.auth import CurrentUserDep, require_owner
from app.api.deps import DatabaseDep, IfNoneMatch, PrefixRouter, SessionDep
from app.api.file_transfer import (
    BINARY,
    InvalidFormError,
    RangeNotSatisfiableError,
    form,
    incoming_files,
    requested_range,
)
from app.api.responses import headers, location, no_store, problems
from app.core.http import attachment, etag, not_modified
from app.core.state import Request
from app.models.file import File
from app.schemas.file import SHA256, FileQuery, FileRead
from app.schemas.pagination import Page
from app.services.file import FileService, NoSuchFileError
from app.services.upload import UploadService, UploadTooSlowError
from app.storage.store import BytesNotFoundError, InsufficientStorageError
from app.storage.validation import FILE_TYPES, FileTooLargeError, UnsupportedTypeError

router = PrefixRouter(
    prefix="/files", tags=["Files"], dependencies=[Depends(no_store), Depends(require_owner)]
)

MAX_FILES = 10
UPLOAD_ERRORS = problems(
    FileTooLargeError,
    InsufficientStorageError,
    InvalidFormError,
    UnsupportedTypeError,
    UploadTooSlowError,
)
# First the type that generated clients take for bytes, then what is sent: the type of the file.
CONTENT = {
    "content": {key: {"schema": BINARY} for key in ("application/octet-stream", *FILE_TYPES)}
}
DOWNLOAD_HEADERS = ("Accept-Ranges", "Content-Disposition", "ETag")
# The sandbox is for a page that passed the validation and is shown by a browser after all. The
# encoding keeps the response from being compressed: ranges are those of the file's own bytes.
SAFE_HEADERS = {
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, no-cache",
    "Content-Encoding": "identity",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
}


async def get_file_service(
    session: SessionDep, user: CurrentUserDep, request: Request
) -> FileService:
    """Make the service of the caller's files for one request."""
    state = request.app.state
    return FileService(session, state.storage, state.storage_settings, user.id)


async def get_upload_service(
    session: SessionDep, user: CurrentUserDep, database: DatabaseDep, request: Request
) -> UploadService:
    """Make the service for one request.

    The user is authenticated by now, so the database connection is returned to the pool before the
    body is received.
    """
    await session.commit()
    state = request.app.state
    return UploadService(database, state.storage, state.storage_settings)


FileServiceDep = Annotated[FileService, Depends(get_file_service)]
UploadServiceDep = Annotated[UploadService, Depends(get_upload_service)]


@router.get("")
async def list_files(files: FileServiceDep, query: Annotated[FileQuery, Query()]) -> Page[FileRead]:
    """List your files."""
    return Page[FileRead].of(await files.page(query), query)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=FileRead,
    responses={201: headers("Location"), **UPLOAD_ERRORS},
    openapi_extra=form("file", BINARY),
)
async def upload_file(
    user: CurrentUserDep, uploads: UploadServiceDep, request: Request, response: Response
) -> File:
    """Upload a file. Its type must be allowed, by its extension and by its content."""
    [file] = await uploads.receive(incoming_files(request, "file", max_files=1), user.id)
    response.headers["Location"] = location(request, f"/api/v1/files/{file.id}")
    return file


@router.post(
    "/batch",
    status_code=status.HTTP_201_CREATED,
    response_model=list[FileRead],
    responses=UPLOAD_ERRORS,
    openapi_extra=form(
        "files", {"type": "array", "items": BINARY, "minItems": 1, "maxItems": MAX_FILES}
    ),
)
async def upload_files(
    user: CurrentUserDep, uploads: UploadServiceDep, request: Request
) -> list[File]:
    """Upload up to ten files: all of them are stored, or none."""
    return await uploads.receive(incoming_files(request, "files", max_files=MAX_FILES), user.id)


@router.get("/{file_id:uuid}", response_model=FileRead, responses=problems(NoSuchFileError))
async def get_file(file_id: UUID, files: FileServiceDep) -> File:
    """Read the metadata of one of your files."""
    return await files.get(file_id)


@router.get(
    "/{file_id:uuid}/content",
    response_class=StreamingResponse,
    responses={
        200: CONTENT | headers(*DOWNLOAD_HEADERS),
        206: {"description": "The range you asked for"}
        | CONTENT
        | headers("Content-Range", *DOWNLOAD_HEADERS),
        304: {"description": "Your copy is current"} | headers("Accept-Ranges", "ETag"),
        307: {"description": "The storage itself serves the file"} | headers("Location"),
        **problems(BytesNotFoundError, NoSuchFileError, RangeNotSatisfiableError),
    },
)
async def get_file_content(
    file_id: UUID,
    files: FileServiceDep,
    range_header: Annotated[str | None, Header(alias="Range", examples=["bytes=0-99"])] = None,
    if_range: Annotated[str | None, Header(examples=[f'"{SHA256}"'])] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Download one of your files, or a range of its bytes."""
    file = await files.get(file_id)
    await files.session.close()  # gives the connection back while the storage opens the file
    tag = etag(file.sha256)
    if not_modified(if_none_match, file.sha256):
        return Response(status_code=304, headers={"ETag": tag, **SAFE_HEADERS})
    if url := await files.presign(file):
        return RedirectResponse(url, headers={"Cache-Control": "no-store"})
    part = requested_range(range_header, file.size) if if_range in {None, tag} else None
    return await send(files, file, part)


async def send(files: FileService, file: File, part: tuple[int, int] | None) -> Response:
    """Send the file or a range of it, as an attachment."""
    start, stop = part or (0, file.size)
    sent = {
        **SAFE_HEADERS,
        "ETag": etag(file.sha256),
        "Content-Disposition": attachment(file.filename),
        "Content-Length": str(stop - start),
    }
    if part:
        sent["Content-Range"] = f"bytes {start}-{stop - 1}/{file.size}"
    return StreamingResponse(
        await files.read(file, start, stop),
        status_code=206 if part else 200,
        headers=sent,
        media_type=file.content_type,
    )


@router.delete(
    "/{file_id:uuid}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NoSuchFileError),
)
async def delete_file(file_id: UUID, files: FileServiceDep) -> None:
    """Delete one of your files."""
    await files.delete(file_id)
