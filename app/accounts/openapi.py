"""People: registering, logging in and out, with a bearer token or with a cookie."""

from app.accounts import schemas
from app.apidocs.json_schema import Object, exactly, nullable, one_of, text, uuid, whole
from app.apidocs.operation import Operation, Operations, json, message, ok
from app.apidocs.security import ACCOUNT, ANYBODY, COOKIE, SUBSCRIBER

TITLE = "Accounts"

ALICE = "0b9a51d2-6f1e-4d6b-9f60-2f6d2f8f7a11"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"  # noqa: S105 - nobody's
PASSWORD = "open sesame"  # noqa: S105
LOCKED_OUT = "Invalid or expired token"
TAKEN = "Name or e-mail address already taken"
TOO_SHORT = "password: Shorter than minimum length 8."

SIGNED_IN = Object(
    "SignedIn",
    {
        "user_uuid": uuid(ALICE),
        "access_token": text(TOKEN),
        "token_type": exactly("bearer"),
        "expires_in": whole(43200, "Seconds"),
    },
)
PERSON = Object(
    "Person",
    {
        "uuid": uuid(ALICE),
        "name": text("alice"),
        "email": text("alice@example.org", "Only to oneself", format="email"),
    },
    optional=frozenset({"email"}),
)
USER = Object(
    "CookieUser",
    {"id": uuid(ALICE), "email": text("alice@example.org", format="email"), "name": text("alice")},
)
COOKIE_SET = {"Set-Cookie": text(f"auth_token={TOKEN}; Max-Age=604800; HttpOnly; Path=/; SameSite=Lax")}
COOKIE_CLEARED = {"Set-Cookie": text("auth_token=; Max-Age=0; HttpOnly; Path=/; SameSite=Lax")}
IN_COOKIE = Object("SignedInByCookie", {"user": USER})
TICKET = Object("StreamTicket", {"ticket": text(TOKEN), "expires_in": exactly(30, "Seconds")})
RIGHTS = Object("TokenRights", {"rights": one_of("admin", "write", "comment", "read")})

OPERATIONS: Operations = {
    "accounts.register": Operation(
        summary="Make an account",
        body=json(
            schemas.Registration,
            example={"name": "alice", "email": "alice@example.org", "password": PASSWORD},
        ),
        answers={201: ok(SIGNED_IN, "The account, and a token for it")},
        errors={
            400: ("name: Missing data for required field.", TAKEN, TOO_SHORT),
            403: "Registration is closed",
        },
        is_limited=True,
    ),
    "accounts.login": Operation(
        summary="Log in with a name or an e-mail address",
        body=json(
            schemas.Login,
            by_name={"name": "alice", "password": PASSWORD},
            by_email={"email": "alice@example.org", "password": PASSWORD},
        ),
        answers={200: ok(SIGNED_IN)},
        errors={400: "name: Missing data for required field.", 401: "Invalid credentials"},
        is_limited=True,
    ),
    "accounts.logout": Operation(
        summary="Revoke the token everywhere; its streams end",
        needs=(ACCOUNT,),
        answers={200: message("Logged out")},
        errors={401: ("Missing credentials", LOCKED_OUT)},
    ),
    "accounts.check_token": Operation(
        summary="The caller's rights in a constellation",
        description="Any reason for having no access is 401 here, also a constellation that does not exist.",
        needs=(ACCOUNT,),
        answers={200: ok(RIGHTS)},
        errors={401: ("No access to this constellation", LOCKED_OUT)},
    ),
    "accounts.show_user": Operation(
        summary="Somebody",
        needs=(ACCOUNT,),
        answers={200: ok(PERSON)},
        errors={400: "Invalid user UUID", 404: "User not found"},
    ),
    "accounts.change_user": Operation(
        summary="Change one's own name, e-mail address or password",
        description="Answers a new token. A new password revokes every token issued before.",
        needs=(ACCOUNT,),
        body=json(
            schemas.AccountChanges,
            name={"name": "alice the first"},
            password={"password": "open barley"},
        ),
        answers={200: ok(SIGNED_IN)},
        errors={
            400: ("Nothing to change: give at least one of name, email, password", TAKEN, TOO_SHORT),
        },
        is_limited=True,
    ),
    "accounts.delete_user": Operation(
        summary="Delete one's own account",
        needs=(ACCOUNT,),
        answers={200: message("User deleted")},
        errors={400: "You are the last ADMIN of a constellation that has other members"},
    ),
    "stream_tickets.create_ticket": Operation(
        summary="A ticket for one stream or socket",
        description="For pages: it stands as `?ticket=` in the URL, where a token would be good for hours to"
        " whoever sees it. The stream is the token's: what ends that ends the stream. To come back a page"
        " needs another ticket.",
        needs=(ACCOUNT, SUBSCRIBER, COOKIE),
        answers={201: ok(TICKET, headers={"Cache-Control": exactly("no-store")})},
        errors={403: "Origin not allowed"},
        is_limited=True,
    ),
    "cookies.register": Operation(
        summary="Make an account, and log in by cookie",
        body=json(
            schemas.EmailRegistration,
            named={"email": "alice@example.org", "password": PASSWORD, "name": "alice"},
            unnamed={"email": "alice@example.org", "password": PASSWORD},
        ),
        answers={201: ok(IN_COOKIE, "The account; the cookie holds its token", headers=COOKIE_SET)},
        errors={
            400: ("email: Missing data for required field.", TAKEN, TOO_SHORT),
            403: "Registration is closed",
        },
        is_limited=True,
    ),
    "cookies.login": Operation(
        summary="Log in by cookie",
        body=json(schemas.EmailLogin, example={"email": "alice@example.org", "password": PASSWORD}),
        answers={200: ok(IN_COOKIE, headers=COOKIE_SET)},
        errors={400: "email: Missing data for required field.", 401: "Invalid credentials"},
        is_limited=True,
    ),
    "cookies.logout": Operation(
        summary="Clear the cookie and revoke its token",
        needs=(COOKIE, ACCOUNT),
        answers={200: ok(Object("Success", {"success": exactly(True)}), headers=COOKIE_CLEARED)},
        errors={403: "Origin not allowed"},
    ),
    "cookies.me": Operation(
        summary="Who is logged in",
        needs=(COOKIE, ACCOUNT, ANYBODY),
        answers={200: ok(Object("WhoAmI", {"user": nullable(USER)}), "`user` is null for nobody")},
    ),
}
