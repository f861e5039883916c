"""/api/v1/specimens."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response, status

from app.api.deps import IfMatch, IfNoneMatch, PrefixRouter, SessionDep
from app.api.responses import cache_headers, headers, problems
from app.core.exceptions import PreconditionFailedError
from app.core.http import etag, not_modified
from app.core.state import Request
from app.schemas.pagination import Page
from dev.resource.blueprint.model import Specimen
from dev.resource.blueprint.schemas import (
    SpecimenCreate,
    SpecimenQuery,
    SpecimenRead,
    SpecimenUpdate,
)
from dev.resource.blueprint.service import (
    NameTakenError,
    ParentNotFoundError,
    SpecimenInUseError,
    SpecimenNotFoundError,
    SpecimenService,
)

# begin shared
# app/api/router.py says who may call each: users read, those with this permission write.
# shared: WRITE_PERMISSION = "specimen:write"
list_router = PrefixRouter(prefix="/specimens", tags=["Specimens"])
read_router = PrefixRouter(prefix="/specimens", tags=["Specimens"])
write_router = PrefixRouter(prefix="/specimens", tags=["Specimens"])
# end
# owned: router = PrefixRouter(
# owned:     prefix="/specimens", tags=["Specimens"], dependencies=[Depends(no_store)]
# owned: )


async def get_specimen_service(
    # owned: user: CurrentUserDep,
    # begin cached
    request: Request,
    # end
    session: SessionDep,
) -> SpecimenService:
    """Make the service for one request."""
    return SpecimenService(
        session,
        # owned: user.id,
        # begin cached
        request.app.state.cache,
        # end
    )


SpecimenServiceDep = Annotated[SpecimenService, Depends(get_specimen_service)]


@list_router.get("")
async def list_specimens(
    specimens: SpecimenServiceDep, query: Annotated[SpecimenQuery, Query()]
) -> Page[SpecimenRead]:
    """List specimens: filtered, sorted and in pages."""
    return Page[SpecimenRead].of(await specimens.page(query), query)


@read_router.get(
    "/{specimen_id:uuid}",
    response_model=SpecimenRead,
    responses={
        200: headers("ETag"),
        304: {"description": "Your copy is current"} | headers("ETag"),
        **problems(SpecimenNotFoundError),
    },
)
async def get_specimen(
    specimen_id: UUID,
    specimens: SpecimenServiceDep,
    response: Response,
    if_none_match: IfNoneMatch = None,
    # begin cached
) -> SpecimenRead | Response:
    # end
    # uncached: ) -> Specimen | Response:
    """Read one specimen. Its `ETag` goes into `If-None-Match` or `If-Match`."""
    # begin cached
    found = await specimens.read(specimen_id)
    specimen = found.value
    sent = {"ETag": etag(specimen.version), **cache_headers(found.hit)}
    # end
    # uncached: specimen = await specimens.get(specimen_id)
    # uncached: sent = {"ETag": etag(specimen.version)}
    if not_modified(if_none_match, specimen.version):
        return Response(status_code=304, headers=sent)
    response.headers.update(sent)
    return specimen


@write_router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=SpecimenRead,
    responses={
        201: headers("ETag", "Location"),
        # begin create errors
        **problems(NameTakenError, ParentNotFoundError),
        # end
    },
)
async def create_specimen(
    data: SpecimenCreate, specimens: SpecimenServiceDep, request: Request, response: Response
) -> Specimen:
    """Add a specimen."""
    specimen = await specimens.create(data)
    response.headers["Location"] = f"{request.url.path}/{specimen.id}"
    response.headers["ETag"] = etag(specimen.version)
    return specimen


@write_router.patch(
    "/{specimen_id:uuid}",
    response_model=SpecimenRead,
    responses={
        200: headers("ETag"),
        **problems(
            SpecimenNotFoundError,
            # begin update errors
            NameTakenError,
            ParentNotFoundError,
            # end
            PreconditionFailedError,
        ),
    },
)
async def update_specimen(
    specimen_id: UUID,
    data: SpecimenUpdate,
    specimens: SpecimenServiceDep,
    response: Response,
    if_match: IfMatch = None,
) -> Specimen:
    """Change some fields of a specimen; with `If-Match`, only the version you have seen."""
    specimen = await specimens.update(specimen_id, data, if_match)
    response.headers["ETag"] = etag(specimen.version)
    return specimen


@write_router.delete(
    "/{specimen_id:uuid}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(SpecimenNotFoundError, SpecimenInUseError, PreconditionFailedError),
)
async def delete_specimen(
    specimen_id: UUID, specimens: SpecimenServiceDep, if_match: IfMatch = None
) -> None:
    """Delete a specimen that no row refers to."""
    await specimens.delete(specimen_id, if_match)
