"""The statements that store, read and acknowledge messages, built once for each kind of database.

To build a statement costs more than to execute it. A list is one parameter, however long it is.
"""

from functools import cache
from typing import Any

from sqlalchemy import (
    Executable,
    Integer,
    String,
    bindparam,
    exists,
    insert,
    literal,
    select,
    union,
    update,
)

from app.db.session import insert_for, texts_parameter
from app.notifications.models import Delivery, Group, GroupMember, IdempotencyKey, Message, Recipient

add_message = insert(Message)
count_recipients = (
    update(IdempotencyKey)
    .where(IdempotencyKey.caller == bindparam("of_caller"), IdempotencyKey.key == bindparam("of_key"))
    .values(recipients=bindparam("total", type_=Integer))
)


unread_page = (
    select(Message.id, Message.payload)
    .join(Delivery, Delivery.message_id == Message.id)
    .where(Delivery.recipient_id == bindparam("recipient"), Delivery.read_at.is_(None))
    .where(Delivery.message_id > bindparam("after"))
    .order_by(Delivery.message_id)
    .limit(bindparam("most", type_=Integer))
)
"""A page of a recipient's unread messages that follow `after`, oldest first."""


@cache
def claim_key(kind: str) -> Executable:
    """Affects a row when the key was free, or claimed before `old`. Of two transactions the second waits."""
    taken = insert_for(kind, IdempotencyKey)
    given = {name: taken.excluded[name] for name in ("digest", "message_id", "recipients", "created_at")}
    is_old = IdempotencyKey.created_at < bindparam("old", type_=IdempotencyKey.created_at.type)
    keys = [IdempotencyKey.caller, IdempotencyKey.key]
    columns: dict[str, Any] = {column: bindparam(column) for column in ("caller", "key", *given)}
    return taken.values(columns).on_conflict_do_update(index_elements=keys, set_=given, where=is_old)


@cache
def create_recipients(kind: str) -> Executable:
    """Creates those of `users` that do not exist, in the order of their names."""
    name = texts_parameter(kind, "users").subquery().c[0]
    created_at = bindparam("created_at", type_=Recipient.created_at.type)
    missing = select(name, created_at).where(~exists().where(Recipient.external_id == name)).order_by(name)
    made = insert_for(kind, Recipient).from_select(["external_id", "created_at"], missing)
    return made.on_conflict_do_nothing()


@cache
def deliver(kind: str) -> Executable:
    """Delivers the message `id` once to each of `users` and of the members of `groups`; returns their ids."""
    named = select(Recipient.id).where(Recipient.external_id.in_(texts_parameter(kind, "users")))
    in_groups = (
        select(GroupMember.recipient_id)
        .join(Group, Group.id == GroupMember.group_id)
        .where(Group.name.in_(texts_parameter(kind, "groups")))
    )
    reached = union(named, in_groups).subquery()
    rows = select(bindparam("id", type_=String), reached.c[0]).where(literal(True))
    columns = ["message_id", "recipient_id"]
    return insert(Delivery).from_select(columns, rows).returning(Delivery.recipient_id)


@cache
def mark_read(kind: str) -> Executable:
    """Marks those of `ids` as read that the recipient `user` has not read; returns its id with each."""
    whose = select(Recipient.id).where(Recipient.external_id == bindparam("user")).scalar_subquery()
    return (
        update(Delivery)
        .where(Delivery.recipient_id == whose, Delivery.read_at.is_(None))
        .where(Delivery.message_id.in_(texts_parameter(kind, "ids")))
        .values(read_at=bindparam("now", type_=Delivery.read_at.type))
        .returning(Delivery.recipient_id, Delivery.message_id)
    )
