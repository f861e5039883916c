"""The items of the service as FastAPI's and SQLAlchemy's tutorials write them.

A session a request from a dependency with `yield`, ORM entities, a response model. Only `/users/me`
asks for a token; lists and new items are open to all, and nothing is logged.
"""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, ClassVar
from uuid import UUID, uuid4

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel, ConfigDict
from sqlalchemy import DateTime, Numeric, String, func, make_url, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SECRET = "the key of a benchmark, which is no secret at all"  # noqa: S105
EMAIL = "reference@example.com"


class Base(DeclarativeBase):
    """Tables."""

    type_annotation_map: ClassVar = {datetime: DateTime(timezone=True)}


class User(Base):
    """A user."""

    __tablename__ = "users"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    full_name: Mapped[str | None] = mapped_column(String(100))
    hashed_password: Mapped[str] = mapped_column(String(200))
    is_active: Mapped[bool] = mapped_column(default=True)
    is_superuser: Mapped[bool] = mapped_column(default=False)


class Item(Base):
    """An item."""

    __tablename__ = "items"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    description: Mapped[str | None]
    price: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    stock: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))
    updated_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))


class UserRead(BaseModel):
    """A user, as answered."""

    model_config = ConfigDict(from_attributes=True)
    id: UUID
    email: str
    full_name: str | None
    is_active: bool
    is_superuser: bool


class ItemCreate(BaseModel):
    """A new item."""

    name: str
    description: str | None = None
    price: Decimal
    stock: int


class ItemRead(ItemCreate):
    """An item, as answered."""

    model_config = ConfigDict(from_attributes=True)
    id: UUID
    version: int
    created_at: datetime
    updated_at: datetime


class Items(BaseModel):
    """A page of items."""

    items: list[ItemRead]
    total: int


url = make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+asyncpg")
# As many connections as the service has; all stay open.
engine = create_async_engine(url, pool_size=10, max_overflow=0)
sessions = async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[None, None]:
    """Make the tables and a user."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with sessions() as session:
        if await session.scalar(select(User)) is None:
            session.add(User(email=EMAIL, full_name=None, hashed_password="-"))  # noqa: S106
            await session.commit()
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)
bearer = OAuth2PasswordBearer(tokenUrl="/token")


async def get_session() -> AsyncGenerator[AsyncSession, None]:
    """Open a session."""
    async with sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]


async def get_user(session: Session, sent: Annotated[str, Depends(bearer)]) -> User:
    """Find the user of a token."""
    email = jwt.decode(sent, SECRET, ["HS256"])["sub"]
    user = await session.scalar(select(User).where(User.email == email))
    if user is None or not user.is_active:
        raise HTTPException(401)
    return user


@app.post("/api/v1/auth/login")
async def login() -> dict[str, str]:
    """Answer with a token of the only user; the password is not measured here."""
    return {"access_token": jwt.encode({"sub": EMAIL, "exp": 2**33}, SECRET, "HS256")}


@app.get("/api/v1/users/me", response_model=UserRead)
async def me(user: Annotated[User, Depends(get_user)]) -> User:
    """Answer with the user."""
    return user


@app.get("/api/v1/items", response_model=Items)
async def list_items(session: Session, page: int = 1, size: int = 20) -> dict[str, object]:
    """Answer with a page."""
    ordered = select(Item).order_by(Item.created_at.desc(), Item.id.desc())
    items = (await session.scalars(ordered.limit(size).offset((page - 1) * size))).all()
    total = await session.scalar(select(func.count()).select_from(Item))
    return {"items": items, "total": total}


@app.post("/api/v1/items", status_code=201, response_model=ItemRead)
async def create_item(session: Session, data: ItemCreate) -> Item:
    """Add an item."""
    item = Item(**data.model_dump())
    session.add(item)
    await session.commit()
    return item
