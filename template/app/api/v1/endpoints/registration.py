"""/api/v1/auth: registration, and the verification of addresses."""

from fastapi import BackgroundTasks, Depends, Request, Response, status
from fastapi.responses import JSONResponse

from app.api.auth import open_access
from app.api.deps import PrefixRouter
from app.api.responses import headers, location, no_store, problems
from app.api.v1.endpoints.auth import AccountServiceDep
from app.auth.passwords import PasswordRejectedError
from app.core.exceptions import TooManyRequestsError
from app.models.user import User
from app.schemas.auth import EmailVerification, MailRequest, MailRequested
from app.schemas.user import RegistrationAccepted, UserRead, UserRegister
from app.services.account import VerificationTokenInvalidError
from app.services.user import EmailTakenError, RegistrationClosedError, record_signup

router = PrefixRouter(prefix="/auth", tags=["Auth"], dependencies=[Depends(no_store)])


@router.post(
    "/register",
    status_code=status.HTTP_201_CREATED,
    response_model=UserRead,
    responses={
        201: headers("Location"),
        202: {"model": RegistrationAccepted, "description": "Verify the address, then log in"},
        **problems(
            RegistrationClosedError, EmailTakenError, PasswordRejectedError, TooManyRequestsError
        ),
    },
    dependencies=open_access,
)
async def register(
    data: UserRegister,
    account: AccountServiceDep,
    tasks: BackgroundTasks,
    request: Request,
    response: Response,
) -> User | Response:
    """Register an account. A token is mailed to it, for `/auth/email/verify`.

    Where it has to be verified before you log in, the answer is 202, and the same for an address
    that has an account already.
    """
    user = await account.register(data)
    if user:
        # Runs after the response, before which the session commits; not at all if that fails.
        tasks.add_task(record_signup, user.id)
    if user is None or account.requires_verification:
        # What `no_store` sets is not in a response that is returned.
        accepted = RegistrationAccepted(email=data.email)
        return JSONResponse(accepted.model_dump(), 202, headers={"Cache-Control": "no-store"})
    response.headers["Location"] = location(request, f"/api/v1/users/{user.id}")
    return user


@router.post(
    "/email/verification",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(TooManyRequestsError),
    dependencies=open_access,
)
async def request_email_verification(
    data: MailRequest, account: AccountServiceDep, tasks: BackgroundTasks
) -> MailRequested:
    """Request another mail with a token for an address. The answer is always the same."""
    await account.limit_verification(data.email)
    tasks.add_task(account.mail_verification, data.email)
    return MailRequested()


@router.post(
    "/email/verify",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(VerificationTokenInvalidError, EmailTakenError),
    dependencies=open_access,
)
async def verify_email(data: EmailVerification, account: AccountServiceDep) -> None:
    """Verify an address with the token from the mail. A pending one becomes the account's."""
    await account.verify(data.token)
